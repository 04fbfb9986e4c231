import { existsSync, openSync, readdirSync, readlinkSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  MemoryPersistenceManager,
  MetaPlanner,
  type NodeContext,
  type WorkflowNodeInput,
  WorkflowPersistenceManager,
} from 'vibe-aigc';
import type { Report, Sight, Visit } from './visit.js';

/** A program that has the library as its guest, and looks at itself before and after. It ends when nothing is left to do. */
const visit = JSON.parse(process.argv[2] ?? '{}') as Visit;
const notes = (globalThis as { [key: symbol]: unknown })[Symbol.for('vibe-aigc.test.manners')] as {
  reads: Set<string>;
  listens: Set<string>;
};
const { emit } = process;

const rootNodes: WorkflowNodeInput[] = Array.from({ length: 12 }, (_, index) => ({
  id: `n${index}`,
  type: 'generate',
  description: '',
  dependencies: index < 3 ? [] : [`n${index - 3}`],
}));

const before = await look();
const status = await receiveGuest();
if (visit.isRude) beRude();
const after = await look();
const report: Report = { status, before, after, reads: [...notes.reads], listens: [...notes.listens] };
const bytes = Buffer.from(JSON.stringify(report));
for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at);

async function receiveGuest(): Promise<string> {
  const aborting = new AbortController();
  const planner = new MetaPlanner({
    ...(visit.recordsTo !== 'nothing' && { persistenceManager: store(), checkpointInterval: 1 }),
    durability: visit.durability,
    ...(visit.ending === 'timed out' && { timeoutMs: 30 }),
    retry: visit.ending === 'retrying' ? { maxAttempts: 2, delayMs: 3_600_000 } : { maxAttempts: 2 },
    handlers: { default: (node, context) => work(node.id, context, aborting) },
    onProgress: ({ type }) => {
      if (type === 'node_retry' && visit.ending === 'retrying') aborting.abort(new Error('enough'));
    },
  });
  const runs = Array.from({ length: visit.runs }, (_, index) => {
    const vibe = { description: `A visit, number ${index}` };
    const plan = { id: `visit-${index}`, sourceVibe: vibe, rootNodes };
    const given = { plan, signal: aborting.signal };
    return visit.recordsTo === 'nothing' ? planner.execute(vibe, given) : planner.executeWithResume(vibe, given);
  });
  const ended = await Promise.allSettled(runs);
  if (visit.closes) await planner.close();
  const statuses = ended.map((run) => (run.status === 'fulfilled' ? run.value.status : String(run.reason.code)));
  return [...new Set(statuses)].join(' and ');
}

function work(id: string, { signal }: NodeContext, aborting: AbortController): unknown {
  if (id === 'n4' && visit.waitsForHeartbeat) return heartbeat();
  if (id !== 'n5') return { id, text: 'x'.repeat(1_000) };
  switch (visit.ending) {
    case 'cancelled':
      aborting.abort(new Error('enough'));
      return undefined;
    case 'timed out':
      return new Promise((resolve) => signal.addEventListener('abort', resolve));
    case 'failed':
    case 'retrying':
      throw new Error('no');
    default:
      return id;
  }
}

async function heartbeat(): Promise<string> {
  const beats = () =>
    readdirSync(visit.checkpointDir, { recursive: true }).some((path) => String(path).endsWith('.beat'));
  while (!beats()) await nextTurn();
  return 'heard';
}

function beRude(): void {
  process.on('SIGUSR2', () => {});
  setTimeout(() => {}, 50);
  openSync(process.execPath, 'r');
  process.stdout.write(`my home is ${'HOME' in process.env}`);
}

function store() {
  if (visit.recordsTo === 'memory') return new MemoryPersistenceManager();
  const { checkpointDir, waitsForHeartbeat = false } = visit;
  const files = new WorkflowPersistenceManager({ checkpointDir, ...(waitsForHeartbeat && { lockTakeoverMs: 6 }) });
  if (visit.ending !== 'store fails') return files;
  let saves = 0;
  const save = files.saveCheckpoint.bind(files);
  files.saveCheckpoint = async (checkpoint) => {
    if (++saves > 3) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    return save(checkpoint);
  };
  return files;
}

async function look(): Promise<Sight> {
  await nextTurn(); // the request that has just been answered still counts as one that is under way
  const listeners = process.eventNames().map((name) => [String(name), process.listenerCount(name as string)]);
  return {
    listeners: Object.fromEntries(listeners),
    isEmitReplaced: process.emit !== emit,
    resources: process.getActiveResourcesInfo().toSorted(),
    descriptors: existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').flatMap(describe).toSorted() : [],
  };
}

/** Not the one by which the list itself was read. */
function describe(fd: string): string[] {
  try {
    return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
  } catch {
    return [];
  }
}
