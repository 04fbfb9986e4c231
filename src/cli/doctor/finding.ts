/** What the doctor found out about one thing. */
export interface Finding {
  readonly subject: string;
  /** `none`: it is not set up, and need not be. */
  readonly status: 'ok' | 'bad' | 'none';
  /** In words. */
  readonly found: string;
  /** What to do about it, a line each. */
  readonly next?: readonly string[];
}
