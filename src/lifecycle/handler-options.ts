import { z } from 'zod';
import type { HandlerEntry, Handlers } from '../execution/node-handler.js';
import type { Retry } from '../execution/retry.js';
import { maxTimerMs } from '../host.js';
import { isPlainObject } from '../plan/json-value.js';
import { nodeTypes } from '../plan/node-type.js';
import { fn, hasMethods, whole } from './option-kinds.js';

const retrySchema = z.strictObject({
  /** Attempts in all. Default 1: nothing is tried again. */
  maxAttempts: whole(1).optional(),
  /** Milliseconds between the end of an attempt and the start of the next. Default 0; with `exponential`, 1,000. */
  delayMs: whole(0, maxTimerMs).optional(),
  /** `constant`: always `delayMs`. `exponential`: a random time up to `delayMs`, which doubles each time. */
  backoff: z.custom<'constant' | 'exponential'>(isBackoff, "'constant' or 'exponential'").optional(),
  /** Milliseconds that no wait of our own making is longer than. Default with `exponential`: 60,000. */
  maxDelayMs: whole(0, maxTimerMs).optional(),
  /** Whether this failure is worth another attempt; `attempt` is the one that failed, from 1. Default: it is. */
  shouldRetry: fn<(error: unknown, attempt: number) => boolean>().optional(),
});

/** Options, or the word for the usual ones. */
export const retryOption = z.union([z.literal('standard'), retrySchema]) as unknown as z.ZodType<Retry, Retry>;

/** Who serves which node, as it was when the planner was made. */
export const handlersSchema = z
  .strictObject({
    ...(Object.fromEntries(nodeTypes.map((type) => [type, handler()])) as Record<
      (typeof nodeTypes)[number],
      ReturnType<typeof handler>
    >),
    default: handler(),
    tools: z
      .custom<Record<string, HandlerEntry>>(
        (tools) => isPlainObject(tools) && Object.values(tools).every(isHandler),
        'functions by tool name',
      )
      .optional(),
  })
  .transform(
    ({ tools, ...handlers }): Handlers => ({ ...handlers, ...(tools !== undefined && { tools: { ...tools } }) }),
  );

/** @throws TypeError for a handler that names a limit which is not there */
export function checkLimitNames(handlers: Handlers, limits: Readonly<Record<string, unknown>>): void {
  const { tools = {}, ...types } = handlers;
  for (const [name, entry] of [...Object.entries(types), ...Object.entries(tools)]) {
    const named = typeof entry === 'object' ? (entry.limits ?? []) : [];
    const stranger = named.find((limit) => !Object.hasOwn(limits, limit));
    if (stranger === undefined) continue;
    const known = Object.keys(limits).join(', ') || 'none';
    throw new TypeError(`Handler "${name}" names the limit "${stranger}", which limits lacks. Known: ${known}.`);
  }
}

function handler() {
  return z
    .custom<HandlerEntry>(
      isHandler,
      'a function, or { run, version?, retry?, timeoutMs?, nodeTimeoutMs?, heartbeatTimeoutMs?, limits?, description?, parameters? }',
    )
    .optional();
}

function isHandler(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { run, version, retry, limits, description, parameters, ...given } = value as Partial<Record<string, unknown>>;
  const isNamed = typeof run === 'function' && (version === undefined || typeof version === 'string');
  const times = [given.timeoutMs, given.nodeTimeoutMs, given.heartbeatTimeoutMs];
  const isTimed = times.every((ms) => ms === undefined || whole(1, maxTimerMs).safeParse(ms).success);
  const areNames = Array.isArray(limits) && limits.every((name) => typeof name === 'string');
  if (limits !== undefined && !areNames) return false;
  if (description !== undefined && typeof description !== 'string') return false;
  if (parameters !== undefined && !(hasMethods(parameters, ['safeParse']) && '_zod' in (parameters as object)))
    return false;
  return isNamed && isTimed && (retry === undefined || retryOption.safeParse(retry).success);
}

function isBackoff(value: unknown): boolean {
  return value === 'constant' || value === 'exponential';
}
