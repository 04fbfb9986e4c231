import { decodeSignal, type Signal } from '../checkpoint/node-record-codec.js';
import type { InboxCapability } from '../checkpoint/persistence-manager.js';
import type { Issue } from '../errors.js';
import type { Mailbox, OpenWait } from '../execution/mailbox.js';
import type { Host } from '../host.js';
import type { RunState } from '../run/run-state.js';

/** How often the inbox is looked at while somebody waits. */
const everyMs = 1000;

/**
 * The signals of a run, out of the inbox of its plan. Only whoever owns the plan empties it: what is in the record is
 * removed, and what a crash left there although it is in the record is removed too.
 */
export class RunMailbox implements Mailbox {
  private readonly waits = new Map<string, OpenWait>();
  /** What became of messages: their problems, or none when they were taken. */
  private readonly outcomes = new Map<string, readonly Issue[]>();
  private looking: Promise<void> = Promise.resolve();
  private isDue = false;
  private cancelTimer: (() => void) | undefined;

  constructor(
    private readonly state: RunState,
    private readonly inbox: InboxCapability,
    private readonly host: Host,
  ) {}

  open(wait: OpenWait): () => void {
    const key = keyOf(wait);
    this.waits.set(key, wait);
    this.lookLater();
    return () => {
      this.waits.delete(key);
      if (this.waits.size > 0) return;
      this.cancelTimer?.();
      this.cancelTimer = undefined;
    };
  }

  /** What a look that has begun already may have missed is seen by one more. */
  look(): Promise<void> {
    if (this.isDue) return this.looking;
    this.isDue = true;
    this.looking = this.looking.then(async () => {
      this.isDue = false;
      if (this.waits.size === 0) return;
      await this.takeAll().catch((error) => {
        this.host.log('warn', 'The inbox of a plan could not be read.', { planId: this.state.planId, error });
      });
    });
    return this.looking;
  }

  /** `undefined` while the message is in the inbox; none when it was taken. */
  problemsOf(messageId: string): readonly Issue[] | undefined {
    return this.outcomes.get(messageId);
  }

  private lookLater(): void {
    this.cancelTimer ??= this.host.setTimer(() => {
      this.cancelTimer = undefined;
      void this.look().then(() => {
        if (this.waits.size > 0) this.lookLater();
      });
    }, everyMs);
  }

  private async takeAll(): Promise<void> {
    const messages = await readSignals(this.state.planId, this.inbox);
    messages.sort((a, b) => (a.sentAt < b.sentAt ? -1 : Number(a.sentAt > b.sentAt)));
    const done: string[] = [];
    for (const message of messages) if (await this.isDone(message)) done.push(message.id);
    if (done.length > 0) await this.inbox.remove(this.state.planId, done);
  }

  /** Whether nobody needs the message any more. */
  private async isDone({ id, runId, nodeId, name, payload }: Message): Promise<boolean> {
    if (runId !== this.state.runId) return true;
    const wait = this.waits.get(keyOf({ nodeId, name }));
    const isAnswered = this.state.progress.get(nodeId)?.waits.get(name)?.payload !== undefined;
    if (isAnswered || this.state.results.get(nodeId)?.status === 'completed') return true;
    if (wait === undefined) return false;
    try {
      const issues = await wait.take({ id, payload });
      this.outcomes.set(id, issues);
      if (issues.length > 0) this.host.log('warn', 'A signal does not fit and is dropped.', { nodeId, name, issues });
      return true;
    } catch (error) {
      this.host.log('warn', 'A signal was not taken and stays in the inbox.', { nodeId, name, error });
      return false;
    }
  }
}

type Message = Signal & { readonly id: string };

/** Removes all signals of a plan whose run is complete: nobody will wait any more. Never rejects. */
export async function emptyInbox(planId: string, inbox: InboxCapability, { log }: Pick<Host, 'log'>): Promise<void> {
  try {
    const ids = (await readSignals(planId, inbox)).map(({ id }) => id);
    if (ids.length > 0) await inbox.remove(planId, ids);
  } catch (error) {
    log('warn', 'The inbox of a complete run could not be emptied.', { planId, error });
  }
}

/** What a newer version may have sent is left out, and stays. */
export async function readSignals(planId: string, inbox: InboxCapability): Promise<Message[]> {
  const messages: Message[] = [];
  for (const { id, text } of await inbox.read(planId)) {
    const signal = decodeSignal(text);
    if (signal !== undefined) messages.push({ id, ...signal });
  }
  return messages;
}

function keyOf({ nodeId, name }: { readonly nodeId: string; readonly name: string }): string {
  return JSON.stringify([nodeId, name]);
}
