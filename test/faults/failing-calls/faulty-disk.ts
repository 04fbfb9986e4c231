import { readdirSync, readlinkSync } from 'node:fs';
import type { FaultCode, FaultOrder, LedgerEntry, Operation } from '../child/protocol.js';
import { kindsFailingWith } from '../helpers/failures.js';

/** What is to happen to one operation, counted from the moment at which the disk is made faulty. */
export interface Failure {
  readonly at: number;
  readonly code: FaultCode;
  /** Whatever can fail so fails from then on, until the disk is repaired. */
  readonly isLasting: boolean;
}

interface Switch {
  lift(): void;
  renew(order: FaultOrder): LedgerEntry[];
}

/** As `preload.cjs` left it: that program must have been loaded before this one. */
const fault = (globalThis as { [key: symbol]: unknown })[Symbol.for('vibe-aigc.test.fault')] as Switch;
let told: LedgerEntry[] = [];

/** From now on all operations under the directory are counted, and one of them fails. */
export function makeFaulty(directory: string, failure?: Failure): void {
  const order: FaultOrder = { directory, counts: 'all' };
  const { at, code, isLasting } = failure ?? {};
  told = fault.renew(
    code === undefined
      ? order
      : { ...order, action: 'fail', at, code, isLasting, lastingKinds: kindsFailingWith(code) },
  );
}

/** No operation fails any more. Answers those that there were. */
export function repair(): Operation[] {
  fault.lift();
  return operations();
}

/** Those that there were until now. */
export function operations(): Operation[] {
  return told.filter((entry) => entry.type === 'operation');
}

/** Files under a directory that this process has open. */
export function openFilesIn(directory: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(directory) ? [path.slice(directory.length)] : [];
    } catch {
      return []; // the one that was open for the list
    }
  });
}
