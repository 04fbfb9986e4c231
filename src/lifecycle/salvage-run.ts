import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { decodeRecord } from '../checkpoint/journal-codec.js';
import type { JournalHeader } from '../checkpoint/journal-header.js';
import type { DocumentRemains } from '../checkpoint/persistence-manager.js';
import { recoverRun, UnusableState } from '../checkpoint/recovery.js';
import type { RemainingJournal } from '../checkpoint/remaining-journal.js';
import { Salvage } from '../checkpoint/salvage.js';
import { storedGraph } from '../checkpoint/stored-graph.js';
import { type CheckpointCorruptError, PlanInvalidError, VibeError } from '../errors.js';
import { freezeJson } from '../plan/json-value.js';
import { buildPlanGraph, type PlanGraph } from '../plan/plan-graph.js';
import type { RunRecord } from '../run/run-record.js';
import { type RunIdentity, recordsOf } from '../run/run-state.js';
import type { CheckedStore } from './checked-store.js';
import type { RunRemains } from './remains.js';
import type { JournalState, StoredPlan } from './stored-plan.js';

/** A run as it was put together again. */
export interface SalvagedRun {
  readonly identity: RunIdentity;
  readonly salvage: Salvage;
  /** The journal whose records the next one begins with. */
  readonly earlier: JournalState | undefined;
  /** The most results that any one intact copy has by itself. */
  readonly knownResults: number;
  /** Checkpoints that looked intact, and do not load or do not fit the plan. */
  readonly unusable: readonly DocumentRemains[];
}

/**
 * Takes the results of a run from everything that is intact, the most trustworthy first: the journal as far as its chain
 * holds, then whole checkpoints, then single lines behind a damage, then journals that were set aside earlier.
 * @returns `undefined` when nothing intact tells the vibe and the plan
 */
export async function salvageRun(
  { runId, journals, documents }: RunRemains,
  { planId, epoch }: { readonly planId: string; readonly epoch: number },
  stored: StoredPlan,
  store: CheckedStore,
): Promise<SalvagedRun | undefined> {
  const unusable: DocumentRemains[] = [];
  const waiting = [...documents];
  const nextDocument = async (): Promise<Checkpoint | undefined> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const document = await loadIntact(one, store, unusable);
      if (document?.planId === planId && document.runId === runId) return document;
    }
    return undefined;
  };
  let document = await nextDocument();
  const identity = identityOf(journals, document, { planId, runId, epoch });
  if (identity === undefined) return undefined;

  const refuse = ({ checkpointId }: Checkpoint, reason: string) => {
    const found = documents.find((one) => one.checkpointId === checkpointId);
    if (found !== undefined && !unusable.some((one) => one.checkpointId === checkpointId))
      unusable.push({ ...found, damage: { reason, completedNodes: [] } });
  };
  const earlier = longestOf(stored, runId);
  const ofJournal = (earlier?.replayed?.records ?? []).flatMap(decoded);
  const ofDocument = document && recordsIn(document, identity, refuse);
  const isDocumentAhead = ofDocument !== undefined && resultsIn(ofDocument) > resultsIn(ofJournal);
  // The next journal begins with the records of the last one, so that what those say comes first.
  const salvage = new Salvage(identity, isDocumentAhead ? [ofJournal, ofDocument] : [ofJournal]);
  let knownResults = earlier?.damage === undefined ? resultsIn(ofJournal) : 0;
  for (; document !== undefined; document = await nextDocument()) {
    const records = recordsIn(document, identity, refuse);
    if (records === undefined) continue;
    knownResults = Math.max(knownResults, resultsIn(records));
    salvage.add(records);
  }
  for (const { records } of journals) salvage.add(records);
  salvage.gather();
  return { identity, salvage, earlier, knownResults, unusable };
}

/** How many nodes have a completed result, also one that is made of their children. */
function resultsIn(records: readonly RunRecord[]): number {
  const nodeIds = new Set<string>();
  for (const record of records) {
    if (record.kind === 'composite_completed') nodeIds.add(record.nodeId);
    if (record.kind === 'node_settled' && record.result.status === 'completed') nodeIds.add(record.result.nodeId);
  }
  return nodeIds.size;
}

async function loadIntact(
  remains: DocumentRemains,
  store: CheckedStore,
  unusable: DocumentRemains[],
): Promise<Checkpoint | undefined> {
  try {
    return await store.loadCheckpoint(remains.checkpointId);
  } catch (error) {
    if (!VibeError.is(error) || error.code !== 'CHECKPOINT_CORRUPT') throw error;
    const { reason } = error as CheckpointCorruptError;
    unusable.push({ ...remains, damage: { reason, completedNodes: [] } });
    return undefined;
  }
}

/** As the next journal of the run would begin: each journal of a run begins as the others do. */
function longestOf({ journals }: StoredPlan, runId: string): JournalState | undefined {
  const length = ({ replayed }: JournalState) => replayed?.records.length ?? 0;
  const ofRun = journals.states.filter((state) => state.replayed !== undefined && state.runId === runId);
  return ofRun.sort((a, b) => length(b) - length(a))[0];
}

function decoded(text: string): RunRecord[] {
  const record = decodeRecord(text);
  return record.ok ? [record.value] : [];
}

/** `undefined` when its results do not fit the plan: then it is as good as damaged. */
function recordsIn(
  document: Checkpoint,
  identity: RunIdentity,
  refuse: (document: Checkpoint, reason: string) => void,
): RunRecord[] | undefined {
  try {
    // A graph of its own: what handlers added is added to that of the run by the records.
    const graph = storedGraph(document, () => true);
    return recordsOf(recoverRun({ ...identity, graph }, document)());
  } catch (error) {
    if (!(error instanceof UnusableState) && !(error instanceof PlanInvalidError)) throw error;
    refuse(document, error.message);
    return undefined;
  }
}

function identityOf(
  journals: readonly RemainingJournal[],
  document: Checkpoint | undefined,
  names: { readonly planId: string; readonly runId: string; readonly epoch: number },
): RunIdentity | undefined {
  const headers: Omit<JournalHeader, 'epoch' | 'carried'>[] = journals.flatMap(({ header }) => header ?? []);
  if (document !== undefined) headers.push({ ...document, plan: document.workflowPlan });
  for (const { vibe, plan, ...header } of headers) {
    const graph = graphOf(plan);
    if (graph === undefined) continue;
    const { vibeKey, isVibeRedacted, parent, unknownFields } = header;
    const kept = { vibeKey, isVibeRedacted, parent, unknownFields };
    return { ...names, ...kept, vibe: freezeJson(vibe), plan: freezeJson(plan), graph };
  }
  return undefined;
}

/** Whoever serves its nodes: nothing is run. */
function graphOf(plan: JournalHeader['plan']): PlanGraph | undefined {
  try {
    return buildPlanGraph(plan, () => true);
  } catch (error) {
    if (error instanceof PlanInvalidError) return undefined;
    throw error;
  }
}
