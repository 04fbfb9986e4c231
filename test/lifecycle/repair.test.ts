import { readFile } from 'node:fs/promises';
import type { RepairReport } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { type FailedRun, failedRun, rotted } from '../helpers/damaged-run.js';
import { filmPlan } from '../helpers/scripted-run.js';

// script -> (shots, music) -> cut -> review; it fails at cut, with a checkpoint at the start and one at the end.
// Lines of the journal: header, mark, run_started, script, shots, music, cut, review, run_ended, mark.

interface Case {
  readonly damage: (run: FailedRun) => Promise<void>;
  readonly kept: readonly string[];
  readonly paidAgain: readonly string[];
  /** Whether a resume without a repair is refused. */
  readonly isRefused: boolean;
}

const all = ['script', 'shots', 'music'];
const result = (nodeId: string) => `"node_id":"${nodeId}","status":"completed"`;
const cases: Record<string, Case> = {
  'a line torn in the middle': {
    damage: async (run) => {
      await run.keepFiles(1);
      await run.change('.journal-1', (lines) =>
        lines.map((line) => (line.includes(result('shots')) ? line.slice(0, 180) : line)),
      );
    },
    kept: ['script', 'music'],
    paidAgain: ['shots'],
    isRefused: true,
  },
  'a flipped bit in a record': {
    damage: async (run) => {
      await run.keepFiles(1);
      await run.change('.journal-1', (lines) => rotted(lines, result('music')));
    },
    kept: ['script', 'shots'],
    paidAgain: ['music'],
    isRefused: true,
  },
  'a damaged header and an intact checkpoint of the start': {
    damage: async (run) => {
      await run.keepFiles(1);
      await run.change('.journal-1', ([header = '', ...lines]) => [`${header.slice(0, -1)}#`, ...lines]);
    },
    kept: all,
    paidAgain: [],
    isRefused: true,
  },
  'a damaged newest checkpoint and an intact journal': {
    damage: async (run) => run.spoil((await run.files()).at(-1) as string, (bytes) => bytes.subarray(0, 900)),
    kept: all,
    paidAgain: [],
    isRefused: false,
  },
  'a damaged record and a damaged newest checkpoint': {
    damage: async (run) => {
      await run.spoil((await run.files()).at(-1) as string, (bytes) => flip(bytes, bytes.length - 300));
      await run.change('.journal-1', (lines) => rotted(lines, result('shots')));
    },
    kept: ['script', 'music'],
    paidAgain: ['shots'],
    isRefused: true,
  },
  'a damaged header and a damaged newest checkpoint': {
    damage: async (run) => {
      await run.spoil((await run.files()).at(-1) as string, (bytes) => flip(bytes, 40));
      await run.change('.journal-1', ([header = '', ...lines]) => [`${header.slice(0, -1)}#`, ...lines]);
    },
    kept: all,
    paidAgain: [],
    isRefused: true,
  },
  'a missing line': {
    damage: async (run) => {
      await run.keepFiles(1);
      await run.change('.journal-1', (lines) => lines.filter((line) => !line.includes(result('script'))));
    },
    kept: ['shots', 'music'],
    paidAgain: ['script'], // what depends on it was done
    isRefused: true,
  },
  'lines in another order': {
    damage: async (run) => {
      await run.keepFiles(1);
      await run.change('.journal-1', ([header = '', ...lines]) => [header, ...lines.reverse(), ...lines]);
    },
    kept: all,
    paidAgain: [],
    isRefused: true,
  },
  'a journal full of zeros, and the newest checkpoint intact': {
    damage: (run) => run.spoil('.journal-1', (bytes) => Buffer.alloc(bytes.length)),
    kept: all,
    paidAgain: [],
    isRefused: true,
  },
  'a journal full of zeros, and a newest checkpoint that only names what was done': {
    damage: async (run) => {
      await run.spoil('.journal-1', (bytes) => Buffer.alloc(bytes.length));
      await run.spoil((await run.files()).at(-1) as string, (bytes) => flip(bytes, bytes.length - 300));
    },
    kept: [],
    paidAgain: all,
    isRefused: true,
  },
};

describe('repairCheckpoints', () => {
  for (const [name, { damage, kept, paidAgain, isRefused }] of Object.entries(cases)) {
    it(`keeps all that is intact, and the run goes on: ${name}`, async () => {
      const run = await failedRun(filmPlan(), 'cut');
      await damage(run);
      if (isRefused) await expect(run.callsOfResume()).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });

      const before = await run.names();
      const dry = await run.repair({ dryRun: true });
      expect(await run.names()).toEqual(before);
      const report = await run.repair();
      expect(report).toMatchObject({ planId: 'film', runId: run.first.runId, kept, staleInputs: dry.staleInputs });
      expect(nodesOf(report)).toEqual(paidAgain);
      expect(report.toRun).toEqual(nodeIds.filter((id) => !kept.includes(id)));
      const { checkpointId, ...rest } = report;
      const asFound = rest.damage.map(({ movedTo, ...found }) => found);
      expect({ ...rest, damage: asFound }).toEqual(dry);

      for (const { location, movedTo } of report.damage) {
        expect(movedTo).toMatch(/[\\/]\.damaged-/);
        await expect(readFile(location)).rejects.toMatchObject({ code: 'ENOENT' });
        expect((await readFile(movedTo as string)).length).toBeGreaterThan(0);
      }
      const saved = await run.make().getCheckpoint(checkpointId as string);
      expect(Object.keys(saved.nodeResults).filter((id) => saved.nodeResults[id]?.status === 'completed')).toEqual(
        expect.arrayContaining([...kept]),
      );
      const { result: finished, calls } = await run.callsOfResume();
      expect([...calls].sort()).toEqual([...report.toRun].sort());
      expect(finished).toMatchObject({ status: 'completed', runId: run.first.runId });
      expect(finished.outputs).toEqual(await uninterrupted());
      expect((await run.make().listCheckpoints()).filter(({ damaged }) => damaged)).toEqual([]);
      const again = await run.repair();
      expect(again).toMatchObject({ damage: [], paidAgain: [], toRun: [] });
      expect(again.checkpointId).toBeUndefined();
    });
  }
});

const nodeIds = [...all, 'cut', 'review'];

function nodesOf({ paidAgain }: RepairReport): string[] {
  return paidAgain.map(({ nodeId }) => nodeId);
}

function flip(bytes: Buffer, at: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[at] = (flipped[at] as number) ^ 1;
  return flipped;
}

async function uninterrupted(): Promise<unknown> {
  const run = await failedRun(filmPlan(), 'nothing');
  return run.first.outputs;
}
