import { expect, it } from 'vitest';
import { decodeHead, decodeHeader, encodingHeader, type JournalHeader } from '../../src/checkpoint/journal-header.js';
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

/** The header of the same run in a later epoch, made anew. */
function laterHeader(header: JournalHeader): { later: JournalHeader; made: string } {
  const later = { ...header, epoch: 4, carried: 12 };
  return { later, made: atOnce(encodingHeader(later, 'relaxed')) };
}

it('a header copies the plan from the one before, in one step, and is the same as if it were made anew', () => {
  const header = headerOf(700);
  const { later, made } = laterHeader(header);
  const step = encodingHeader(later, 'relaxed', atOnce(encodingHeader(header, 'strict'))).next();
  expect(step).toEqual({ done: true, value: made });
});

it.each([
  ['was written before nodes were counted', (text: string) => text.replace('"total_nodes":4,', '')],
  ['says more before its plan than is known', (text: string) => text.replace('"epoch"', '"season":{"is":1},"epoch"')],
  ['has its plan elsewhere', (text: string) => text.replace(/^\{(.*),("workflow_plan":.*)\}$/, '{$2,$1}')],
])('a header is made anew when the one before %s', (_, change) => {
  const header = headerOf(2);
  const { later, made } = laterHeader(header);
  const text = atOnce(encodingHeader(header, 'strict'));
  expect(change(text)).not.toBe(text);
  expect(atOnce(encodingHeader(later, 'relaxed', change(text)))).toBe(made);
});

it('a list reads the same of a header, whether its nodes are counted in it or not', () => {
  const text = atOnce(encodingHeader(headerOf(2), 'strict'));
  const head = decodeHead(text);
  expect(head).toMatchObject({ ok: true, value: { planId: 'plan-001', epoch: 3, totalNodes: 4 } });
  expect(decodeHead(text.replace('"total_nodes":4,', ''))).toEqual(head);
});

it('a header that counts other nodes than its plan has is damaged', () => {
  const text = atOnce(encodingHeader(headerOf(2), 'strict')).replace('"total_nodes":4', '"total_nodes":5');
  expect(decodeHeader(text)).toMatchObject({ ok: false, kind: 'damaged' });
});
