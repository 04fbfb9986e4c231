import { z } from 'zod';
import { amount } from './option-kinds.js';

const capsSchema = z.record(z.string(), amount());

/** What a run may spend. */
export const budgetSchema = z.strictObject({
  /** For the whole run, by currency: `{ USD: 5 }`. */
  run: capsSchema.optional(),
  /** For all nodes of a type together. */
  types: z.record(z.string(), capsSchema).optional(),
  /** For all nodes with this `parameters.tool` together. */
  tools: z.record(z.string(), capsSchema).optional(),
  /** What a cost counts for that is not known. Default `estimate`: what was reserved for it. */
  unknownCost: z.enum(['estimate', 'ignore', 'pause'], { error: "'estimate', 'ignore' or 'pause'" }).optional(),
});
