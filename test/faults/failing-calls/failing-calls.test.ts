import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { atLevel } from '../helpers/level.js';
import { tellCount } from '../helpers/tell-count.js';
import type { Order, Report } from './program.js';
import { scenarios } from './scenarios.js';

const preload = fileURLToPath(new URL('../child/preload.cjs', import.meta.url));
const timeout = 1_800_000;
let base: string;
let cases = 0;
tellCount('failing calls', () => cases);

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vibe-aigc-failing-'));
});

afterAll(async () => {
  await rm(base, { recursive: true, force: true });
});

async function reportOn(scenario: string, index: number): Promise<Report> {
  const order: Order = { scenario, most: atLevel(5, 500), reportFile: join(base, `${index}.json`) };
  const argv = ['--require', preload, inject('failingCallsProgram'), JSON.stringify(order)];
  const env = { VIBE_TEST_FAULT: JSON.stringify({ directory: join(base, 'nowhere') }) };
  await promisify(execFile)(process.execPath, argv, { env, maxBuffer: 1e8 });
  const report = JSON.parse(await readFile(order.reportFile, 'utf8')) as Report;
  console.info(
    `${scenario}: ${report.cases} failures of ${report.operations} operations ${JSON.stringify(report.ends)}`,
  );
  cases += report.cases;
  return report;
}

describe.concurrent('a file operation that fails, once or for good,', () => {
  for (const [index, { name }] of scenarios.entries()) {
    it(`costs nothing that was acknowledged: ${name}`, { timeout }, async ({ expect: check }) => {
      const { operations, problems } = await reportOn(name, index);
      check(operations).toBeGreaterThan(3);
      check(problems.slice(0, 20)).toEqual([]);
    });
  }
});

describe('what fails', () => {
  it('is tried in calls of every kind', () => {
    expect(new Set(scenarios.map(({ call }) => call.kind)).size).toBe(5);
  });
});
