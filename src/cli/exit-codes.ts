import type { VibeErrorCode } from 'vibe-aigc';

/** What the shell is told. Scripts branch on these numbers: they never change their meaning. */
export const exit = {
  done: 0,
  /** The run or its storage failed, or the user said no. */
  failed: 1,
  usage: 2,
  notFound: 3,
  /** A checkpoint that is locked, damaged, of something else, or of a newer version. */
  unusable: 4,
  /** A provider, its authentication, or the configuration. */
  setup: 5,
  /** Nothing has failed, and nothing more can be done for now: the run waits for somebody, or for a time. */
  paused: 6,
  /** Ctrl-C, before it was done. */
  interrupted: 130,
  /** SIGTERM, likewise. */
  terminated: 143,
} as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

/** Every error of the library, and what it is for the shell. */
export const exitCodeOf = {
  VIBE_INVALID: exit.usage,
  PLAN_INVALID: exit.usage,
  INVALID_ID: exit.usage,
  CHECKPOINT_NOT_FOUND: exit.notFound,
  CHECKPOINT_CORRUPT: exit.unusable,
  CHECKPOINT_MISMATCH: exit.unusable,
  CHECKPOINT_VERSION_UNSUPPORTED: exit.unusable,
  PLAN_LOCKED: exit.unusable,
  MISSING_PEER: exit.setup,
  MODEL_FAILED: exit.setup,
  DECOMPOSITION_FAILED: exit.failed,
  PERSISTENCE_FAILED: exit.failed,
  NODE_TIMEOUT: exit.failed,
  OUTPUT_NOT_SERIALIZABLE: exit.failed,
  REDACTION_FAILED: exit.failed,
  JOB_DECISION_REFUSED: exit.usage,
  RUN_NOT_COMPLETED: exit.failed,
  SIGNAL_INVALID: exit.usage,
  SIGNAL_REFUSED: exit.failed,
  NO_INBOX: exit.setup,
  BLOB_MISSING: exit.notFound,
  BLOB_CORRUPT: exit.unusable,
  NO_BLOBS: exit.setup,
  RUN_TIMEOUT: exit.failed,
  PLANNER_CLOSED: exit.failed,
} as const satisfies Record<VibeErrorCode, ExitCode>;
