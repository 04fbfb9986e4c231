import { describe, expect, it } from 'vitest';
import { CompletedNodes } from '../../src/run/completed-nodes.js';
import { executionStateOf, executionStateSchema, takingExecutionState } from '../../src/run/execution-state.js';
import type { NodeResult } from '../../src/run/node-result.js';
import type { RunRecord } from '../../src/run/run-record.js';
import { activeMsOf, applyRecord, type RunState, recordsOf, restoreRunState } from '../../src/run/run-state.js';
import { atOnce } from '../../src/turns.js';
import { contentOf, replay, stateOf } from '../helpers/execution-driven-run.js';
import { composite, node, nodeAfter } from '../helpers/plan-builders.js';

const second = (count: number) => new Date(Date.UTC(2026, 0, 1) + count * 1_000).toISOString();
const times = { attempts: 1, startedAt: second(1), completedAt: second(2), durationMs: 1_000 };

const started = (at = second(0)): RunRecord => ({ kind: 'run_started', at });
const ended = (status: 'completed' | 'failed' | 'cancelled', at = second(9)): RunRecord => ({
  kind: 'run_ended',
  status,
  at,
});
const settled = (result: NodeResult): RunRecord => ({ kind: 'node_settled', result });
const completed = (nodeId: string, output: unknown = 1) => settled({ status: 'completed', nodeId, output, ...times });
const error = { name: 'Error', message: 'no' };
const failed = (nodeId: string) => settled({ status: 'failed', nodeId, error, ...times });
const skipped = (nodeId: string, blockedBy: string) => settled({ status: 'skipped', nodeId, blockedBy, ...times });

/** A list that counts how often something in it is looked at or changed. */
function countingTouches<Item>(): { list: Item[]; touches: () => number } {
  let touches = 0;
  const list = new Proxy<Item[]>([], {
    get: (target, key) => {
      touches++;
      return Reflect.get(target, key);
    },
    set: (target, key, value) => {
      touches++;
      return Reflect.set(target, key, value);
    },
  });
  return { list, touches: () => touches };
}

describe('applyRecord', () => {
  it('counts every record', () => {
    expect(replay([node('a')], [started(), completed('a'), ended('completed')]).seq).toBe(3);
  });

  it('opens what failed or was skipped when a run is started again, and keeps what is completed', () => {
    const nodes = [node('a'), node('b'), nodeAfter('c', 'b')];
    const records = [started(), completed('a'), failed('b'), skipped('c', 'b'), ended('failed')];
    const before = replay(nodes, records);
    expect(before).toMatchObject({ status: 'failed', failed: 1, skipped: 1, endedAt: second(9) });
    applyRecord(before, started(second(20)));
    expect(before).toMatchObject({ status: 'running', failed: 0, skipped: 0, endedAt: undefined });
    expect([...before.results.keys()]).toEqual(['a']);
    expect(before.startedAt).toBe(second(0));
  });

  it('never takes a completed result back', () => {
    const state = replay([node('a')], [started(), completed('a', 'first'), completed('a', 'other'), failed('a')]);
    expect(state.results.get('a')).toMatchObject({ status: 'completed', output: 'first' });
    expect(state.completed.toArray()).toEqual(['a']);
    expect(state.failed).toBe(0);
  });

  it('lets a later result take the place of a failure', () => {
    const state = replay([node('a')], [started(), failed('a'), completed('a')]);
    expect(state.completed.toArray()).toEqual(['a']);
    expect(state.failed).toBe(0);
  });

  it('opens a node again with those above it, and leaves the others complete in their order', () => {
    const nodes = [node('p', { children: [node('a'), node('b')] }), node('c'), node('d')];
    const records = ['p', 'c', 'a', 'b', 'd'].map((nodeId) => completed(nodeId));
    const state = replay(nodes, [started(), ...records]);
    expect(state.completed.toArray()).toEqual(['c', 'a', 'b', 'p', 'd']);
    applyRecord(state, { kind: 'node_reopened', nodeId: 'a', reason: 'its film is gone', at: second(5) });
    expect(state.completed.toArray()).toEqual(['c', 'b', 'd']);
    expect(state.reopened).toBe(2);
    applyRecord(state, completed('a'));
    expect(state.completed.toArray()).toEqual(['c', 'b', 'd', 'a', 'p']);
  });

  it.each(['in the order in which they settled', 'the last one first'])(
    'opens many nodes again, %s, for the same work each',
    (order) => {
      const touchesOf = (count: number) => {
        const nodes = Array.from({ length: count }, (_, index) => node(`n${index}`));
        const counted = countingTouches<string>();
        const state: RunState = { ...stateOf(nodes), completed: new CompletedNodes(counted.list) };
        for (const { id } of nodes) applyRecord(state, completed(id));
        if (order === 'the last one first') nodes.reverse();
        const before = counted.touches();
        for (const { id: nodeId } of nodes) {
          applyRecord(state, { kind: 'node_reopened', nodeId, reason: 'its film is gone', at: second(5) });
        }
        expect(state.completed.length).toBe(0);
        return counted.touches() - before;
      };
      expect(touchesOf(4_000)).toBeLessThan(2.1 * touchesOf(2_000));
    },
  );

  it('counts a parent as complete when all below it is, in whatever order that became known', () => {
    const nodes = [node('p', { children: [node('a'), composite('q', [node('b')])] })];
    const parentFirst = [started(), completed('p'), completed('a'), completed('b')];
    const state = replay(nodes, parentFirst);
    expect(state.completed.toArray()).toEqual(['a', 'b']);
    applyRecord(state, { kind: 'composite_completed', nodeId: 'q', at: second(5) });
    expect(state.completed.toArray()).toEqual(['a', 'b', 'q', 'p']);
    expect(executionStateOf(replay(nodes, parentFirst))).toMatchObject({ pendingNodes: ['p', 'q'] });
  });

  it('gives a composite the outputs of its children, and the time since the first of them began', () => {
    const nodes = [composite('all', [node('a'), node('__proto__')])];
    const records = [started(), completed('a', 'x'), completed('__proto__', 'y')];
    const state = replay(nodes, [...records, { kind: 'composite_completed', nodeId: 'all', at: second(5) }]);
    const result = state.results.get('all');
    expect(result).toMatchObject({ fromChildren: true, attempts: 0, startedAt: second(1), durationMs: 4_000 });
    expect(JSON.stringify(result?.status === 'completed' && result.output)).toBe('{"a":"x","__proto__":"y"}');
  });

  it('refuses a node that the plan does not have', () => {
    expect(() => replay([node('a')], [completed('b')])).toThrow('has no node "b"');
  });

  it('adds up the time that processes worked on the run, without the time between', () => {
    const state = replay([node('a'), node('b')], [started(second(0)), completed('a')]);
    expect(activeMsOf(state)).toBe(2_000);
    applyRecord(state, started(second(100)));
    expect(activeMsOf(state)).toBe(2_000);
    applyRecord(state, ended('cancelled', second(103)));
    expect(activeMsOf(state)).toBe(5_000);
    applyRecord(state, started(second(200)));
    applyRecord(state, ended('cancelled', second(199)));
    expect(activeMsOf(state)).toBe(5_000);
  });
});

