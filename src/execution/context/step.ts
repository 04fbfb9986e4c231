import { OutputNotSerializableError } from '../../errors.js';
import { copyJson } from '../../plan/json-value.js';
import type { AttemptControl } from '../attempt-control.js';

/** Does a part of a handler's work once: what it returned is recorded, and returned from the record ever after. */
export type Step = <T>(name: string, work: () => T | Promise<T>) => Promise<T>;

export function stepOf(control: AttemptControl): Step {
  return async <T>(name: string, work: () => T | Promise<T>) => {
    control.claimName(name);
    const { id: nodeId } = control.placed.node;
    const steps = control.state.progress.get(nodeId)?.steps;
    if (steps?.has(name)) return steps.get(name) as T;
    return control.whileBusy(async () => {
      const copy = copyJson(await work(), `step ${JSON.stringify(name)}`, { freeze: true });
      if (!copy.ok) throw new OutputNotSerializableError(nodeId, copy.path, copy.reason);
      await control.record({ kind: 'step_completed', nodeId, name, output: copy.value, at: control.isoNow() });
      return copy.value as T;
    });
  };
}
