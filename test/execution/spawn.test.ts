import { describe, expect, it } from 'vitest';
import type { NodeContext, NodeHandler } from '../../src/execution/node-handler.js';
import type { WorkflowNodeInput } from '../../src/plan/workflow-node.js';
import { DrivenRun, servedBy } from '../helpers/execution-driven-run.js';
import { MemoryLog } from '../helpers/execution-logs.js';
import { composite, node, nodeAfter } from '../helpers/plan-builders.js';

const shot = (id: string, fields: Partial<WorkflowNodeInput> = {}): WorkflowNodeInput => ({
  id,
  type: 'generate',
  description: `makes ${id}`,
  ...fields,
});

/** Handlers by node id; the others answer their id. */
function servedById(handlers: Record<string, (context: NodeContext) => unknown>) {
  const calls: string[] = [];
  const run: NodeHandler = ({ id }, context) => {
    calls.push(id);
    return handlers[id] === undefined ? id : handlers[id](context);
  };
  return { calls, handlers: servedBy(run) };
}

describe('nodes that a handler adds', () => {
  it('start when it has returned, with its output as an input, and what depends on it waits for them', async () => {
    const run = new DrivenRun([node('film'), nodeAfter('post', 'film')]);
    const added = await run.attempt('film').context.spawn([shot('a'), shot('b', { dependencies: ['a'] })]);
    expect(added).toMatchObject([
      { id: 'a', parameters: {}, dependencies: [], children: [] },
      { id: 'b', dependencies: ['a'] },
    ]);
    expect(run.running).toEqual(['film']);
    await run.settle('film');
    expect(run.running).toEqual(['a']);
    expect(run.state.completed.toArray()).toEqual([]);
    expect(run.attempt('a').context.inputs).toEqual({ film: 'output of film' });
    await run.settle('a');
    expect(run.attempt('b').context.inputs).toEqual({ film: 'output of film', a: 'output of a' });
    await run.settle('b');
    expect(run.running).toEqual(['post']);
    await run.settle('post');
    await expect(run.ended).resolves.toBe('completed');
    expect(run.state.completed.toArray()).toEqual(['a', 'b', 'film', 'post']);
    expect(run.story).toContain('plan_grown film');
  });

  it('may add nodes themselves, and may be composites', async () => {
    const { calls, handlers } = servedById({
      film: ({ spawn }) => spawn([shot('scene'), shot('all', { type: 'composite', children: [shot('x')] })]),
      scene: ({ spawn }) => spawn([shot('scene-1')]),
    });
    const run = new DrivenRun([node('film'), nodeAfter('post', 'film')], { handlers });
    await expect(run.ended).resolves.toBe('completed');
    expect(calls).toEqual(['film', 'scene', 'x', 'scene-1', 'post']);
    expect(run.result('all')).toMatchObject({ status: 'completed', output: { x: 'x' } });
  });

  it('skip what depends on their parent when one of them fails, and are skipped when the parent fails', async () => {
    const fails = () => {
      throw new Error('out of ink');
    };
    const { handlers } = servedById({
      film: ({ spawn }) => spawn([shot('good'), shot('bad')]),
      bad: fails,
      song: ({ spawn }) => spawn([shot('verse')]).then(fails),
    });
    const run = new DrivenRun([node('film'), nodeAfter('post', 'film'), node('song')], { handlers });
    await expect(run.ended).resolves.toBe('failed');
    expect(run.result('good')).toMatchObject({ status: 'completed' });
    expect(run.result('film')).toMatchObject({ status: 'completed' });
    expect(run.result('post')).toMatchObject({ status: 'skipped', blockedBy: 'bad' });
    expect(run.result('verse')).toMatchObject({ status: 'skipped', blockedBy: 'song' });
    expect(run.state.completed.toArray()).toEqual(['good']);
  });

  it('are added once: the n-th call of a later attempt answers what the n-th one added', async () => {
    let attempt = 0;
    const answers: unknown[] = [];
    const { calls, handlers } = servedById({
      film: async ({ spawn }) => {
        attempt++;
        answers.push((await spawn([shot(`a${attempt}`)])).map(({ id }) => id));
        if (attempt === 1) throw new Error('rate limited');
        answers.push((await spawn([shot(`b${attempt}`)])).map(({ id }) => id));
      },
    });
    const run = new DrivenRun([node('film')], { handlers, retry: { maxAttempts: 2 } });
    await expect(run.ended).resolves.toBe('completed');
    expect(answers).toEqual([['a1'], ['a1'], ['b2']]);
    expect(calls).toEqual(['film', 'film', 'a1', 'b2']);
  });

  it('are refused with every problem at once, and then none is added', async () => {
    const run = new DrivenRun([composite('all', [node('film'), node('other')]), node('done')]);
    await run.settle('done');
    const { spawn } = run.attempt('film').context;
    const problems = [
      shot('film'),
      shot('twice'),
      shot('twice'),
      shot('stranger', { dependencies: ['nobody'] }),
      shot('waits', { dependencies: ['other'] }),
      shot('above', { dependencies: ['all'] }),
      shot('round', { dependencies: ['and-round'] }),
      shot('and-round', { dependencies: ['round'] }),
      shot('unserved', { type: 'composite' }),
      shot('fine', { dependencies: ['done'] }),
    ];
    const refused = await spawn(problems).then(
      () => undefined,
      (error) => error,
    );
    expect(refused).toMatchObject({ code: 'PLAN_INVALID', planId: 'plan-1', nodeId: 'film' });
    expect(refused.message).toContain('Plan "plan-1" cannot grow below "film"');
    const paths = refused.issues.map(({ path }: { path: string }) => path).sort();
    expect(paths).toEqual(['above', 'film', 'round', 'stranger', 'twice', 'waits']);
    await expect(spawn([{ id: 'a' } as never, 7 as never])).rejects.toMatchObject({ code: 'PLAN_INVALID' });
    expect(run.state.graph.nodes).toHaveLength(4);
    await spawn([shot('fine', { dependencies: ['done', 'film'] })]);
    await run.settle('film');
    expect(run.running).toEqual(['other', 'fine']);
  });

  it('nest no deeper than a plan may', async () => {
    let spawned = 0;
    const work: NodeHandler = async (_, { spawn }) => {
      await spawn([shot(`level-${++spawned}`)]);
    };
    const run = new DrivenRun([node('top')], { handlers: servedBy(work) });
    await expect(run.ended).resolves.toBe('failed');
    expect(run.state.graph.nodes).toHaveLength(201); // a root, and 200 levels of children
    expect(run.result('level-200')).toMatchObject({ error: { code: 'PLAN_INVALID' } });
  });

  it('are not added by a handler whose attempt is over', async () => {
    const run = new DrivenRun([node('film')]);
    const { spawn } = run.attempt('film').context;
    await run.settle('film');
    await expect(spawn([shot('late')])).rejects.toThrow('attempt 1 on node "film" is over');
    expect(run.state.graph.nodes).toHaveLength(1);
  });

  it('take no more room and time than their number says, in ten thousand steps', async () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, index) => node(`n${index}`, { type: 'transform' as const }));
    const work: NodeHandler = async ({ id, type }, { spawn }) => {
      if (type === 'transform') await spawn([shot(`${id}-a`), shot(`${id}-b`, { dependencies: [`${id}-a`] })]);
    };
    const log = new MemoryLog();
    const run = new DrivenRun(chain(10_000), { handlers: servedBy(work), log, concurrency: 100 });
    await expect(run.ended).resolves.toBe('completed');
    expect(run.state.completed).toHaveLength(30_000);
    expect(run.state.isComplete.buffer.byteLength).toBeLessThan(120_000); // grown in steps that double
  });
});
