export type { Checkpoint, CheckpointSummary, DamagedSummary, IntactSummary } from './checkpoint/checkpoint.js';
export { summarize } from './checkpoint/checkpoint.js';
export { type CheckpointQuery, selectCheckpoints } from './checkpoint/checkpoint-query.js';
export type { LostResult, StaleInput } from './checkpoint/lost-results.js';
export type {
  BlobCapability,
  BlobContent,
  DocumentDamage,
  DocumentRemains,
  Durability,
  InboxCapability,
  InboxMessage,
  JournalCapability,
  JournalDamage,
  JournalOpening,
  JournalRemains,
  JournalWriter,
  LockCapability,
  LockRequest,
  PersistenceManager,
  PlanLease,
  Remains,
  RepairCapability,
  StoredBlob,
  StoredJournal,
} from './checkpoint/persistence-manager.js';
export { type RetentionPolicy, retentionPolicySchema } from './checkpoint/retention.js';
export { type Composer, composer } from './composer/composer.js';
export type { Decompose, DecomposeContext, Decomposer, ToolOffer } from './decompose/decomposer.js';
export type { PlanDraftInput } from './decompose/plan-draft.js';
export {
  BlobCorruptError,
  BlobMissingError,
  CheckpointCorruptError,
  type CheckpointDamage,
  CheckpointMismatchError,
  CheckpointNotFoundError,
  CheckpointVersionError,
  DecompositionError,
  FatalError,
  InvalidIdError,
  type Issue,
  JobDecisionError,
  type LockHolder,
  MissingPeerError,
  ModelError,
  type ModelFailure,
  NodeTimeoutError,
  OutputNotSerializableError,
  PersistenceError,
  PlanInvalidError,
  PlanLockedError,
  RedactionError,
  RetryAfterError,
  SignalInvalidError,
  SignalRefusedError,
  VibeError,
  type VibeErrorCode,
  VibeInvalidError,
} from './errors.js';
export type { BudgetOptions } from './execution/budget.js';
export type { BlobLabel } from './execution/context/blob.js';
export type { BlobInput } from './execution/context/blob-content.js';
export type { Job, JobStatus, JobSubmission } from './execution/context/job.js';
export type { Cost } from './execution/context/spending.js';
export type { WaitOptions } from './execution/context/wait-for.js';
export type { ExecutionEvent, ExecutionEventBody, Progress, ProgressListener } from './execution/execution-event.js';
export type { LimitOptions } from './execution/limit.js';
export type { HandlerEntry, Handlers, NodeContext, NodeHandler } from './execution/node-handler.js';
export type { Host, LogLevel } from './host.js';
export type {
  DrainOptions,
  ExecuteOptions,
  ListOptions,
  PlanOptions,
  PruneOptions,
  RepairOptions,
  VisualizationOptions,
} from './lifecycle/call-options.js';
export type { CreateCheckpointRequest } from './lifecycle/checkpoints.js';
export type { JobDecision } from './lifecycle/job-decision.js';
export type { OpenBlob } from './lifecycle/open-blob.js';
export type { MetaPlannerOptions } from './lifecycle/planner-options.js';
export type { PruneReport, SkippedPlan } from './lifecycle/prune.js';
export type { Redact, RedactionSubject } from './lifecycle/redaction.js';
export type { RepairedDamage, RepairReport } from './lifecycle/repair-report.js';
export type { SignalReceipt, SignalRequest } from './lifecycle/signal.js';
export type { VisualizedResult } from './lifecycle/visualize.js';
export { MetaPlanner } from './meta-planner.js';
export type { NodeType } from './plan/node-type.js';
export { type Vibe, type VibeInput, vibeSchema } from './plan/vibe.js';
export { type WorkflowNode, type WorkflowNodeInput, workflowNodeSchema } from './plan/workflow-node.js';
export { type WorkflowPlan, type WorkflowPlanInput, workflowPlanSchema } from './plan/workflow-plan.js';
export { type PictureFormat, type RenderOptions, renderPlan } from './render/render-plan.js';
export { assertCompleted } from './run/assert-completed.js';
export { type BlobRef, blobRefSchema } from './run/blob-ref.js';
export type { ExecutionResult, ExecutionSummary, FailedResult, PersistenceInfo } from './run/execution-result.js';
export type { ExecutionState } from './run/execution-state.js';
export type { CompletedResult, NodeResult, SerializedError } from './run/node-result.js';
export type { Pause } from './run/pause.js';
export type { EndStatus, RunStatus } from './run/run-record.js';
export {
  WorkflowPersistenceManager,
  type WorkflowPersistenceManagerOptions,
} from './stores/file/workflow-persistence-manager.js';
export { MemoryPersistenceManager } from './stores/memory.js';
