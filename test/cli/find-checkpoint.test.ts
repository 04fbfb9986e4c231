import type { CheckpointSummary } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { findCheckpoint } from '../../src/cli/checkpoints/find-checkpoint.js';
import { uniquePrefixes } from '../../src/cli/checkpoints/summary-table.js';

const listed = ['cp-0mwuvwspi00-c99e', 'cp-0mwuvwspi00-1hgg', 'cp-0mwuvwsos00-8c9h'].map(damaged);
const [newest, second, third] = listed as [CheckpointSummary, CheckpointSummary, CheckpointSummary];

function damaged(checkpointId: string): CheckpointSummary {
  return { checkpointId, planId: 'plan-001', createdAt: '2026-11-24T16:03:48.438Z', damaged: { reason: 'cut off' } };
}

describe('a checkpoint', () => {
  it.each([
    ['latest', newest],
    ['cp-0mwuvwspi00-1hgg', second],
    ['cp-0mwuvwspi00-c', newest],
    ['cp-0mwuvwso', third],
  ])('is found by %j', (given, found) => {
    expect(findCheckpoint(given, listed, '.')).toBe(found);
  });

  it('is found by its whole id also when another one begins with that', () => {
    const longer = damaged(`${third.checkpointId}-2`);
    expect(findCheckpoint(third.checkpointId, [longer, ...listed], '.')).toBe(third);
  });

  it('is the intact one when a copied directory has its id twice', () => {
    const { checkpointId, planId, createdAt } = third;
    const intact = { checkpointId, planId, createdAt, state: 'failed' } as CheckpointSummary;
    expect(findCheckpoint('cp-0mwuvwsos', [third, intact], '.')).toBe(intact);
  });

  it.each([
    ['cp-0mwuvwspi00', 2],
    ['cp-', 2],
    ['', 2],
    ['cp-nothing', 3],
    ['LATEST', 3],
    ['../plan-001/cp-0', 3],
    ['__proto__', 3],
    ['cp-*', 3],
    ['\u0000\u001b[2J', 3],
    ['0'.repeat(100_000), 3],
  ])('is not found by %j, which ends with %i', (given, exitCode) => {
    expect(() => findCheckpoint(given, listed, '.')).toThrow(expect.objectContaining({ exitCode }));
  });

  it('is not the latest of nothing', () => {
    expect(() => findCheckpoint('latest', [], '.')).toThrow(expect.objectContaining({ exitCode: 3 }));
  });

  it('has candidates named when what is given is the beginning of several, but not hundreds', () => {
    const many = Array.from({ length: 200 }, (_, index) => damaged(`cp-${index + 1_000}`));
    try {
      findCheckpoint('cp-1', many, '.');
      expect.unreachable();
    } catch (error) {
      const { explanation } = error as { explanation: { next: string[] } };
      expect(explanation.next).toHaveLength(12);
      expect(explanation.next.at(-1)).toBe('and 190 more');
    }
  });

  it('is shown by as much of its id as finds it again', () => {
    const ids = listed.map(({ checkpointId }) => checkpointId);
    const prefixes = uniquePrefixes([...ids, 'film-plan_20261124_020702_38f953c3', 'cp-1']);
    expect([...prefixes.values()].toSorted()).toEqual(
      ['cp-0mwuvwsos00', 'cp-0mwuvwspi00-1', 'cp-0mwuvwspi00-c', 'cp-1', 'film-plan_2026'].toSorted(),
    );
    for (const [index, id] of ids.entries()) {
      expect(findCheckpoint(prefixes.get(id) as string, listed, '.')).toBe(listed[index]);
    }
  });
});
