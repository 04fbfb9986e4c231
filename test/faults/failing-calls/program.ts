// A process of its own, whose file operations can be made to fail: tries the failures of one scenario, one after another.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultCode, Operation } from '../child/protocol.js';
import { shapeOf } from '../helpers/crash-points.js';
import { codesFor } from '../helpers/failures.js';
import { fastDirectory } from '../helpers/fast-directory.js';
import type { Failure } from './faulty-disk.js';
import { scenarios } from './scenarios.js';
import { makeStart } from './starts.js';
import { tryFailure } from './try-failure.js';

export interface Order {
  readonly scenario: string;
  /** At most so many failures, spread over all operations. */
  readonly most: number;
  readonly reportFile: string;
}

export interface Report {
  readonly operations: number;
  readonly cases: number;
  /** How often the calls ended how. */
  readonly ends: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

const everyCode: readonly FaultCode[] = ['ENOSPC', 'EIO', 'EMFILE', 'EACCES', 'EROFS'];
const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const unhandled: string[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(`nobody took the rejection ${reason}`));
process.on('warning', (warning) => unhandled.push(`a warning: ${warning.message}`));

const base = mkdtempSync(join(fastDirectory, 'vibe-aigc-failing-'));
try {
  writeFileSync(order.reportFile, JSON.stringify(await tryAll(order)));
} finally {
  rmSync(base, { recursive: true, force: true });
}

async function tryAll({ scenario: name, most }: Order): Promise<Report> {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`There is no scenario "${name}".`);
  const start = await makeStart(base, scenario);
  const calm = await tryFailure(base, scenario, start, undefined, false);
  const problems = [...calm.problems.map((problem) => `with no failure at all: ${problem}`)];
  if (calm.ended !== 'resolved') problems.push(`with no failure at all: it ended with ${calm.ended}`);
  const ends: Record<string, number> = {};
  const all = failuresAt(calm.operations);
  const chosen = all.length <= most ? all : turns(all, most);
  for (const [index, { failure, label }] of chosen.entries()) {
    const tried = await tryFailure(base, scenario, start, failure, index % 2 === 0);
    ends[tried.ended] = (ends[tried.ended] ?? 0) + 1;
    const wrong = [...tried.problems, ...unhandled.splice(0)];
    if (wrong.length > 0)
      problems.push(`${label}, ${index % 2 === 0 ? 'the same planner' : 'another planner'}: ${wrong.join('; ')}`);
  }
  return { operations: calm.operations.length, cases: chosen.length, ends, problems };
}

interface Choice {
  readonly failure: Failure;
  readonly label: string;
}

/** Every operation with every error, and with one that systems answer to it for good. */
function failuresAt(operations: readonly Operation[]): Choice[] {
  return operations.flatMap((operation, index) => {
    const usual = codesFor(operation);
    const codes = usual.includes('SHORT') ? [...everyCode, 'SHORT' as const] : everyCode;
    const lasting = usual[index % usual.length] as FaultCode;
    return [...codes.map((code) => choiceOf(operation, index, code, false)), choiceOf(operation, index, lasting, true)];
  });
}

function choiceOf({ kind, file }: Operation, index: number, code: FaultCode, isLasting: boolean): Choice {
  const label = `${code} ${isLasting ? 'from' : 'at'} operation ${index + 1}, ${kind} ${shapeOf(file)}`;
  return { failure: { at: index + 1, code, isLasting }, label };
}

/** So many of them, in steps that go through operations, errors and durations alike. */
function turns<T>(all: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, index) => all[Math.floor((index * all.length) / count)] as T);
}
