import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobRef, blobRefSchema, MetaPlanner } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import type { FaultCode, LedgerEntry } from './child/protocol.js';
import { calmRun } from './helpers/calm-run.js';
import { crashPointsOf, shapeOf } from './helpers/crash-points.js';
import { brokenPromises, leftOvers, lostCheckpoints, unfinished } from './helpers/laws.js';
import { oneOf } from './helpers/level.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { tellCount } from './helpers/tell-count.js';
import { verdictOn } from './helpers/verdict.js';
import { type EndedProcess, operationsOf } from './helpers/victim-process.js';

const task: Task = { plan: 'media', planner: { checkpointInterval: 1, concurrency: 2 } };
const calm = await calmRun(task);
const refs = refsIn(calm);

/** The references in the outputs of a run, each once. */
function refsIn({ entries }: EndedProcess): BlobRef[] {
  const found = new Map<string, BlobRef>();
  const open: unknown[] = [entries.find((entry) => entry.type === 'finished')?.outputs];
  while (open.length > 0) {
    const value = open.pop();
    const ref = blobRefSchema.safeParse(value);
    if (ref.success) found.set(ref.data.$blob, ref.data);
    else if (typeof value === 'object' && value !== null) open.push(...Object.values(value));
  }
  return [...found.values()];
}

/** Media that are named and cannot be read as they were stored. */
async function lostMedia({ checkpointDir }: Scratch): Promise<string[]> {
  const planner = new MetaPlanner({ checkpointDir });
  const lost: string[] = [];
  for (const ref of refs) {
    const read = planner.openBlob(ref).then((blob) => blob.bytes());
    await read.catch((error: Error) => lost.push(error.message));
  }
  return lost;
}

describe.concurrent('a process that is killed while it stores media', () => {
  const points = crashPointsOf(operationsOf(calm));
  const tried = oneOf(18, points);
  tellCount(`kill points of a run with media, of ${points.length}`, tried.length);

  it('has media to lose, and writes them where it can be killed', () => {
    expect(refs).toHaveLength(4);
    expect(points.filter(({ name }) => name.includes('rename .blob-'))).toHaveLength(2 * 4);
  });

  for (const { name, at, when } of tried) {
    it(`loses none that is named ${name}`, () =>
      Scratch.during(async (scratch) => {
        const killed = await scratch.run(task, { action: 'kill', at, when });
        const ended = await scratch.finish(task);
        const known = [...(await lostMedia(scratch)), ...reopenedIn(ended)];
        expect(await verdictOn(scratch, [killed, ...ended], calm, known)).toEqual([]);
      }));
  }
});

const codes: readonly FaultCode[] = ['ENOSPC', 'EIO', 'EMFILE', 'EACCES', 'EROFS', 'SHORT'];

describe.concurrent('a disk that fails while media are stored', () => {
  const tried = oneOf(14, operationsOf(calm));
  tellCount('failing operations of a run with media', tried.length);

  for (const [index, { n, kind, file }] of tried.entries()) {
    const code = codes[index % codes.length] as FaultCode;
    it(`takes none that is named, with ${code} at operation ${n}, ${kind} ${shapeOf(file)}`, () =>
      Scratch.during(async (scratch) => {
        const failed = await scratch.run(task, { action: 'fail', at: n, code });
        const ended = await scratch.finish(task);
        expect(await verdictOn(scratch, [failed, ...ended], calm, await lostMedia(scratch))).toEqual([]);
      }));
  }
});

const [lost] = refs.filter(({ name }) => name === 'clip.mp4');

describe.concurrent('a process that is killed while it makes media again', async () => {
  const again = await Scratch.during(async (scratch) => {
    await runAndLose(scratch);
    return scratch.run(task);
  });
  const points = crashPointsOf(operationsOf(again));
  const tried = oneOf(30, points);
  tellCount(`kill points of a run that makes media again, of ${points.length}`, tried.length);

  it('has some to make again', () => {
    expect(again.entries.flatMap((entry) => (entry.type === 'called' ? [entry.nodeId] : []))).toEqual(['clip', 'cut']);
    expect(reopenedIn([again])).toHaveLength(2);
    expect(unfinished(again, calm)).toEqual([]);
  });

  for (const { name, at, when } of tried) {
    it(`makes them once ${name}`, () =>
      Scratch.during(async (scratch) => {
        await runAndLose(scratch);
        const killed = await scratch.run(task, { action: 'kill', at, when });
        const ended = await scratch.finish(task);
        const entries = [killed, ...ended].flatMap((process) => process.entries);
        expect([
          ...brokenPromises(entries),
          ...unfinished(ended.at(-1) as EndedProcess, calm),
          ...(await lostCheckpoints(scratch, entries)),
          ...(await leftOvers(scratch)),
          ...(await lostMedia(scratch)),
          ...calledBesides(['clip', 'cut'], entries),
        ]).toEqual([]);
      }));
  }
});

/** A run that is complete, and one of whose media is gone. */
async function runAndLose(scratch: Scratch): Promise<void> {
  await scratch.run(task);
  const { planId, $blob } = lost as BlobRef;
  await rm(join(scratch.checkpointDir, planId, `.blob-${$blob.slice('sha256:'.length)}`));
}

function calledBesides(nodeIds: readonly string[], entries: readonly LedgerEntry[]): string[] {
  const called = entries.flatMap((entry) => (entry.type === 'called' ? [entry.nodeId] : []));
  return called.filter((nodeId) => !nodeIds.includes(nodeId)).map((nodeId) => `${nodeId} was paid for again`);
}

function reopenedIn(processes: readonly EndedProcess[]): string[] {
  const entries = processes.flatMap((process) => process.entries);
  return entries.flatMap((entry) => (entry.type === 'reopened' ? [`${entry.nodeId} was opened again`] : []));
}
