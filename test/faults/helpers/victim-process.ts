import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { FaultOrder, Job, LedgerEntry, Operation } from '../child/protocol.js';

const preload = fileURLToPath(new URL('../child/preload.cjs', import.meta.url));

/** A process that has ended, and all that it told the ledger. */
export interface EndedProcess {
  readonly pid: number;
  readonly entries: readonly LedgerEntry[];
  readonly signal: NodeJS.Signals | null;
  readonly exitCode: number | null;
  /** What it printed; nothing, when all is well. */
  readonly printed: string;
}

/** A process under way. The ledger is read here, so what was told before a kill arrives after it. */
export class VictimProcess {
  readonly entries: LedgerEntry[] = [];
  readonly ended: Promise<EndedProcess>;
  private readonly child: ChildProcess;
  private readonly watchers = new Set<() => void>();
  private hasEnded = false;

  /** @param within what the program is started with, so that it is somewhere else */
  constructor(job: Job, order: FaultOrder, within: readonly string[]) {
    const command = [process.execPath, '--require', preload, inject('victimProgram'), JSON.stringify(job)];
    const [program, ...args] = [...within, ...command] as [string, ...string[]];
    this.child = spawn(program, args, {
      env: { VIBE_TEST_FAULT: JSON.stringify(order) },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.ended = this.follow();
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Resolves with the entry, as soon as there is such a one. @throws Error when the process ends without it */
  until(isWanted: (entry: LedgerEntry, index: number) => boolean): Promise<LedgerEntry> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.entries.find(isWanted);
        if (found === undefined && !this.hasEnded) return;
        this.watchers.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`The process ended first: ${JSON.stringify(this.entries.slice(-3))}`));
      };
      this.watchers.add(look);
      look();
    });
  }

  send(word: 'start' | 'release'): void {
    this.child.send(word);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Resolves when the process stands still at the operation where its order says so; `false`: it never came there. */
  async freeze(): Promise<boolean> {
    const stopped = await this.until((entry) => entry.type === 'stopped').catch(() => undefined);
    if (stopped === undefined) return false;
    this.child.kill('SIGSTOP');
    (this.child.stdio[3] as Writable).write('.'); // it waits for this byte, and can take it only after `thaw`
    return true;
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  private async follow(): Promise<EndedProcess> {
    let printed = '';
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    this.readLedger(this.child.stdio[3] as Readable);
    const [exitCode, signal] = await once(this.child, 'close');
    this.hasEnded = true;
    this.wake();
    return { pid: this.pid, entries: this.entries, signal, exitCode, printed };
  }

  private readLedger(ledger: Readable): void {
    let begun = '';
    ledger.on('error', () => {}); // it died before it took the byte that `freeze` sent
    ledger.setEncoding('utf8').on('data', (text: string) => {
      const lines = (begun + text).split('\n');
      begun = lines.pop() as string;
      for (const line of lines) this.entries.push(JSON.parse(line) as LedgerEntry);
      this.wake();
    });
  }

  private wake(): void {
    for (const look of [...this.watchers]) look();
  }
}

export function operationsOf({ entries }: EndedProcess): Operation[] {
  return entries.filter((entry) => entry.type === 'operation');
}
