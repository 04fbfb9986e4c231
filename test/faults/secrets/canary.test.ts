import { join } from 'node:path';
import {
  type ExecutionEvent,
  MemoryPersistenceManager,
  MetaPlanner,
  type MetaPlannerOptions,
  type PersistenceManager,
  WorkflowPersistenceManager,
} from 'vibe-aigc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesWith, type StoredEntry, storedEntries } from '../../helpers/stored-bytes.js';
import { temporaryDirectory } from '../../helpers/stores.js';

const canary = 'sk-canary-2b9e41d7';
const vibe = { description: 'A postcard from the harbour' };

/** An error as HTTP clients throw it, with all that they knew when it happened. */
class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code = 'ERR_BAD_REQUEST';
  readonly config = { url: `https://api.example/?key=${canary}`, headers: { authorization: `Bearer ${canary}` } };
  readonly request = { path: `/?key=${canary}`, _header: `GET / HTTP/1.1\r\nx-api-key: ${canary}` };
  readonly response = { status: 401, headers: { 'set-cookie': canary }, data: { echoed: canary } };
  readonly headers = new Map([['authorization', canary]]);
  readonly [canary] = canary;
  constructor(message: string) {
    super(message, { cause: new Error(`signed with ${canary}`) });
    this.stack = `${this.stack}\n    at fetch (https://api.example/?key=${canary})`;
  }
  toJSON() {
    return { config: this.config };
  }
}

const thrown: Readonly<Record<string, () => unknown>> = {
  'an error of an HTTP client': () => new RequestError('401 Unauthorized'),
  'an error with an error of an HTTP client as its cause': () => new Error('no', { cause: new RequestError('401') }),
  'many errors of HTTP clients at once': () => new AggregateError([new RequestError('401')], 'all providers failed'),
  'a plain object': () => ({ name: 'Failure', message: 'no', headers: { authorization: canary } }),
  'an object without a message': () => ({ authorization: canary }),
  'an error whose fields are objects': () => Object.assign(new Error('no'), { code: { key: canary } }),
  'a function that has it in its code': () => Object.assign(() => 'sk-canary-2b9e41d7', { key: canary }),
  'a response': () => new Response(canary, { status: 401, headers: { 'x-api-key': canary } }),
};

/** Everything that anybody was told, and what lay on the disk at every moment at which anybody was. */
class Witness {
  readonly told: unknown[] = [];
  private readonly entries = new Map<string, StoredEntry>();

  constructor(readonly directory: string) {}

  readonly options: Pick<MetaPlannerOptions, 'onProgress' | 'host'> = {
    onProgress: (event: ExecutionEvent) => {
      this.told.push(event);
      this.look();
    },
    host: { log: (...line) => void this.told.push(line) },
  };

  look(): void {
    for (const entry of storedEntries(this.directory)) {
      this.entries.set(`${entry.path} ${entry.bytes?.toString('latin1') ?? ''}`, entry);
    }
  }

  /** Where the canary was found. */
  get found(): string[] {
    this.look();
    const entries = [...this.entries.values()];
    expect(entries.length).toBeGreaterThan(3);
    return [...filesWith(canary, entries), ...this.told.filter((one) => everything(one).includes(canary)).map(String)];
  }
}

/** All that there is to an object, also what JSON leaves out. */
function everything(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value !== 'object' || value === null || seen.has(value)) return String(value);
  seen.add(value);
  const keys = Reflect.ownKeys(value);
  return keys
    .map((key) => `${String(key)} ${everything((value as Record<PropertyKey, unknown>)[key], seen)}`)
    .join(' ');
}

let witness: Witness;
let planners: MetaPlanner[];

beforeEach(async () => {
  witness = new Witness(join(await temporaryDirectory(), 'checkpoints'));
  planners = [];
  process.env.CANARY_API_KEY = canary;
});

afterEach(async () => {
  delete process.env.CANARY_API_KEY;
  for (const planner of planners) await planner.close();
});

