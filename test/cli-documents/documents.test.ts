import { readFile } from 'node:fs/promises';
import type { CheckpointSummary, ExecutionEvent, ExecutionResult, RepairReport } from 'vibe-aigc';
import * as documents from 'vibe-aigc/cli-documents';
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { chain, makeProject } from '../cli/handlers.js';
import { runCli } from '../cli/run-cli.js';
import { makeStore, removeTemporaryDirectories } from '../cli/stores.js';

const store = await makeStore();
const [latest, second] = (await store.ids()) as [string, string];
await store.spoil(second, (text) => text.slice(0, 300));
afterAll(removeTemporaryDirectories);

/** Handlers that do everything that a run can tell of. */
const eventful = await makeProject(
  `export const handlers = {
    default: async (node, ctx) => {
      if (node.id === 'c') throw new Error('never');
      if (node.id === 'e') return ctx.waitFor('approval');
      ctx.report(0.5, 'halfway');
      await ctx.spend({ amount: 1, tokens: 10 });
      if (node.id === 'b' && ctx.attempt === 1) throw Object.assign(new Error('busy'), { status: 503 });
      if (node.id === 'a') await ctx.spawn([{ id: 'a-1', type: 'generate', description: 'more' }]);
      return { by: node.id };
    },
  };
  export const retry = { maxAttempts: 2, delayMs: 1, shouldRetry: (error) => error.status === 503 };`,
  [...chain('a', 'b', 'c', 'd'), ...chain('e')],
);

/** What is not in the schema would be lost in parsing. */
function expectWhole(schema: z.ZodType, text: string): void {
  const document = JSON.parse(text);
  expect(schema.parse(document)).toEqual(document);
}

describe.concurrent('the JSON of the command line has its schemas:', () => {
  it.each([
    ['checkpoints list', documents.checkpointListDocumentSchema, ['checkpoints', 'list']],
    ['checkpoints show', documents.checkpointDocumentSchema, ['checkpoints', 'show', latest]],
    ['checkpoints delete', documents.deletionDocumentSchema, ['checkpoints', 'delete', latest, '--dry-run']],
    ['checkpoints prune', documents.pruneDocumentSchema, ['checkpoints', 'prune', '--keep-last', '1', '--dry-run']],
    ['checkpoints repair', documents.repairDocumentSchema, ['checkpoints', 'repair', 'plan-001', '--dry-run']],
    ['plan', documents.planDocumentSchema, ['plan', 'A postcard']],
    ['execute', documents.executionDocumentSchema, ['execute', 'A postcard', '--dir', 'other']],
    ['doctor', documents.doctorDocumentSchema, ['doctor']],
  ])('%s', async (_, schema, args) => {
    const { stdout } = await runCli([...args, '--json'], store);
    expectWhole(schema, stdout);
  });

  it('execute --stream, with what it says of nodes that are retried, fail, are skipped, wait and grow', async () => {
    const { code, stdout } = await runCli(['execute', ...eventful.args, '--interval', '1', '--stream'], eventful);
    const lines = stdout.trimEnd().split('\n');
    for (const line of lines) expectWhole(documents.streamLineSchema, line);
    const types = new Set(lines.map((line) => JSON.parse(line).type));
    const all = documents.streamLineSchema.options.map(({ shape }) => shape.type.value);
    const rare = ['lock_waiting', 'node_reopened', 'checkpoint_corrupt', 'run_completed'];
    expect([...types].sort()).toEqual(all.filter((type) => !rare.includes(type)).sort());
    expect(code).toBe(6);

    const { stdout: receipt } = await runCli(['signal', 'plan-001', 'approval', '--json'], eventful);
    expectWhole(documents.signalDocumentSchema, receipt);
    const failed = await runCli(['resume', '--handlers', 'handlers.mjs', '--json'], eventful);
    expect(failed.code).toBe(1);
    expectWhole(documents.executionDocumentSchema, failed.stdout);
  });

  it('and docs/cli.md has a row for each', async () => {
    const page = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| .*\| `(\w+DocumentSchema|streamLineSchema)` \| `\w+` \|$/gm)].map(
      ([, name]) => name,
    );
    expect(rows.sort()).toEqual(Object.keys(documents).sort());
  });

  it('and they are those of the library', () => {
    type Line<Type> = Extract<documents.StreamLine, { type: Type }>;
    expectTypeOf<documents.ExecutionDocument>().toExtend<ExecutionResult>();
    expectTypeOf<documents.RepairDocument>().toExtend<RepairReport>();
    expectTypeOf<documents.CheckpointListDocument['checkpoints'][number]>().toExtend<CheckpointSummary>();
    expectTypeOf<Line<ExecutionEvent['type']>>().toExtend<ExecutionEvent>();
    expectTypeOf<ExecutionEvent['type'] | 'result'>().toEqualTypeOf<documents.StreamLine['type']>();
  });
});
