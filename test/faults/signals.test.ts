import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkflowPersistenceManager } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { crashPointsOf } from './helpers/crash-points.js';
import { atLevel, spread } from './helpers/level.js';
import { brokenRecords } from './helpers/record-laws.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { tellCount } from './helpers/tell-count.js';
import { verdictOn } from './helpers/verdict.js';
import { operationsOf } from './helpers/victim-process.js';

const run: Task = { plan: 'waits', planner: { concurrency: 3 } };
const answerBy = (by: number): Task => {
  return { ...run, signal: { name: 'approval', nodeId: 'scene', payload: { ok: true, by } } };
};

const calm = await Scratch.during(async (scratch) => {
  await scratch.run(run);
  return { sender: await scratch.run(answerBy(1)), owner: await scratch.run(run) };
});
const pointsOfSender = crashPointsOf(operationsOf(calm.sender));
const pointsOfOwner = crashPointsOf(operationsOf(calm.owner));

const senderTried = atLevel(spread(pointsOfSender, 2), pointsOfSender);
const ownerTried = atLevel(spread(pointsOfOwner, 3), pointsOfOwner);
tellCount(`kill points of a sender, of ${pointsOfSender.length}`, senderTried.length);
tellCount(`kill points of an owner who takes a signal, of ${pointsOfOwner.length}`, ownerTried.length);

describe.concurrent('a process that is killed while it sends a signal', () => {
  for (const { name, at, when } of senderTried) {
    it(`has sent it whole or not at all, and whoever sends it again is not answered twice: ${name}`, () =>
      Scratch.during(async (scratch) => {
        const processes = [await scratch.run(run)];
        processes.push(await scratch.run(answerBy(1), { action: 'kill', at, when }));
        for (const text of await messages(scratch)) expect(JSON.parse(text)).toMatchObject({ payload: { by: 1 } });
        processes.push(await scratch.run(answerBy(2)), await scratch.run(run));
        const wrong = [...brokenRecords(processes), ...(await notTakenOnce(scratch))];
        expect(await verdictOn(scratch, processes, calm.owner, wrong)).toEqual([]);
      }));
  }
});

describe.concurrent('a process that is killed while it takes a signal', () => {
  for (const { name, at, when } of ownerTried) {
    it(`neither loses it nor takes it twice, nor another one that was sent meanwhile: ${name}`, () =>
      Scratch.during(async (scratch) => {
        const processes = [await scratch.run(run), await scratch.run(answerBy(1))];
        processes.push(await scratch.run(run, { action: 'kill', at, when }));
        processes.push(await scratch.run(answerBy(2)), await scratch.run(run));
        const kept = processes.flatMap(({ entries }) => entries.filter(({ type }) => type === 'kept'));
        for (const entry of kept) expect(entry).toMatchObject({ value: { by: 1 } });
        const wrong = [...brokenRecords(processes), ...(await notTakenOnce(scratch))];
        expect(await verdictOn(scratch, processes, calm.owner, wrong)).toEqual([]);
      }));
  }
});

/** What lies in the inbox of the one plan. */
async function messages({ checkpointDir }: Scratch): Promise<string[]> {
  const store = new WorkflowPersistenceManager({ checkpointDir });
  const [summary] = await store.listCheckpoints();
  return (await store.inbox.read(summary?.planId ?? '')).map(({ text }) => text);
}

/** Of several messages one is in the record, and none is left. */
async function notTakenOnce(scratch: Scratch): Promise<string[]> {
  const files = await scratch.files();
  const left = files.filter((file) => file.includes('.inbox-')).map((file) => `${file} was left over`);
  const journal = files.filter((file) => file.includes('.journal-')).at(-1) as string;
  const records = (await readFile(join(scratch.checkpointDir, journal), 'utf8')).split('"kind":"signal_received"');
  return records.length === 2 ? left : [...left, `${records.length - 1} signals are in the record`];
}
