import { expect, it } from 'vitest';
import { decodeHeader, encodingHeader, type JournalHeader } from '../../src/checkpoint/journal-codec.js';
import { vibeKeyOf } from '../../src/checkpoint/vibe-key.js';
import { parsePlan } from '../../src/plan/workflow-plan.js';
import { sha256 } from '../../src/stores/file/documents.js';
import { atOnce } from '../../src/turns.js';

/** A header whose host and a newer version use the names that the format uses. */
function headerOf(nodeCount: number): JournalHeader {
  const metadata = { workflow_plan: 0, root_nodes: [], format: 'a "quoted" name' };
  const vibe = { description: 'A film about tides', constraints: [], metadata };
  const rootNodes = Array.from({ length: nodeCount }, (_, index) => ({
    id: `node-${index}`,
    type: 'generate' as const,
    description: `Shot ${index}`,
    parameters: { root_nodes: [] },
    children: [{ id: `part-of-${index}`, type: 'generate' as const, description: '' }],
  }));
  const plan = parsePlan({ id: 'plan-001', sourceVibe: vibe, rootNodes, createdAt: '2026-02-05T10:30:00.000Z' });
  return {
    planId: plan.id,
    runId: 'run-1',
    epoch: 3,
    carried: 0,
    vibeKey: vibeKeyOf(plan.sourceVibe, sha256),
    vibe: plan.sourceVibe,
    plan: { ...plan, unknownFields: { root_nodes: 'is known', mood: 'calm' } },
    unknownFields: { workflow_plan: 'is known', season: { name: 'winter' } },
  };
}

it.each([0, 1, 256, 257, 700])('the header of a plan with %i nodes reads back as it was', (nodeCount) => {
  const header = headerOf(nodeCount);
  const text = atOnce(encodingHeader(header, 'strict'));
  expect(text).toBe(JSON.stringify(JSON.parse(text))); // no name stands in it twice
  expect(decodeHeader(text)).toEqual({
    ok: true,
    value: {
      ...header,
      plan: { ...header.plan, unknownFields: { mood: 'calm' } },
      unknownFields: { season: { name: 'winter' } },
    },
  });
});

it('the header of a plan with 700 nodes is made in three steps', () => {
  const steps = encodingHeader(headerOf(700), 'strict');
  expect([steps.next().done, steps.next().done, steps.next().done]).toEqual([false, false, true]);
});
