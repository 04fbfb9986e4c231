import { customAlphabet } from 'nanoid';

/** `setTimeout` fires at once for anything longer. */
export const maxTimerMs = 2 ** 31 - 1;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * What the embedding program lends us: time, ids and a place for log lines. Everything else in a run is a function of
 * the plan and of what handlers return, so a test that injects these has a run of its own making.
 *
 * @example
 * new MetaPlanner({ host: { log: (level, message, details) => logger[level](details, message) } });
 */
export interface Host {
  /** Milliseconds since 1970, UTC. Default: `Date.now`. */
  now(): number;
  /** A new unguessable id of lower-case letters, digits and `-`. Default: nanoid, 20 characters. */
  newId(): string;
  /** Calls back once after so many milliseconds, unless the function that it returns is called. Default: `setTimeout`. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** A number from 0 up to but without 1, for waits of random length. Default: `Math.random`. */
  random(): number;
  /** Takes a log line. An error in `details` has its name, message and code, and nothing else. Default: silent. */
  log(level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>): void;
}

const newId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 20);

/** Planners that share a clock share the function, and with it the order of what they make. */
const clocks = new WeakMap<object, Host['now']>();

function clockOf(given: Partial<Host>): Host['now'] {
  if (given.now === undefined) return Date.now;
  const shared = Object.hasOwn(given, 'now') ? given.now : given;
  const clock = clocks.get(shared) ?? (() => (given as Host).now());
  clocks.set(shared, clock);
  return clock;
}

/** The host with what is missing filled in. */
export function completeHost(given: Partial<Host> = {}): Host {
  return {
    now: clockOf(given),
    newId: given.newId === undefined ? () => newId() : () => (given as Host).newId(),
    random: given.random === undefined ? Math.random : () => (given as Host).random(),
    setTimer:
      given.setTimer === undefined ? setTimer : (callback, delayMs) => (given as Host).setTimer(callback, delayMs),
    log: (level, message, details) => {
      try {
        given.log?.(level, message, details);
      } catch {
        // A logger that throws has nobody left to tell, and must not disturb a run.
      }
    },
  };
}

function setTimer(callback: () => void, delayMs: number): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}

interface Moment {
  ms: number;
  iso: string;
}

/** The last two: nodes that settle in turn have begun in the same millisecond, and end in another one. */
let last: Moment = { ms: Number.NaN, iso: '' };
let older: Moment = { ms: Number.NaN, iso: '' };

/** Milliseconds since 1970 as ISO 8601, UTC. Many things happen in the same millisecond. */
export function isoTime(ms: number): string {
  if (ms === last.ms) return last.iso;
  [last, older] = [older, last];
  if (ms !== last.ms) {
    last.iso = new Date(ms).toISOString();
    last.ms = ms;
  }
  return last.iso;
}
