/**
 * All that works for a planner, in one piece: loaded at the first call that needs it, before anything is locked or paid.
 * Nothing is loaded in the middle of a run, so a program whose files are replaced under it still ends its runs.
 */
export { createCheckpoint, deleteCheckpoint, getCheckpoint, listCheckpoints } from './lifecycle/checkpoints.js';
export { planVibe } from './lifecycle/make-plan.js';
export { openBlob } from './lifecycle/open-blob.js';
export { plannerServicesOf } from './lifecycle/planner-services.js';
export { pruneCheckpoints } from './lifecycle/prune.js';
export { repairCheckpoints } from './lifecycle/repair.js';
export { afterRun, runVibe } from './lifecycle/run-vibe.js';
export { sendSignal } from './lifecycle/signal.js';
