import type { Issue } from '../errors.js';

/** Where the signals for the nodes of a run come in. */
export interface Mailbox {
  /** Hands the first signal that fits to this wait, until the function that it answers is called. */
  open(wait: OpenWait): () => void;
  /** Hands over what has come so far. Never rejects: what cannot be read now is there later. */
  look(): Promise<void>;
}

export interface OpenWait {
  readonly nodeId: string;
  readonly name: string;
  /**
   * Records the signal and lets the handler go on; answers why not, when it does not fit. Rejects when the attempt is
   * over, or the log fails.
   */
  take(signal: { readonly id: string; readonly payload: unknown }): Promise<readonly Issue[]>;
}
