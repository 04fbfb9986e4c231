import { readFile } from 'node:fs/promises';
import {
  CheckpointCorruptError,
  CheckpointMismatchError,
  CheckpointNotFoundError,
  CheckpointVersionError,
  MissingPeerError,
  PersistenceError,
  PlanLockedError,
  VibeError,
} from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/cli/exit-codes.js';
import { explainError } from '../../src/cli/explain-error.js';

const holder = { pid: 4711, runId: 'run-1', since: '2026-11-24T16:03:48.438Z' };
const damage = { planId: 'plan-001', reason: 'it is cut off', location: '/x/cp-1.json', checkpointId: 'cp-1' };

describe('an error of the library', () => {
  it.each([
    [3, new CheckpointNotFoundError('cp-1')],
    [3, new CheckpointNotFoundError(undefined, 'plan-001')],
    [4, new CheckpointCorruptError(damage)],
    [4, new CheckpointMismatchError('plan-001', 'it is of another vibe')],
    [4, new CheckpointVersionError('plan-001', 'schema_version "3.0"', 'cp-1')],
    [4, new PlanLockedError('plan-001', holder)],
    [1, new PersistenceError('plan-001', 'no space left on device')],
    [5, new MissingPeerError('pg')],
    [1, new VibeError('RUN_NOT_COMPLETED', 'Run "run-1" is failed.')],
    [1, new TypeError('a bug')],
  ])('ends with %i: %s', (code, error) => {
    const { exitCode, explanation } = explainError(error);
    expect(exitCode).toBe(code);
    expect(explanation.what).toMatch(/^[A-Z].*\S$/);
  });

  it('is told in the words of the command line, about the same folder', () => {
    const { explanation } = explainError(new CheckpointCorruptError({ ...damage, fallbackCheckpointId: 'cp-0' }), {
      dir: 'my runs',
    });
    expect(explanation).toEqual({
      what: 'Checkpoint cp-1 of plan "plan-001" is damaged.',
      why: 'it is cut off (/x/cp-1.json)',
      next: [
        "vibe-aigc checkpoints repair plan-001 --dir 'my runs'   saves all that is intact of the plan",
        "vibe-aigc checkpoints show cp-0 --dir 'my runs'   shows the latest intact one of this plan",
        "vibe-aigc checkpoints delete cp-1 --dir 'my runs'   removes the damaged one",
      ],
    });
  });
});

describe('docs/cli.md', () => {
  it('has every error code of the library with its exit code', async () => {
    const page = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    const documented = [...page.matchAll(/^\| (\d+) \|.*\|$/gm)].flatMap(([row, exitCode]) =>
      [...row.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => [code, Number(exitCode)]),
    );
    expect(Object.fromEntries(documented)).toEqual(exitCodeOf);
  });
});
