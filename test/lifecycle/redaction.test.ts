import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ExecutionEvent,
  type ExecutionState,
  MemoryPersistenceManager,
  MetaPlanner,
  type MetaPlannerOptions,
  type NodeContext,
  type Redact,
  RedactionError,
  vibeSchema,
  type WorkflowPlanInput,
  workflowPlanSchema,
} from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { filesWith, storedEntries } from '../helpers/stored-bytes.js';
import { everyStore, fileStore } from '../helpers/stores.js';

const secret = 'canary-7f3a9c';
/** Takes the secret out wherever it stands. */
const redact: Redact = (value) => JSON.parse(JSON.stringify(value).replaceAll(secret, '[gone]'));

const vibe = {
  description: `A card for ${secret}`,
  constraints: [`nothing about ${secret}`],
  metadata: { token: secret, nested: [{ [secret]: 1 }] },
};

function planOf(id = 'card'): WorkflowPlanInput {
  const write = { id: 'write', type: 'generate' as const, description: `Greet ${secret}`, parameters: { key: secret } };
  const print = { id: 'print', type: 'transform' as const, description: '', dependencies: ['write'] };
  const send = { id: 'send', type: 'validate' as const, description: '', dependencies: ['print'] };
  return { id, sourceVibe: vibe, rootNodes: [write, print, send] };
}

/** What handlers saw, call by call, and handlers that return and throw the secret. */
class Studio {
  readonly seen: Record<string, Pick<NodeContext, 'vibe' | 'plan' | 'inputs'>[]> = {};
  readonly events: ExecutionEvent[] = [];
  readonly logged: unknown[] = [];
  isSending = false;

  options(more: MetaPlannerOptions = {}): MetaPlannerOptions {
    const see = (id: string, { vibe: ofRun, plan, inputs }: NodeContext) => {
      this.seen[id] = [...(this.seen[id] ?? []), { vibe: ofRun, plan, inputs }];
    };
    return {
      redact,
      handlers: {
        generate: (node, context) => {
          see(node.id, context);
          return { text: `Dear ${secret}`, [`by ${secret}`]: [secret] };
        },
        transform: (node, context) => {
          see(node.id, context);
          return context.input('write');
        },
        validate: (node, context) => {
          see(node.id, context);
          if (!this.isSending) throw Object.assign(new Error(`no route to ${secret}`), { code: secret });
          return 'sent';
        },
      },
      onProgress: (event) => {
        this.events.push(event);
        if (event.type === 'node_started') throw new Error(`listener of ${secret}`);
      },
      host: { log: (...line) => void this.logged.push(line) },
      ...more,
    };
  }
}

const planners = { 'a decomposer': undefined, 'a plan of its own': planOf() };

