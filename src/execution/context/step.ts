import type { AttemptControl } from '../attempt-control.js';

/** Does a part of a handler's work once: what it returned is recorded, and returned from the record ever after. */
export type Step = <T>(name: string, work: () => T | Promise<T>) => Promise<T>;

export async function runStep<T>(
  control: AttemptControl,
  signal: AbortSignal,
  name: string,
  work: () => T | Promise<T>,
): Promise<T> {
  control.claimName(name);
  const { id: nodeId } = control.placed.node;
  const steps = control.state.progress.get(nodeId)?.steps;
  if (steps?.has(name)) return steps.get(name) as T;
  try {
    return await control.whileBusy(async () => {
      signal.throwIfAborted(); // a handler that does not look at its signal begins nothing more
      const output = control.keep(await work(), `step ${JSON.stringify(name)}`);
      const named = control.blobs?.namedIn(output);
      await control.record({ kind: 'step_completed', nodeId, name, output, ...named, at: control.isoNow() });
      return output as T;
    });
  } catch (error) {
    control.releaseName(name);
    throw error;
  }
}
