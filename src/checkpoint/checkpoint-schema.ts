import { z } from 'zod';
import { executionStateSchema, maxEpoch } from '../run/execution-state.js';

/** A snapshot to resume from: an execution state with an id and a time. */
export const checkpointSchema = executionStateSchema.extend({
  checkpointId: z.string().min(1),
  /** ISO 8601, UTC. */
  createdAt: z.iso.datetime({ offset: true }),
  vibeKey: z.string(),
  epoch: z.number().int().nonnegative().max(maxEpoch),
  seq: z.number().int().nonnegative(),
});