for (const [kind, makeStore] of Object.entries(everyStore)) {
  for (const [way, plan] of Object.entries(planners)) {
    describe(`with a redact hook, ${way}, on ${kind}`, () => {
      const decomposer = () => ({ rootNodes: planOf().rootNodes });

      it('nothing that is stored, told or returned has the secret', async () => {
        const store = await makeStore();
        const studio = new Studio();
        const planner = new MetaPlanner(
          studio.options({ persistenceManager: store, decomposer, checkpointInterval: 1 }),
        );
        const failed = await planner.executeWithResume(vibe, { plan });
        expect(failed.status).toBe('failed');
        expect(failed.failures[0]?.error).toEqual({ name: 'Error', message: 'no route to [gone]', code: '[gone]' });
        const listed = await planner.listCheckpoints();
        const loaded = await Promise.all(listed.map(({ checkpointId }) => planner.getCheckpoint(checkpointId)));
        expect(loaded.length).toBeGreaterThan(2);
        const told = [failed, listed, loaded, studio.events, studio.logged, studio.seen];
        expect(JSON.stringify(told)).toContain('[gone]');
        expect(JSON.stringify(told)).not.toContain(secret);
        if (store.checkpointDir !== undefined) {
          const entries = storedEntries(store.checkpointDir);
          expect(filesWith('[gone]', entries).length).toBeGreaterThan(0);
          expect(filesWith(secret, entries)).toEqual([]);
        }
        await planner.close();
      });

      it('the same vibe finds its run again, and handlers see the same, live and resumed', async () => {
        const store = await makeStore();
        const studio = new Studio();
        const make = () => new MetaPlanner(studio.options({ persistenceManager: store, decomposer }));
        const failed = await make().executeWithResume(vibe, { plan });
        studio.isSending = true;
        const resumed = await make().executeWithResume(vibe, { plan });
        expect(resumed).toMatchObject({ status: 'completed', runId: failed.runId, planId: failed.planId });
        expect(resumed.outputs.write).toEqual({ text: 'Dear [gone]', 'by [gone]': ['[gone]'] });
        expect(resumed.outputs.print).toEqual(resumed.outputs.write);
        expect(Object.values(studio.seen).map(({ length }) => length)).toEqual([1, 1, 2]);
        const [live, again] = studio.seen.send ?? [];
        expect(again).toEqual(live);
        expect(live?.vibe.metadata).toEqual({ token: '[gone]', nested: [{ '[gone]': 1 }] });
        expect(await make().executeWithResume(vibe, { plan })).toMatchObject({
          runId: failed.runId,
          outputs: resumed.outputs,
        });
        expect(await make().executeWithResume(vibe)).toMatchObject({ runId: failed.runId });
        const { lastCheckpointId: checkpointId } = resumed.persistenceInfo;
        expect(await make().executeWithResume(vibe, { checkpointId })).toMatchObject({ status: 'completed' });
      });

      it('another vibe that is the same without its secrets is another run', async () => {
        const store = await makeStore();
        const other = JSON.parse(JSON.stringify(vibe).replaceAll(secret, 'Bob'));
        const hook: Redact = (value) =>
          JSON.parse(JSON.stringify(value).replaceAll(new RegExp(`${secret}|Bob`, 'g'), '[name]'));
        const studio = new Studio();
        studio.isSending = true;
        const planner = new MetaPlanner(studio.options({ persistenceManager: store, decomposer, redact: hook }));
        const first = await planner.executeWithResume(vibe);
        const second = await planner.executeWithResume(other);
        expect(second.planId).not.toBe(first.planId);
        expect(first.planId).toMatch(/^a-card-for-name-[0-9a-f]{16}$/);
        expect(second.planId).toMatch(/^a-card-for-name-[0-9a-f]{16}$/);
        const { lastCheckpointId: checkpointId } = first.persistenceInfo;
        await expect(planner.executeWithResume(other, { checkpointId })).rejects.toMatchObject({
          code: 'CHECKPOINT_MISMATCH',
        });
      });
    });
  }
}

