import { MetaPlanner, type MetaPlannerOptions, WorkflowPersistenceManager } from 'vibe-aigc';
import { type PosterHooks, posterOptions } from './poster-run.js';

export type Durability = 'strict' | 'relaxed';

export interface PosterSettings extends PosterHooks {
  readonly checkpointDir: string;
  readonly durability?: Durability;
  readonly checkpointInterval?: number;
  readonly onProgress?: MetaPlannerOptions['onProgress'];
}

/** A planner on a store of its own, as a new process has them. A lock that nobody can judge is taken over soon. */
export function posterPlanner(settings: PosterSettings): MetaPlanner {
  const { checkpointDir, durability, checkpointInterval, onProgress, ...hooks } = settings;
  const store = { checkpointDir, ...(hasJournal && { lockTakeoverMs: 20 }) };
  const options = {
    persistenceManager: new WorkflowPersistenceManager(store),
    concurrency: 3,
    ...posterOptions(hooks),
    ...(checkpointInterval !== undefined && { checkpointInterval }),
    ...(hasJournal && durability !== undefined && { durability }),
    ...(onProgress !== undefined && { onProgress }),
  };
  return new MetaPlanner(options);
}

/** Whether every record is kept and not only every save. */
export const hasJournal = knowsDurability();

function knowsDurability(): boolean {
  try {
    new MetaPlanner({ durability: 'strict' } as MetaPlannerOptions);
    return true;
  } catch {
    return false;
  }
}
