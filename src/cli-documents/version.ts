import { z } from 'zod';

/** Of every document: it changes when a field goes or changes its meaning. New fields may come at any time. */
export const versionField = { version: z.literal(1) };
