import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { MetaPlanner, type NodeHandler, type WorkflowNodeInput } from 'vibe-aigc';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { chainOf, node } from '../../helpers/plan-builders.js';
import { temporaryDirectory } from '../../helpers/stores.js';

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** Counts every way that there is to ask for an `fdatasync`; each is still carried out. */
async function countFlushes(directory: string): Promise<() => number> {
  const handle = await open(join(directory, 'any'), 'w');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const ways = [vi.spyOn(prototype, 'datasync'), vi.spyOn(fs, 'fdatasync'), vi.spyOn(fs, 'fdatasyncSync')];
  syncBuiltinESMExports();
  return () => ways.reduce((sum, { mock }) => sum + mock.calls.length, 0);
}

async function flushesOf(
  rootNodes: WorkflowNodeInput[],
  handler: NodeHandler = async () => 'x'.repeat(100),
): Promise<number> {
  const directory = await temporaryDirectory();
  const flushes = await countFlushes(directory);
  const handlers = { default: handler };
  const planner = new MetaPlanner({ checkpointDir: join(directory, 'checkpoints'), handlers, durability: 'strict' });
  const plan = { id: 'plan-1', sourceVibe: { description: 'a test' }, rootNodes };
  const { executionSummary } = await planner.executeWithResume(plan.sourceVibe, { plan });
  expect(executionSummary.completed).toBe(rootNodes.length);
  return flushes();
}

describe('the flushes of a strict run', () => {
  it('are shared by nodes that finish together: at most 20 for 1,000 nodes', async () => {
    const flushes = await flushesOf(Array.from({ length: 1_000 }, (_, index) => node(`n${index}`)));
    expect(flushes).toBeGreaterThan(0);
    expect(flushes).toBeLessThanOrEqual(20);
  });

  it('are shared by the steps that a handler takes together', async () => {
    const flushes = await flushesOf([node('n')], async (_, context) => {
      for (let round = 0; round < 20; round++) {
        await Promise.all([1, 2, 3, 4].map((step) => context.step(`${round}-${step}`, async () => step)));
      }
    });
    expect(flushes).toBeGreaterThanOrEqual(20);
    expect(flushes).toBeLessThanOrEqual(30);
  });

  it('are one a node where each waits for the one before, and little more', async () => {
    const flushes = await flushesOf(chainOf(200));
    expect(flushes).toBeGreaterThanOrEqual(200);
    expect(flushes).toBeLessThanOrEqual(210);
  });
});
