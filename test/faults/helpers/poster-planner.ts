import { MetaPlanner, type MetaPlannerOptions, WorkflowPersistenceManager } from 'vibe-aigc';
import { type PosterHooks, posterOptions } from './poster-run.js';

export type Durability = 'strict' | 'relaxed';

export interface PosterSettings extends PosterHooks {
  readonly checkpointDir: string;
  readonly durability?: Durability;
  readonly checkpointInterval?: number;
  readonly onProgress?: MetaPlannerOptions['onProgress'];
  /** Default 20: a lock that nobody can judge is taken over soon. */
  readonly lockTakeoverMs?: number;
}

/** A planner on a store of its own, as a new process has them. */
export function posterPlanner(settings: PosterSettings): MetaPlanner {
  const { checkpointDir, durability, checkpointInterval, onProgress, lockTakeoverMs = 20, ...hooks } = settings;
  return new MetaPlanner({
    persistenceManager: new WorkflowPersistenceManager({ checkpointDir, lockTakeoverMs }),
    concurrency: 3,
    ...posterOptions(hooks),
    durability,
    checkpointInterval,
    onProgress,
  });
}
