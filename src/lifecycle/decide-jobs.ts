import { JobDecisionError } from '../errors.js';
import { isoTime } from '../host.js';
import { copyJson, freezeJson } from '../plan/json-value.js';
import type { NodeRecord } from '../run/node-record.js';
import type { RunState } from '../run/run-state.js';
import type { JobDecision, JobDecisions } from './job-decision.js';
import type { PlannerServices } from './planner-services.js';

/**
 * The records that decisions amount to. A decision is taken once: it is refused where there is no doubt any more, so that
 * a call which is made again cannot submit again.
 * @throws JobDecisionError
 */
export function decidedJobs(
  decisions: JobDecisions | undefined,
  planId: string,
  state: RunState | undefined,
  { host, redactor }: Pick<PlannerServices, 'host' | 'redactor'>,
): NodeRecord[] {
  if (decisions === undefined) return [];
  const at = isoTime(host.now());
  return Object.entries(decisions).flatMap(([nodeId, ofNode]) =>
    Object.entries(ofNode).map(([name, decision]) => {
      const reason = whyCertain(state, nodeId, name);
      if (reason !== undefined) throw new JobDecisionError(planId, nodeId, name, reason);
      return recordOf(decision, { nodeId, name, at }, redactor);
    }),
  );
}

function whyCertain(state: RunState | undefined, nodeId: string, name: string): string | undefined {
  if (state === undefined) return 'there is no run to go on with';
  if (state.graph.get(nodeId) === undefined) return 'the plan has no such node';
  if (state.results.get(nodeId)?.status === 'completed') return 'the node is complete';
  const { steps, jobs } = state.progress.get(nodeId) ?? {};
  if (steps?.has(name)) return 'its result is recorded';
  const job = jobs?.get(name);
  if (job?.isWithdrawn) return 'it is not with the provider, and the next attempt submits it';
  if (job?.handle !== undefined) return 'it was submitted, and the next attempt polls it';
  if (job !== undefined) return undefined;
  const others = [...(jobs ?? [])].flatMap(([other, { handle }]) => (handle ? [] : [JSON.stringify(other)]));
  return `no such job was begun${others.length > 0 ? `; in doubt here: ${others.slice(0, 10).join(', ')}` : ''}`;
}

function recordOf(
  decision: JobDecision,
  named: { nodeId: string; name: string; at: string },
  redactor: PlannerServices['redactor'],
): NodeRecord {
  if (decision === 'submit again') return { kind: 'job_withdrawn', ...named };
  if ('adopt' in decision)
    return { kind: 'job_started', ...named, handle: freezeJson(jsonOf(decision.adopt, 'adopt', named)) };
  const result = jsonOf(decision.skip, 'skip', named);
  const output = redactor === undefined ? freezeJson(result) : redactor.output(result, named.nodeId);
  return { kind: 'step_completed', ...named, output };
}

function jsonOf(value: unknown, key: string, { nodeId, name }: { nodeId: string; name: string }): unknown {
  const copy = copyJson(value, `jobs.${nodeId}.${name}.${key}`);
  if (!copy.ok) throw new TypeError(`Option "${copy.path}" of executeWithResume must be plain JSON (${copy.reason}).`);
  return copy.value;
}
