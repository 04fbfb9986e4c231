import { describe, expect, it } from 'vitest';
import { DrivenRun, quiet, servedBy } from '../helpers/execution-driven-run.js';
import { composite, node, nodeAfter } from '../helpers/plan-builders.js';

describe('the events of a run', () => {
  it('tell each start and end in order, a parent after all below it', async () => {
    const nodes = [
      node('a'),
      node('p', { dependencies: ['a'], children: [node('c', { children: [node('d')] }), node('e')] }),
      nodeAfter('z', 'p'),
    ];
    const run = new DrivenRun(nodes);
    await quiet();
    for (const nodeId of ['a', 'p', 'e', 'c', 'd', 'z']) await run.settle(nodeId);
    await expect(run.ended).resolves.toBe('completed');
    expect(run.story).toEqual([
      'node_started a',
      'node_completed a',
      'node_started p',
      'node_started c',
      'node_started e',
      'node_completed e',
      'node_started d',
      'node_completed d',
      'node_completed c',
      'node_completed p',
      'node_started z',
      'node_completed z',
    ]);
  });

  it('carry what belongs to them', async () => {
    let ms = Date.UTC(2026, 0, 1);
    const run = new DrivenRun([node('a', { children: [node('b')] }), nodeAfter('c', 'a')], { now: () => ms });
    await quiet();
    ms += 30;
    await run.settle('a', { text: 'hello' });
    ms += 5;
    await run.fail('b', new RangeError('too much'));
    await expect(run.ended).resolves.toBe('failed');
    expect(run.events).toEqual([
      { type: 'node_started', nodeId: 'a', attempt: 1 },
      { type: 'node_started', nodeId: 'b', attempt: 1 },
      { type: 'node_failed', nodeId: 'b', error: { name: 'RangeError', message: 'too much' }, attempts: 1 },
      { type: 'node_skipped', nodeId: 'c', blockedBy: 'b' },
    ]);
    expect(run.result('a')).toEqual({
      status: 'completed',
      nodeId: 'a',
      output: { text: 'hello' },
      attempts: 1,
      startedAt: '2026-01-01T00:00:00.000Z',
      completedAt: '2026-01-01T00:00:00.030Z',
      durationMs: 30,
      handler: { name: 'generate' },
    });
  });

  it('tell of a parent its own output and time, when its subtree is complete', async () => {
    let ms = Date.UTC(2026, 0, 1);
    const run = new DrivenRun([node('a', { children: [node('b')] })], { now: () => ms });
    await quiet();
    ms += 30;
    await run.settle('a', 'own');
    expect(run.result('a')).toMatchObject({ status: 'completed', output: 'own' });
    expect(run.state.completed.toArray()).toEqual([]);
    ms += 5;
    await run.settle('b', 'below');
    expect(run.events.slice(-2)).toEqual([
      { type: 'node_completed', nodeId: 'b', output: 'below', durationMs: 5 },
      { type: 'node_completed', nodeId: 'a', output: 'own', durationMs: 30 },
    ]);
    expect(run.state.completed.toArray()).toEqual(['b', 'a']);
  });

  it('say nothing of nodes that are taken over', async () => {
    const nodes = [node('a'), composite('all', [nodeAfter('b', 'a'), nodeAfter('c', 'a')])];
    const first = new DrivenRun(nodes);
    await quiet();
    await first.settle('a');
    await first.settle('b');
    await first.fail('c');
    await first.ended;
    const second = new DrivenRun(nodes, { records: first.log.records });
    await quiet();
    await second.settle('c');
    await expect(second.ended).resolves.toBe('completed');
    expect(second.story).toEqual(['node_started c', 'node_completed c', 'node_completed all']);
  });

  it('tell of a completed parent when a resumed run completes what is below it', async () => {
    const nodes = [node('a', { children: [node('b')] })];
    const first = new DrivenRun(nodes);
    await quiet();
    await first.settle('a', 'own');
    const second = new DrivenRun(nodes, { records: first.log.records });
    await quiet();
    expect(second.running).toEqual(['b']);
    await second.settle('b');
    expect(second.story).toEqual(['node_started b', 'node_completed b', 'node_completed a']);
    expect(second.events.at(-1)).toMatchObject({ output: 'own' });
  });

  it('are the same whether handlers answer at once or later', async () => {
    const nodes = [node('a'), nodeAfter('b', 'a'), composite('all', [nodeAfter('c', 'b')])];
    const atOnce = new DrivenRun(nodes, { handlers: servedBy(() => 1) });
    const later = new DrivenRun(nodes, { handlers: servedBy(async () => quiet().then(() => 1)) });
    await Promise.all([atOnce.ended, later.ended]);
    expect(atOnce.events).toEqual(later.events);
  });

  it('are not needed: a finished run that is started again does nothing but end', async () => {
    const first = new DrivenRun([node('a')], { handlers: servedBy(() => 1) });
    await first.ended;
    const second = new DrivenRun([node('a')], { records: first.log.records });
    await expect(second.ended).resolves.toBe('completed');
    expect(second.events).toEqual([]);
  });
});
