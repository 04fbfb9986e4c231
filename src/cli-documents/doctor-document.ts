import { z } from 'zod';
import { versionField } from './version.js';

/** What `doctor --json` prints. */
export const doctorDocumentSchema = z.object({
  ...versionField,
  /** Whether nothing is bad. */
  isHealthy: z.boolean(),
  findings: z.array(
    z.object({
      subject: z.string(),
      /** `none`: it is not set up, and need not be. */
      status: z.enum(['ok', 'bad', 'none']),
      found: z.string(),
      /** What to do about it, a line each. */
      next: z.array(z.string()).optional(),
    }),
  ),
});
export type DoctorDocument = z.infer<typeof doctorDocumentSchema>;