describe('a redact hook', () => {
  it('sees each thing once, as a copy of its own, and says where nothing of it belongs', async () => {
    const seen: string[] = [];
    const hook: Redact = (value, where) => {
      seen.push(`${where.kind} ${where.nodeId ?? ''}`.trim());
      if (where.kind === 'output') (value as { extra: number }).extra = 1; // its own copy
      if (where.kind === 'vibe') (value as { metadata: { extra: number } }).metadata.extra = 1;
      return value;
    };
    const studio = new Studio();
    let asked: unknown;
    const decomposer: MetaPlannerOptions['decomposer'] = (given) => {
      asked = given;
      return { rootNodes: planOf().rootNodes };
    };
    const planner = new MetaPlanner(
      studio.options({ persistenceManager: new MemoryPersistenceManager(), redact: hook, decomposer }),
    );
    const result = await planner.executeWithResume(vibe);
    expect(seen.filter((one) => one !== 'error')).toEqual([
      'vibe',
      'plan',
      'output write',
      'output print',
      'error send',
    ]);
    expect(asked).toMatchObject(vibe); // the decomposer needs what was asked for
    expect((asked as { metadata: object }).metadata).not.toHaveProperty('extra');
    expect(result.outputs.print).toMatchObject({ extra: 1 });
    expect(studio.seen.send?.[0]?.vibe.metadata).toHaveProperty('extra');
  });

  it('sees an attempt that is tried again, and is not asked about a plan that is only made', async () => {
    const studio = new Studio();
    const planner = new MetaPlanner(
      studio.options({ retry: { maxAttempts: 2 }, decomposer: () => ({ rootNodes: planOf().rootNodes }) }),
    );
    const plan = await planner.plan(vibe);
    expect(plan.rootNodes[0]?.parameters).toEqual({ key: secret });
    expect(plan.id).not.toContain(secret);
    const result = await planner.executePlan(plan);
    expect(result.planId).toBe(plan.id);
    const retried = studio.events.find(({ type }) => type === 'node_retry');
    expect(retried).toMatchObject({ error: { message: 'no route to [gone]' } });
    expect(JSON.stringify([result, studio.events])).not.toContain(secret);
  });

  it('is asked about the error of a decomposer', async () => {
    const planner = new MetaPlanner({
      redact,
      persistenceManager: new MemoryPersistenceManager(),
      decomposer: () => {
        throw new Error(`quota of ${secret}`);
      },
    });
    const error: Error = await planner.executeWithResume(vibe).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'DECOMPOSITION_FAILED', cause: { message: `quota of ${secret}` } });
    expect(error.message).toContain('quota of [gone]');
    expect(error.message).not.toContain(secret);
  });

  const misfits: ReadonlyArray<[string, Redact, string]> = [
    ['a vibe that is none', (value, { kind }) => (kind === 'vibe' ? { about: 'x' } : value), 'vibe'],
    ['nothing for a vibe', (value, { kind }) => (kind === 'vibe' ? undefined : value), 'vibe'],
    ['a promise of a vibe', (value, { kind }) => (kind === 'vibe' ? Promise.resolve(value) : value), 'vibe'],
    [
      'a plan that is none',
      (value, { kind }) => (kind === 'plan' ? { rootNodes: 'x' } : redact(value, { kind })),
      'plan',
    ],
    ['nothing for a plan', (value, { kind }) => (kind === 'plan' ? undefined : redact(value, { kind })), 'plan'],
  ];
  const throwing = (at: string): [string, Redact, string] => [
    `an error about the ${at}`,
    (value, { kind }) => {
      if (kind === at) throw new Error(`cannot take out ${secret}`);
      return redact(value, { kind });
    },
    at,
  ];
  for (const [what, hook, kind] of [...misfits, throwing('vibe'), throwing('plan')]) {
    it(`that answers ${what} stops the call before anything is run or written`, async () => {
      const store = await fileStore();
      const studio = new Studio();
      const decomposer = () => ({ rootNodes: planOf().rootNodes });
      const planner = new MetaPlanner(studio.options({ persistenceManager: store, redact: hook, decomposer }));
      for (const given of [{}, { plan: planOf() }]) {
        const error: Error = await planner.executeWithResume(vibe, given).catch((reason) => reason);
        expect(error).toBeInstanceOf(RedactionError);
        expect(error).toMatchObject({ code: 'REDACTION_FAILED', kind });
        expect(error.message).not.toContain(secret);
      }
      expect(studio.seen).toEqual({});
      const entries = storedEntries(store.checkpointDir);
      expect(filesWith(secret, entries)).toEqual([]);
      expect(entries.filter(({ path }) => /\.json$|\.journal-/.test(path))).toEqual([]);
    });
  }

  it.each<[string, (value: unknown) => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error(`cannot take out ${secret}`);
      },
      'it threw',
    ],
    ['returns nothing', () => undefined, 'it returned nothing; return null to leave an output out'],
    ['returns what is not JSON', () => new Map(), 'it returned what is not JSON (a Map is not JSON)'],
    ['returns a promise', async (value) => value, 'it returned what is not JSON (a Promise is not JSON)'],
  ])('that %s for an output makes its node fail, once, with words for it', async (_, answer, reason) => {
    const store = await fileStore();
    const studio = new Studio();
    const hook: Redact = (value, { kind }) => (kind === 'output' ? answer(value) : redact(value, { kind }));
    const planner = new MetaPlanner(
      studio.options({ persistenceManager: store, redact: hook, retry: { maxAttempts: 3 } }),
    );
    const { status, failures } = await planner.executeWithResume(vibe, { plan: planOf() });
    expect(status).toBe('failed');
    const message = `The redact hook failed on the output of node "write": ${reason}. Mend the hook and call again.`;
    expect(failures.map(({ error, attempts }) => ({ error, attempts }))).toEqual([
      { error: { name: 'RedactionError', message, code: 'REDACTION_FAILED' }, attempts: 1 },
    ]);
    expect(filesWith(secret, storedEntries(store.checkpointDir))).toEqual([]);
  });

  it.each<[string, (value: unknown) => unknown]>([
    [
      'throws',
      () => {
        throw new Error(`cannot take out ${secret}`);
      },
    ],
    ['returns nothing', () => undefined],
    ['returns text', () => `no route to ${secret}`],
    ['leaves out the message', () => ({ name: secret })],
  ])('that %s for an error leaves nothing of that error', async (_, answer) => {
    const studio = new Studio();
    const hook: Redact = (value, where) => (where.kind === 'error' ? answer(value) : redact(value, where));
    const planner = new MetaPlanner(
      studio.options({ persistenceManager: new MemoryPersistenceManager(), redact: hook }),
    );
    const { failures } = await planner.executeWithResume(vibe, { plan: planOf() });
    expect(failures[0]?.error).toMatchObject({ name: 'RedactionError', code: 'REDACTION_FAILED' });
    expect(JSON.stringify([failures, studio.events, studio.logged])).not.toContain(secret);
  });

  it('that adds fields to an error adds none to what is stored', async () => {
    const hook: Redact = (value, { kind }) => (kind === 'error' ? { ...(value as object), headers: secret } : value);
    const planner = new MetaPlanner(
      new Studio().options({ persistenceManager: new MemoryPersistenceManager(), redact: hook }),
    );
    const { failures } = await planner.executeWithResume(vibe, { plan: planOf() });
    expect(Object.keys(failures[0]?.error ?? {})).toEqual(['name', 'message', 'code']);
  });

  it('must be a function', () => {
    expect(() => new MetaPlanner({ redact: 'x' } as never)).toThrow(/"redact" of MetaPlanner must be a function/);
  });
});

