import { isoTime } from '../host.js';
import type { Pause } from '../run/pause.js';
import { isBusy, retryAfterOf } from './provider-error.js';

/** How much of something may be used at once, and in a minute. What is left out is unlimited. */
export interface LimitOptions {
  /** Attempts under way at once. */
  readonly concurrency?: number;
  /** Attempts begun in a minute, evenly spread after a first burst of as many. */
  readonly perMinute?: number;
  /** Tokens in a minute, as `ctx.spend` tells of them. */
  readonly tokensPerMinute?: number;
}

export interface LimitClock {
  now(): number;
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** How an attempt ended: what it failed with, if it did; `undefined` when it says nothing about the provider. */
type AttemptEnd = { readonly error: unknown } | undefined;

/** Without a word of the provider, the first wait after it refused; it doubles with each refusal, up to the longest. */
const firstWaitMs = 1_000;
const longestWaitMs = 60_000;

/**
 * One limit, shared by all runs of a planner. Attempts that must wait stand in one queue, woken one by one as there is
 * room; a provider that refuses one of them ("429") is left alone by all, and then asked by a single probe.
 */
export class Limit {
  private active = 0;
  private readonly requests: Bucket | undefined;
  private readonly tokens: Bucket | undefined;
  private readonly waiting = new Set<() => void>();
  private blockedUntilMs = Number.NEGATIVE_INFINITY;
  private refusals = 0;
  private isProbing = false;
  private cancelTimer: (() => void) | undefined;

  constructor(
    readonly name: string,
    private readonly options: LimitOptions,
    private readonly clock: LimitClock,
  ) {
    const { perMinute, tokensPerMinute } = options;
    this.requests = perMinute === undefined ? undefined : new Bucket(perMinute, clock.now());
    this.tokens = tokensPerMinute === undefined ? undefined : new Bucket(tokensPerMinute, clock.now());
  }

  /** Milliseconds until an attempt may begin, as far as is known; `undefined` when others have to end first. */
  waitMs(): number | undefined {
    const nowMs = this.clock.now();
    if (this.blockedUntilMs > nowMs) return this.blockedUntilMs - nowMs;
    if (this.refusals > 0 && this.isProbing) return undefined;
    if (this.active >= (this.options.concurrency ?? Number.POSITIVE_INFINITY)) return undefined;
    return Math.max(this.requests?.waitMs(1, nowMs) ?? 0, this.tokens?.waitMs(0, nowMs) ?? 0);
  }

  /** An attempt begins. Only when `waitMs` is 0. */
  take(): LimitPlace {
    const isProbe = this.refusals > 0;
    this.active++;
    this.requests?.take(1, this.clock.now());
    if (isProbe) this.isProbing = true;
    return new LimitPlace(this, isProbe);
  }

  useTokens(tokens: number): void {
    this.tokens?.take(tokens, this.clock.now());
  }

  /** For a place that is given back. */
  leave(isProbe: boolean, end: AttemptEnd): void {
    this.active--;
    if (isProbe) this.isProbing = false;
    if (end !== undefined && this.learn(isProbe, end)) this.askAgain();
    else this.wake();
  }

  /** For a probe that nobody waits for any more: another one may ask. */
  giveUpProbe(): void {
    this.isProbing = false;
    this.wake();
  }

  /** Everybody who waits: it may be too long for some now. */
  private askAgain(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const again of waiting) again();
  }

  /** Called once when it is worth asking again. */
  wait(again: () => void): void {
    this.waiting.add(again);
    this.wakeLater();
  }

  /** Nobody waits for this any more. */
  forget(again: () => void): void {
    this.waiting.delete(again);
    if (this.waiting.size > 0) return;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  /** When an attempt may begin again; for a wait that is known. */
  pauseOf(waitMs: number): Pause {
    return { reason: 'rate_limit', limit: this.name, resumeAt: isoTime(this.clock.now() + waitMs) };
  }

  /** @returns whether the provider is to be left alone from now on, or for longer */
  private learn(isProbe: boolean, { error }: { readonly error: unknown }): boolean {
    if (!isProbe && this.refusals > 0) return false; // begun before the provider refused another one: old news
    if (!isBusy(error)) {
      this.refusals = 0;
      return false;
    }
    const nowMs = this.clock.now();
    const ownMs = Math.min(firstWaitMs * 2 ** this.refusals, longestWaitMs);
    this.refusals = Math.min(this.refusals + 1, 20);
    this.blockedUntilMs = nowMs + (retryAfterOf(error, nowMs) ?? ownMs);
    return true;
  }

  /** One after the other while there is room: each asks again. */
  private wake(): void {
    for (const again of this.waiting) {
      if (this.waitMs() !== 0) break;
      this.waiting.delete(again);
      again();
    }
    this.wakeLater();
  }

  private wakeLater(): void {
    const waitMs = this.waitMs();
    if (this.cancelTimer !== undefined || waitMs === undefined || this.waiting.size === 0) return;
    this.cancelTimer = this.clock.setTimer(() => {
      this.cancelTimer = undefined;
      this.wake();
    }, waitMs);
  }
}

/** What an attempt takes up of a limit. */
export class LimitPlace {
  constructor(
    private readonly limit: Limit,
    private isProbe: boolean,
  ) {}

  /** The attempt is over. Only once. */
  leave(end: AttemptEnd): void {
    this.limit.leave(this.isProbe, end);
  }

  /** The attempt goes on, and its place is taken; but it may never end, and others do not wait for what it learns. */
  giveUp(): void {
    if (!this.isProbe) return;
    this.isProbe = false;
    this.limit.giveUpProbe();
  }
}

/** A token bucket: full at first, refilled evenly; what was used beyond it has to be refilled first. */
class Bucket {
  private level: number;

  constructor(
    private readonly perMinute: number,
    private filledAtMs: number,
  ) {
    this.level = perMinute;
  }

  waitMs(needed: number, nowMs: number): number {
    this.fill(nowMs);
    const missing = Math.max(needed, Number.MIN_VALUE) - this.level;
    return missing <= 0 ? 0 : Math.ceil((missing * 60_000) / this.perMinute);
  }

  take(amount: number, nowMs: number): void {
    this.fill(nowMs);
    this.level -= amount;
  }

  private fill(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.filledAtMs); // a clock may go back
    this.level = Math.min(this.perMinute, this.level + (passedMs * this.perMinute) / 60_000);
    this.filledAtMs = nowMs;
  }
}