describe('restoreRunState', () => {
  const nodes = [node('p', { children: [node('b')] }), composite('all', [node('1'), node('0')]), nodeAfter('z', 'p')];
  const records: RunRecord[] = [
    started(),
    completed('p'),
    completed('1'),
    completed('0'),
    { kind: 'composite_completed', nodeId: 'all', at: second(5) },
    failed('b'),
    skipped('z', 'b'),
    ended('failed'),
  ];

  it('makes the state again that a snapshot was taken of', () => {
    const state = replay(nodes, records);
    const { nodeResults, ...kept } = executionStateOf(state);
    const restored = restoreRunState(stateOf(nodes), {
      status: kept.state,
      seq: kept.seq,
      results: Object.values(nodeResults),
      progress: kept.nodeProgress ?? [],
      spawned: kept.spawnedNodes ?? [],
      spends: kept.spend ?? [],
      pauses: kept.pauses ?? [],
      reopened: kept.reopened ?? 0,
      startedAt: kept.startedAt,
      endedAt: kept.endedAt,
      activeMs: kept.activeMs ?? 0,
    });
    expect(executionStateOf(restored)).toEqual({ ...executionStateOf(state), completedNodes: expect.any(Array) });
    expect(restored.completed.toArray().sort()).toEqual(state.completed.toArray().sort());
    for (const each of [state, restored]) applyRecord(each, started(second(50)));
    expect({ ...contentOf(restored), results: new Map(restored.results), executionState: undefined }).toEqual({
      ...contentOf(state),
      completed: restored.completed,
      results: new Map(state.results),
      executionState: undefined,
      resumedAt: second(50),
    });
  });

  it('makes one again of which nothing is small', () => {
    const many = 200_000;
    const ids = Array.from({ length: many }, (_, index) => `n${index}`);
    const at = second(2);
    const progress = [
      { kind: 'attempt_failed' as const, nodeId: 'n0', attempt: 1, error, durationMs: 1, at, retryAt: at },
      ...ids.map((name) => ({ kind: 'step_completed' as const, nodeId: 'n0', name, output: 1, at })),
    ];
    const restored = restoreRunState(stateOf(ids.map((id) => node(id))), {
      ...{ status: 'running', seq: 7, pauses: [], reopened: 0, startedAt: second(0), endedAt: undefined, activeMs: 0 },
      results: ids.slice(1).map((nodeId) => ({ status: 'completed', nodeId, output: 1, ...times })),
      progress,
      spawned: ids.map((nodeId) => ({ kind: 'nodes_spawned', nodeId, nodes: [], at })),
      spends: [],
    });
    expect(restored.completed).toHaveLength(many - 1);
    expect(restored.spawned).toHaveLength(many);
    expect(recordsOf(restored)).toHaveLength(3 * many + 1);
    applyRecord(restored, { kind: 'node_reopened', nodeId: 'n0', name: 'n7', reason: 'its film is gone', at });
    expect(recordsOf(restored)).toHaveLength(3 * many);
    applyRecord(restored, failed('n0')); // closes its attempts
    expect(recordsOf(restored)).toHaveLength(3 * many);
    expect(executionStateOf(restored).nodeProgress).toHaveLength(many - 1);
  });

  it('hands out a copy that later records do not change, and that fits its schema', () => {
    const state = replay(nodes, records.slice(0, 3));
    const copy = executionStateOf(state);
    const text = JSON.stringify(copy);
    for (const record of records.slice(3)) applyRecord(state, record);
    expect(JSON.stringify(copy)).toBe(text);
    expect(executionStateSchema.parse(copy)).toEqual(copy);
  });

  it.each([0, 1, 2])('takes a copy in steps that records behind step %i do not change', (steps) => {
    const many = Array.from({ length: 600 }, (_, index) => `n${index}`);
    const wide = many.map((id) => node(id));
    const settled = many.map((id) => completed(id));
    const state = replay(wide, settled.slice(0, 550));
    const copy = executionStateOf(state);
    const taking = takingExecutionState(state);
    for (let step = 0; step < steps; step++) expect(taking.next().done).toBe(false);
    for (const record of settled.slice(550)) applyRecord(state, record);
    applyRecord(state, completed('n0', 'made again'));
    expect(atOnce(taking)).toEqual(copy);
  });
});