/** A planner whose every option knows the secret. */
function secretive(more: MetaPlannerOptions & { persistenceManager?: PersistenceManager } = {}): MetaPlanner {
  class Client {
    readonly apiKey = canary;
    readonly version = '1';
    run = () => `signed ${this.apiKey.length}`;
  }
  const store = Object.assign(new WorkflowPersistenceManager({ checkpointDir: witness.directory }), { apiKey: canary });
  const node = { type: 'generate' as const, description: '' };
  const planner = new MetaPlanner({
    persistenceManager: store,
    checkpointInterval: 1,
    decomposer: Object.assign(
      () => ({
        rootNodes: [
          { ...node, id: 'draft' },
          { ...node, id: 'post', type: 'transform' as const, dependencies: ['draft'] },
        ],
      }),
      { apiKey: canary },
    ),
    handlers: { default: new Client() },
    ...witness.options,
    ...more,
  });
  planners.push(planner);
  return planner;
}

describe('a secret', () => {
  it('in what handlers, decomposers and stores are made of is stored nowhere and told to nobody', async () => {
    const result = await secretive().executeWithResume(vibe);
    expect(result.status).toBe('completed');
    witness.told.push(result);
    expect(witness.found).toEqual([]);
  });

  it('is found by these tests where it is returned, and so is stored', async () => {
    const run = () => canary;
    await secretive({ handlers: { default: run } }).executeWithResume(vibe);
    expect(witness.found.some((place) => place.includes('.journal-'))).toBe(true);
    expect(witness.found.some((place) => place.endsWith('.json'))).toBe(true);
    expect(witness.found).toContain('[object Object]'); // an event
  });

  it('in the reason of a signal is stored nowhere and told to nobody', async () => {
    const aborting = new AbortController();
    const handlers = {
      default: (_: unknown, { signal }: { signal: AbortSignal }) => {
        aborting.abort(new RequestError('the user left'));
        return new Promise<never>((_resolve, reject) => reject(signal.reason));
      },
    };
    const result = await secretive({ handlers }).executeWithResume(vibe, { signal: aborting.signal });
    expect(result.status).toBe('cancelled');
    expect(witness.found).toEqual([]);
  });

  for (const [name, make] of Object.entries(thrown)) {
    it(`beside the message of ${name}, thrown by a handler, is stored nowhere and told to nobody`, async () => {
      const handlers = {
        default: () => {
          throw make();
        },
      };
      const planner = secretive({ handlers, retry: { maxAttempts: 2 } });
      const result = await planner.executeWithResume(vibe);
      expect(result.status).toBe('failed');
      const listed = await planner.listCheckpoints();
      const checkpoint = await planner.getCheckpoint(listed[0]?.checkpointId ?? '');
      witness.told.push(result, listed, checkpoint, await planner.executeWithResume(vibe));
      expect(witness.found).toEqual([]);
    });

    it(`beside the message of ${name}, thrown by a listener, is in no log line`, async () => {
      const { onProgress: see } = witness.options;
      const onProgress = async (event: ExecutionEvent) => {
        await see?.(event);
        throw make();
      };
      const listener = (event: ExecutionEvent) => {
        void see?.(event);
        throw make();
      };
      await secretive({ onProgress }).executeWithResume(vibe, { onProgress: listener });
      await new Promise((resolve) => setImmediate(resolve));
      expect(JSON.stringify(witness.told)).toContain('A progress listener failed.');
      expect(witness.found).toEqual([]);
    });

    it(`beside the message of ${name}, thrown by a decomposer or a store, is in no message of ours`, async () => {
      const decomposer = () => {
        throw make();
      };
      const store = new MemoryPersistenceManager();
      const failing = Object.assign(Object.create(store), {
        listCheckpoints: async () => {
          throw make();
        },
      });
      const calls = [
        secretive({ decomposer }).executeWithResume(vibe),
        secretive({ persistenceManager: failing }).executeWithResume(vibe),
        secretive({ persistenceManager: failing }).listCheckpoints(),
      ];
      for (const ended of await Promise.allSettled(calls)) {
        const error = ended.status === 'rejected' ? ended.reason : new Error('it was not rejected');
        expect(error).toMatchObject({ code: expect.stringMatching(/^(DECOMPOSITION|PERSISTENCE)_FAILED$/) });
        expect(`${error.message} ${JSON.stringify(error)} ${error.stack}`).not.toContain(canary);
      }
    });
  }
});
