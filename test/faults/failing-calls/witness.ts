import type { ExecutionEvent } from 'vibe-aigc';

/** What a program sees of one call of the library. */
export class Witness {
  readonly called: string[] = [];
  /** Outputs by node, as handlers returned them. */
  readonly returned = new Map<string, string>();
  readonly acknowledged: string[] = [];
  /** Ids of checkpoints that were announced. */
  readonly saved: string[] = [];
  readonly surprises: string[] = [];
  /** Of the run, once its plan was saved. */
  runId: string | undefined;
  /** Whether there is a run that an error can tell of. */
  hasRun = false;

  onPlanned(): void {
    this.hasRun = true;
  }

  onCall(nodeId: string): void {
    this.called.push(nodeId);
  }

  onReturn(nodeId: string, output: unknown): void {
    this.returned.set(nodeId, JSON.stringify(output));
  }

  see(event: ExecutionEvent): void {
    if (event.type === 'run_started') this.hasRun ||= event.resumed;
    if (event.type === 'plan_created') this.runId = event.runId;
    if (event.type === 'node_completed') this.acknowledged.push(event.nodeId);
    if (event.type === 'checkpoint_saved' && event.listed) this.saved.push(event.checkpointId);
    if (event.type === 'checkpoint_corrupt') this.surprises.push(`it saw damage: ${event.reason}`);
    if (event.type === 'lock_waiting') this.surprises.push('it waited for a lock that nobody has');
  }

  /** Handlers that have not returned. */
  get busy(): number {
    return this.called.length - this.returned.size;
  }
}

/** How a call ended. */
export type Ended<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: unknown };

export async function endOf<T>(call: () => Promise<T>): Promise<Ended<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: error ?? 'nothing' };
  }
}
