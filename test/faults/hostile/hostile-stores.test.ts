import { type Checkpoint, MemoryPersistenceManager, MetaPlanner, type PersistenceManager, VibeError } from 'vibe-aigc';
import { afterEach, describe, expect, it } from 'vitest';

const vibe = { description: 'A film about tides' };
const node = (id: string, ...dependencies: string[]) => ({
  id,
  type: 'generate' as const,
  description: '',
  dependencies,
});
const plan = { id: 'film', sourceVibe: vibe, rootNodes: [node('first'), node('second', 'first')] };
const untouched = Object.getOwnPropertyNames(Object.prototype);

afterEach(() => {
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(untouched);
});

let calls: string[] = [];

function openPlanner(persistenceManager: PersistenceManager, isFailing = false): MetaPlanner {
  return new MetaPlanner({
    persistenceManager,
    handlers: {
      default: ({ id }) => {
        calls.push(id);
        if (isFailing && id === 'second') throw new Error('no');
        return { made: id };
      },
    },
  });
}

async function failedStore(): Promise<MemoryPersistenceManager> {
  const store = new MemoryPersistenceManager();
  await openPlanner(store, true).executeWithResume(vibe, { plan });
  calls = [];
  return store;
}

function throwing(): never {
  throw new Error('a getter of the store');
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

const polluter = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
const withResult = (checkpoint: Checkpoint, fields: object) => ({
  ...checkpoint,
  nodeResults: { ...checkpoint.nodeResults, first: { ...checkpoint.nodeResults.first, ...fields } },
});

/** What a store may answer that is no checkpoint. */
const answers: Readonly<Record<string, (checkpoint: Checkpoint) => unknown>> = {
  'a number': () => 7,
  text: () => '{}',
  'a list': () => [],
  'an empty object': () => ({}),
  'a function': () => () => {},
  'an object whose fields throw': (checkpoint) => Object.defineProperty({ ...checkpoint }, 'vibe', { get: throwing }),
  'an object that cannot be looked at': () =>
    new Proxy({}, { get: throwing, ownKeys: throwing, getPrototypeOf: throwing }),
  'the checkpoint of another id': (checkpoint) => ({ ...checkpoint, checkpointId: 'cp-another' }),
  'the checkpoint of a plan without a name': (checkpoint) => ({ ...checkpoint, planId: '' }),
  'an output 100,000 deep': (checkpoint) => withResult(checkpoint, { output: nested(100_000) }),
  'nodes 100,000 deep': (checkpoint) => {
    let children: unknown[] = [];
    for (let level = 0; level < 100_000; level++) children = [{ ...node(`n${level}`), children }];
    return { ...checkpoint, workflowPlan: { ...checkpoint.workflowPlan, rootNodes: children } };
  },
  'an output that contains itself': (checkpoint) => {
    const output: Record<string, unknown> = {};
    output.itself = output;
    return withResult(checkpoint, { output });
  },
  'an output that is a class': (checkpoint) => withResult(checkpoint, { output: new Map() }),
  'the result of a stranger': (checkpoint) => ({
    ...checkpoint,
    nodeResults: { ...checkpoint.nodeResults, stranger: { ...checkpoint.nodeResults.first, nodeId: 'stranger' } },
  }),
  'results under keys of prototypes': (checkpoint) => ({ ...checkpoint, nodeResults: polluter }),
};

describe(`${Object.keys(answers).length} hostile answers of a store of one's own`, () => {
  for (const [name, answer] of Object.entries(answers)) {
    it(`end in an error of ours, and nothing is run: ${name}`, async () => {
      const store = await failedStore();
      const load = store.loadCheckpoint.bind(store);
      store.loadCheckpoint = async (id) => {
        const checkpoint = await load(id);
        return checkpoint && (answer(checkpoint) as Checkpoint);
      };
      const planner = openPlanner(store);
      const [{ checkpointId = '' } = {}] = await planner.listCheckpoints();
      for (const call of [
        () => planner.executeWithResume(vibe),
        () => planner.executeWithResume(vibe, { checkpointId }),
      ]) {
        const error = await call().catch((reason) => reason);
        expect({ isOurs: VibeError.is(error), code: error.code }).toEqual({
          isOurs: true,
          code: expect.stringMatching(/^(CHECKPOINT_CORRUPT|PERSISTENCE_FAILED)$/),
        });
      }
      expect(calls).toEqual([]);
    });
  }

  it('an output that reaches for prototypes is data like any other', async () => {
    const store = await failedStore();
    const load = store.loadCheckpoint.bind(store);
    store.loadCheckpoint = async (id) => withResult((await load(id)) as Checkpoint, { output: polluter }) as never;
    const { outputs } = await openPlanner(store).executeWithResume(vibe);
    expect(JSON.stringify(outputs.first)).toBe(JSON.stringify(polluter));
  });
});

/** What a store may list. */
const lists: Readonly<Record<string, () => unknown>> = {
  'a number': () => 7,
  nothing: () => undefined,
  'an object': () => ({ length: 1 }),
  'nothing in a list': () => [null, undefined],
  'lists in a list': () => [[]],
  'objects without a field': () => [{}, {}],
  'objects of another shape': () => [{ checkpointId: 7, planId: {}, createdAt: [] }],
  'an object that cannot be looked at': () => [new Proxy({}, { get: throwing })],
};

describe(`${Object.keys(lists).length} hostile lists of a store of one's own`, () => {
  for (const [name, list] of Object.entries(lists)) {
    it(`end in an error of ours, and nothing is run: ${name}`, async () => {
      const store = await failedStore();
      store.listCheckpoints = async () => list() as never;
      const planner = openPlanner(store);
      const failed = { code: 'PERSISTENCE_FAILED' };
      await expect(planner.listCheckpoints()).rejects.toMatchObject(failed);
      await expect(planner.executeWithResume(vibe)).rejects.toMatchObject(failed);
      await expect(planner.executeWithResume(vibe, { plan })).rejects.toMatchObject(failed);
      expect(calls).toEqual([]);
    });
  }
});
