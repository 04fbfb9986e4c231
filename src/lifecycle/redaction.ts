import { PlanInvalidError, RedactionError, VibeError } from '../errors.js';
import { issuesOf } from '../plan/issues.js';
import { copyJson, isPlainObject } from '../plan/json-value.js';
import { canonicalVibe, parseVibe, type Vibe, vibeSchema } from '../plan/vibe.js';
import { parsePlan, type WorkflowPlan } from '../plan/workflow-plan.js';
import type { SerializedError } from '../run/node-result.js';
import { serializeError } from '../run/serialize-error.js';
import type { AskedCall, RunCall } from './run-call.js';

/** What a redact hook is given. */
export interface RedactionSubject {
  readonly kind: 'vibe' | 'plan' | 'output' | 'message' | 'error';
  /** For an `output`, a `message` of `ctx.report`, and the `error` of a node. */
  readonly nodeId?: string;
}

/**
 * Returns what may be stored or told of a vibe, a plan, an output, a message of `ctx.report`, or an error
 * (`{ name, message, code? }`), in the same shape.
 * The value is a copy that the hook may change. It is called synchronously, must give the same for the same, and must
 * leave what it has returned before as it is.
 *
 * @example
 * const redact: Redact = (value) => JSON.parse(JSON.stringify(value).replaceAll(/sk-\w+/g, '[key]'));
 */
export type Redact = (value: unknown, where: RedactionSubject) => unknown;

/** Asks the hook, and checks what it answers. Never says what it was given, nor what the hook threw. */
export class Redactor {
  constructor(private readonly hook: Redact) {}

  /** @throws RedactionError */
  vibe(vibe: Vibe): Vibe {
    const answer = this.ask(parseVibe(vibe), { kind: 'vibe' });
    const parsed = vibeSchema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new RedactionError('vibe', `it returned what is no vibe (${listOf(issuesOf(parsed.error))})`);
  }

  /** The id stays, and so does the vibe, which has been redacted by itself. @throws RedactionError */
  plan(plan: WorkflowPlan): WorkflowPlan {
    const answer = this.ask(parsePlan(plan), { kind: 'plan' });
    try {
      return { ...parsePlan(answer), id: plan.id, sourceVibe: plan.sourceVibe };
    } catch (error) {
      if (!(error instanceof PlanInvalidError)) throw error;
      throw new RedactionError('plan', `it returned what is no plan (${listOf(error.issues)})`);
    }
  }

  /**
   * @param output a copy of its own
   * @returns frozen JSON
   * @throws RedactionError
   */
  output(output: unknown, nodeId: string): unknown {
    const answer = this.ask(output, { kind: 'output', nodeId });
    if (answer === undefined) {
      throw new RedactionError('output', 'it returned nothing; return null to leave an output out', nodeId);
    }
    const copy = copyJson(answer, 'output', { freeze: true });
    if (copy.ok) return copy.value;
    throw new RedactionError('output', `it returned what is not JSON (${copy.reason})`, nodeId);
  }

  /** What may be told of how far a node is. Never throws: where the hook fails, or returns no text, that is nothing. */
  message(message: string, nodeId: string): string | undefined {
    try {
      const answer = this.hook(message, { kind: 'message', nodeId });
      return typeof answer === 'string' ? answer : undefined;
    } catch {
      return undefined; // a hook that fails must not cost the paid work that tells how far it is
    }
  }

  /** What is kept of something that was thrown. Never throws: where the hook fails, nothing of the error is kept. */
  error(thrown: unknown, nodeId?: string): SerializedError {
    const error = serializeError(thrown);
    if (VibeError.is(thrown) && thrown.code === 'REDACTION_FAILED') return error;
    try {
      const where = { kind: 'error' as const, ...(nodeId !== undefined && { nodeId }) };
      const answer = this.ask({ ...error }, where);
      if (isErrorLike(answer)) return serializeError(answer);
      return serializeError(new RedactionError('error', 'it returned what has no name and message', nodeId));
    } catch (failure) {
      return serializeError(failure);
    }
  }

  private ask(value: unknown, where: RedactionSubject & { readonly kind: RedactionError['kind'] }): unknown {
    try {
      return this.hook(value, where);
    } catch (cause) {
      throw new RedactionError(where.kind, 'it threw', where.nodeId, { cause });
    }
  }
}

/** A call as it may be stored. @throws RedactionError: nothing was run and nothing was written */
export function redactCall(call: AskedCall, redactor: Redactor | undefined): RunCall {
  const { vibe, plan } = call;
  if (redactor === undefined) return { ...call, storedVibe: vibe };
  const storedVibe = redactor.vibe(vibe);
  const isSame = canonicalVibe(storedVibe) === canonicalVibe(vibe);
  return {
    ...call,
    storedVibe,
    ...(!isSame && { isVibeRedacted: true }),
    ...(plan !== undefined && { plan: redactor.plan({ ...plan, sourceVibe: storedVibe }) }),
  };
}

function isErrorLike(answer: unknown): boolean {
  return isPlainObject(answer) && typeof answer.name === 'string' && typeof answer.message === 'string';
}

function listOf(issues: ReadonlyArray<{ readonly path: string; readonly message: string }>): string {
  return issues
    .slice(0, 3)
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ');
}
