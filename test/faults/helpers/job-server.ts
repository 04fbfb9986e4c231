import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobShop } from '../child/protocol.js';

const program = fileURLToPath(new URL('../child/provider.cjs', import.meta.url));

/** When the provider cuts the connection over which a job is submitted for the first time. */
export type Drop = 'none' | 'before' | 'during' | 'after';

export interface Purchase {
  readonly bank: string;
  readonly key: string;
  readonly id: string;
}

/** A provider in a process of its own. Each bank is a customer with jobs of its own. */
export class JobServer {
  private banks = 0;

  private constructor(
    private readonly directory: string,
    private readonly port: number,
    private readonly stopProcess: () => Promise<unknown>,
  ) {}

  static async start(): Promise<JobServer> {
    const directory = mkdtempSync(join(tmpdir(), 'vibe-aigc-provider-'));
    const child = fork(program, [join(directory, 'ledger')]);
    const exited = once(child, 'exit');
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new JobServer(directory, port, () => {
      child.disconnect();
      return exited;
    });
  }

  newCustomer(drop: Drop, find: boolean): { readonly shop: JobShop; readonly purchases: () => Purchase[] } {
    const bank = `bank-${++this.banks}`;
    const url = `http://127.0.0.1:${this.port}/${bank}/${drop}`;
    return { shop: { url, find }, purchases: () => this.ledger().filter((purchase) => purchase.bank === bank) };
  }

  async stop(): Promise<void> {
    await this.stopProcess();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private ledger(): Purchase[] {
    const file = join(this.directory, 'ledger');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Purchase]));
  }
}
