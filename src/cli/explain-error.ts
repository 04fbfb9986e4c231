import type {
  CheckpointCorruptError,
  CheckpointNotFoundError,
  CheckpointVersionError,
  PersistenceError,
} from 'vibe-aigc';
import { VibeError } from 'vibe-aigc';
import type { Explanation } from './command-error.js';
import { checkpointsCommand, commandLine, shellWord } from './command-line.js';
import { type ExitCode, exit, exitCodeOf } from './exit-codes.js';

interface Explained {
  readonly exitCode: ExitCode;
  readonly explanation: Explanation;
}

/** What the command that failed was given: its folder, and its model. */
interface Where {
  readonly dir?: string | undefined;
  readonly model?: string | undefined;
}

/** Any error in the words of the command line: the messages of the library speak of its methods. */
export function explainError(error: unknown, where: Where = {}): Explained {
  if (VibeError.is(error))
    return { exitCode: exitCodeOf[error.code] ?? exit.failed, explanation: explain(error, where) };
  const message = error instanceof Error ? error.message : String(error);
  // What was given to us was handed on, and the library does not take it.
  if (error instanceof TypeError && message.startsWith('Option "')) {
    return { exitCode: exit.usage, explanation: { what: message } };
  }
  const next = ['run it again with --verbose, and report what it prints'];
  return { exitCode: exit.failed, explanation: { what: `Something went wrong: ${message}`, next } };
}

function explain(error: VibeError, { dir, model }: Where): Explanation {
  switch (error.code) {
    case 'CHECKPOINT_NOT_FOUND': {
      const { checkpointId, planId } = error as CheckpointNotFoundError;
      const which = checkpointId === undefined ? `of plan ${JSON.stringify(planId)}` : JSON.stringify(checkpointId);
      return {
        what: `There is no checkpoint ${which}.`,
        next: [`${checkpointsCommand('list', dir)}   shows those that exist`],
      };
    }
    case 'CHECKPOINT_CORRUPT': {
      const { planId, reason, location, checkpointId, fallbackCheckpointId } = error as CheckpointCorruptError;
      const which = checkpointId === undefined ? 'A checkpoint' : `Checkpoint ${checkpointId}`;
      const intact = `${checkpointsCommand(`show ${fallbackCheckpointId}`, dir)}   shows the latest intact one of this plan`;
      const repair = `${checkpointsCommand(`repair ${shellWord(planId)}`, dir)}   saves all that is intact of the plan`;
      const remove = `${checkpointsCommand(`delete ${checkpointId}`, dir)}   removes the damaged one`;
      return {
        what: `${which} of plan ${JSON.stringify(planId)} is damaged.`,
        why: `${reason} (${location})`,
        next: [
          repair,
          ...(fallbackCheckpointId === undefined ? [] : [intact]),
          ...(checkpointId === undefined ? [] : [remove]),
        ],
      };
    }
    case 'CHECKPOINT_VERSION_UNSUPPORTED': {
      const { planId, found, checkpointId } = error as CheckpointVersionError;
      const which = checkpointId === undefined ? 'A checkpoint' : `Checkpoint ${checkpointId}`;
      return {
        what: `${which} of plan ${JSON.stringify(planId)} was written by a newer version of vibe-aigc.`,
        why: `it has ${found}, which this version cannot read`,
        next: ['update vibe-aigc; nothing was touched'],
      };
    }
    case 'PERSISTENCE_FAILED': {
      const { planId, reason } = error as PersistenceError;
      return {
        what:
          planId === undefined ? 'The checkpoint store failed.' : `The store of plan ${JSON.stringify(planId)} failed.`,
        why: reason,
        next: ['look at --dir and its permissions, then run the same command again'],
      };
    }
    case 'MODEL_FAILED':
      return {
        what: error.message,
        next:
          model === undefined
            ? []
            : [`${commandLine(['doctor', '--model', model])}   tells where it is asked for, and whether it is there`],
      };
    default:
      return { what: error.message };
  }
}