describe('a state that is saved by hand', () => {
  /** As a planner without a hook leaves it: with the secret everywhere, and a composite around it. */
  async function rawState(): Promise<ExecutionState> {
    const plan = planOf();
    const rootNodes = [{ id: 'all', type: 'composite' as const, description: '', children: plan.rootNodes }];
    const store = new MemoryPersistenceManager();
    const planner = new MetaPlanner(new Studio().options({ redact: undefined, persistenceManager: store }));
    const { persistenceInfo } = await planner.executeWithResume(vibe, { plan: { ...plan, rootNodes } });
    const {
      checkpointId: _,
      createdAt: _at,
      ...state
    } = await planner.getCheckpoint(persistenceInfo.lastCheckpointId ?? '');
    expect(JSON.stringify(state)).toContain(secret);
    return state;
  }

  for (const [kind, makeStore] of Object.entries(everyStore)) {
    it(`passes through the hook too, and its run goes on, on ${kind}`, async () => {
      const state = await rawState();
      const persistenceManager = await makeStore();
      const studio = new Studio();
      const planner = new MetaPlanner(studio.options({ persistenceManager }));
      const checkpointId = await planner.createCheckpoint({ planId: state.planId, executionState: state });
      const saved = await planner.getCheckpoint(checkpointId);
      expect(JSON.stringify(saved)).not.toContain(secret);
      const again = await planner.createCheckpoint({ planId: state.planId, executionState: saved }); // as PersistenceErrors have it
      expect({ ...(await planner.getCheckpoint(again)), checkpointId, createdAt: '' }).toEqual({
        ...saved,
        createdAt: '',
      });
      studio.isSending = true;
      const result = await planner.executeWithResume(vibe, { planId: state.planId });
      expect(result).toMatchObject({ status: 'completed', runId: state.runId });
      expect(result.outputs.print).toEqual({ text: 'Dear [gone]', 'by [gone]': ['[gone]'] });
      expect(Object.keys(studio.seen)).toEqual(['send']);
    });
  }

  it('is refused when the hook gives its nodes other ids', async () => {
    const state = await rawState();
    const hook: Redact = (value, { kind }) =>
      kind === 'plan' ? JSON.parse(JSON.stringify(value).replaceAll('print', 'x')) : value;
    const planner = new MetaPlanner({ redact: hook, persistenceManager: new MemoryPersistenceManager() });
    const call = planner.createCheckpoint({ planId: state.planId, executionState: state });
    await expect(call).rejects.toMatchObject({ code: 'REDACTION_FAILED', kind: 'plan' });
  });
});

