import { z } from 'zod';
import { type Issue, SignalInvalidError, VibeError } from '../../errors.js';
import { issuesOf } from '../../plan/issues.js';
import { copyJson, equalJson, type JsonObject } from '../../plan/json-value.js';
import { issuesOfPayload, readerOf } from '../../run/payload-schema.js';
import type { AttemptControl } from '../attempt-control.js';
import type { Mailbox } from '../mailbox.js';

export interface WaitOptions<T = unknown> {
  /** What the payload must be: a schema of zod 4, whose output the handler gets, or a JSON Schema. Default: anything. */
  readonly schema?: z.ZodType<T> | Readonly<Record<string, unknown>>;
}

/** Waits for a signal of this name: what came is recorded, and comes from the record ever after. */
export type WaitFor = <T = unknown>(name: string, options?: WaitOptions<T>) => Promise<T>;

export async function waitFor<T>(control: AttemptControl, name: string, options: WaitOptions<T> = {}): Promise<T> {
  control.claimName(name);
  const { id: nodeId } = control.placed.node;
  const { planId } = control.state;
  const schema = new PayloadSchema(options.schema);
  const read = async (payload: unknown): Promise<T> => {
    const answer = await schema.read(payload);
    if (answer.issues.length > 0) throw new SignalInvalidError(planId, nodeId, name, answer.issues);
    return answer.value as T;
  };
  const before = control.state.progress.get(nodeId)?.waits.get(name);
  if (before?.payload !== undefined) return read(before.payload.value);
  if (control.mailbox === undefined) throw new VibeError('NO_INBOX', noInbox(nodeId, name));
  if (before === undefined || !equalJson(before.schema, schema.stored)) {
    const stored = schema.stored !== undefined && { schema: schema.stored };
    await control.record({ kind: 'wait_started', nodeId, name, ...stored, at: control.isoNow() });
  }
  return read(await signalOf({ nodeId, name, schema }, control, control.mailbox));
}

/** The attempt counts as busy until the handler really goes on: a pause in between would leave the answer unread. */
async function signalOf(
  { nodeId, name, schema }: { readonly nodeId: string; readonly name: string; readonly schema: PayloadSchema },
  control: AttemptControl,
  mailbox: Mailbox,
): Promise<unknown> {
  let goOn: (payload: unknown) => void = () => {};
  const came = new Promise<unknown>((resolve) => {
    goOn = resolve;
  });
  let parked: Promise<unknown> = came;
  const close = mailbox.open({
    nodeId,
    name,
    take: ({ id, payload }) =>
      control.whileBusy(async () => {
        const { issues } = await schema.read(payload);
        if (issues.length > 0) return issues;
        const kept = control.keep(payload, `signal ${JSON.stringify(name)}`);
        const at = control.isoNow();
        await control.record({ kind: 'signal_received', nodeId, name, signalId: id, payload: kept, at });
        goOn(kept);
        await parked.catch(() => {});
        return [];
      }),
  });
  try {
    const looked = control.whileBusy(() => mailbox.look());
    parked = control.park({ reason: 'signal', nodeId, name }, came);
    parked.catch(() => {}); // met below
    control.emit({ type: 'node_waiting', nodeId, name });
    await Promise.all([looked, parked]);
    return await parked;
  } finally {
    close();
  }
}

/** What a handler asks of a payload, and how that is told to whoever sends one. */
class PayloadSchema {
  readonly stored: JsonObject | undefined;
  private readonly zod: z.ZodType | undefined;

  /** @throws TypeError for what is no schema, or none that can be told to another process */
  constructor(schema: WaitOptions['schema']) {
    if (schema === undefined) return;
    try {
      this.zod = '_zod' in schema ? (schema as z.ZodType) : undefined;
      const asJson = this.zod && z.toJSONSchema(this.zod, { io: 'input', unrepresentable: 'any' });
      const copy = copyJson(asJson === undefined ? schema : JSON.parse(JSON.stringify(asJson)), 'schema');
      if (!copy.ok) throw new TypeError(`${copy.path}: ${copy.reason}`);
      this.stored = copy.value as JsonObject;
      readerOf(this.stored);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TypeError(`waitFor takes a schema of zod 4 or a JSON Schema (${reason.slice(0, 200)}).`, { cause });
    }
  }

  async read(payload: unknown): Promise<{ readonly issues: readonly Issue[]; readonly value?: unknown }> {
    if (this.zod === undefined) return { issues: issuesOfPayload(payload, this.stored), value: payload };
    const parsed = await this.zod.safeParseAsync(payload);
    return parsed.success ? { issues: [], value: parsed.data } : { issues: issuesOf(parsed.error) };
  }
}

function noInbox(nodeId: string, name: string): string {
  const what = `Node ${JSON.stringify(nodeId)} cannot wait for ${JSON.stringify(name)}: nothing could reach it`;
  return `${what}. Use a store with an inbox, and executeWithResume or checkpointInterval.`;
}