describe('a run that was stored before there was a hook', () => {
  it('is found and gone on with, also with its plan', async () => {
    const persistenceManager = await fileStore();
    const studio = new Studio();
    const first = await new MetaPlanner(studio.options({ persistenceManager, redact: undefined })).executeWithResume(
      vibe,
      { plan: planOf() },
    );
    studio.isSending = true;
    const second = await new MetaPlanner(studio.options({ persistenceManager })).executeWithResume(vibe, {
      plan: planOf(),
    });
    expect(second).toMatchObject({ status: 'completed', runId: first.runId });
  });

  it('and one that was repaired is gone on with like any other', async () => {
    const persistenceManager = await fileStore();
    const studio = new Studio();
    const decomposer = () => ({ rootNodes: planOf().rootNodes });
    const make = () => new MetaPlanner(studio.options({ persistenceManager, decomposer }));
    const first = await make().executeWithResume(vibe);
    const directory = join(persistenceManager.checkpointDir, first.planId);
    const [journal = ''] = (await readdir(directory)).filter((name) => name.startsWith('.journal-'));
    await appendFile(join(directory, journal), 'not a line\n');
    for (const name of await readdir(directory))
      if (name.endsWith('.json')) await writeFile(join(directory, name), '{}');
    await make().repairCheckpoints({ planId: first.planId });
    expect(filesWith(secret, storedEntries(persistenceManager.checkpointDir))).toEqual([]);
    studio.isSending = true;
    const second = await make().executeWithResume(vibe);
    expect(second).toMatchObject({ status: 'completed', runId: first.runId });
    expect(studio.seen.write).toHaveLength(1);
  });

  it('and one from after it is gone on with when the hook is gone', async () => {
    const persistenceManager = await fileStore();
    const studio = new Studio();
    const decomposer = () => ({ rootNodes: planOf().rootNodes });
    const first = await new MetaPlanner(studio.options({ persistenceManager, decomposer })).executeWithResume(vibe);
    studio.isSending = true;
    const second = await new MetaPlanner(
      studio.options({ persistenceManager, decomposer, redact: undefined }),
    ).executeWithResume(vibe);
    expect(second).toMatchObject({ status: 'completed', runId: first.runId });
    expect(studio.seen.write).toHaveLength(1);
  });
});

describe('how far a node is', () => {
  it('is told with a message that has passed the hook, or without one where the hook fails', async () => {
    const told = async (hook: Redact) => {
      const messages: unknown[] = [];
      const onProgress = (event: ExecutionEvent) => {
        if (event.type === 'node_progress') messages.push([event.fraction, event.message]);
      };
      const run = (_: unknown, { report }: NodeContext) => {
        report(0.5, `asked ${secret}`);
        report(1);
      };
      const planner = new MetaPlanner({ redact: hook, handlers: { default: run }, onProgress });
      const [one] = planOf().rootNodes;
      const result = await planner.execute(vibe, { plan: { ...planOf(), rootNodes: [one as never] } });
      expect(result.status).toBe('completed');
      return messages;
    };
    const without = [1, undefined];
    expect(await told(redact)).toEqual([[0.5, 'asked [gone]'], without]);
    const failing: Redact = (value, { kind }) => {
      if (kind === 'message') throw new Error(secret);
      return value;
    };
    expect(await told(failing)).toEqual([[0.5, undefined], without]);
    const silent: Redact = (value, { kind }) => (kind === 'message' ? { text: 1 } : value);
    expect(await told(silent)).toEqual([[0.5, undefined], without]);
  });

  it('is redacted in a state that is handed in: steps, signals and failed attempts', async () => {
    const at = '2026-01-01T00:00:00.000Z';
    const store = await fileStore();
    const redacting = new MetaPlanner({ persistenceManager: store, redact, handlers: { default: () => 1 } });
    const workflowPlan = workflowPlanSchema.parse(planOf());
    const ids = workflowPlan.rootNodes.map(({ id }) => id);
    const state: ExecutionState = {
      planId: 'card',
      runId: 'run-1',
      state: 'running',
      vibe: vibeSchema.parse(vibe),
      workflowPlan,
      completedNodes: [],
      pendingNodes: ids,
      nodeResults: {},
      nodeProgress: [
        { kind: 'step_completed', nodeId: 'write', name: 'draft', output: { text: secret }, at },
        { kind: 'signal_received', nodeId: 'write', name: 'ok', signalId: 's-1', payload: secret, at },
        {
          kind: 'attempt_failed',
          nodeId: 'write',
          attempt: 1,
          error: { name: 'Error', message: `no ${secret}` },
          retryAt: at,
          durationMs: 0,
          at,
        },
      ],
    };
    await redacting.createCheckpoint({ planId: 'card', executionState: state });
    expect(filesWith(secret, storedEntries(store.checkpointDir))).toEqual([]);
  });
});
