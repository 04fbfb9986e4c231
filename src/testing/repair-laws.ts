import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { PersistenceManager, RepairCapability } from '../checkpoint/persistence-manager.js';
import { capabilityOf, law, type PersistenceLaw, takePlan } from './law.js';
import { madeAt } from './sample-checkpoint.js';

/**
 * What every store with `repair` does, besides `persistenceLaws`. They fail for a store without it.
 *
 * @example
 * for (const law of repairLaws) it(law.name, () => law.check(() => new MyStore()));
 */
export const repairLaws: readonly PersistenceLaw[] = [
  repairLaw('finds nothing left of a plan that it knows nothing of', async (repair) => {
    deepStrictEqual(await repair.inspect('unknown'), { journals: [], documents: [] });
  }),
  repairLaw('finds every checkpoint of a plan, and changes nothing', async (repair, store) => {
    for (const minute of [0, 1, 2]) await store.saveCheckpoint(madeAt(minute, { planId: 'film' }));
    await store.saveCheckpoint(madeAt(3, { planId: 'other' }));
    const before = await store.listCheckpoints();
    for (let look = 0; look < 2; look++) {
      const { documents } = await repair.inspect('film');
      deepStrictEqual(documents.map(({ checkpointId }) => checkpointId).sort(), [
        'cp-made-0',
        'cp-made-1',
        'cp-made-2',
      ]);
      strictEqual(new Set(documents.map(({ location }) => location)).size, 3);
      for (const { damage } of documents) strictEqual(damage, undefined);
    }
    deepStrictEqual(await store.listCheckpoints(), before);
  }),
  repairLaw('finds the lines of a journal by their numbers', async (repair, store) => {
    if (store.journal === undefined) return deepStrictEqual((await repair.inspect('film')).journals, []);
    const epoch = await writeJournal(store, ['header', '{"a":1}']);
    const { journals } = await repair.inspect('film');
    const found = journals.map((journal) => [journal.epoch, journal.isSetAside, journal.fragments, textsOf(journal)]);
    deepStrictEqual(found, [[epoch, false, [], ['1 header', '2 {"a":1}']]]);
  }),
  repairLaw('puts a checkpoint where nothing reads it, and leaves the others', async (repair, store) => {
    for (const minute of [0, 1]) await store.saveCheckpoint(madeAt(minute, { planId: 'film' }));
    const { documents } = await repair.inspect('film');
    const location = documents.find(({ checkpointId }) => checkpointId === 'cp-made-0')?.location as string;
    const lease = store.locks && (await takePlan(store, 'film'));
    const moved = await repair.setAside('film', lease, [location]);
    deepStrictEqual([...moved.keys()], [location]);
    ok(moved.get(location) !== location, 'it is said to be where it was');
    deepStrictEqual([...(await repair.setAside('film', lease, [location]))], []); // it is gone from there
    await lease?.release();
    strictEqual(await store.loadCheckpoint('cp-made-0'), undefined);
    deepStrictEqual(
      (await store.listCheckpoints()).map(({ checkpointId }) => checkpointId),
      ['cp-made-1'],
    );
    ok(await store.loadCheckpoint('cp-made-1'));
  }),
  repairLaw('finds a journal that was set aside, and says so', async (repair, store) => {
    if (store.journal === undefined) return deepStrictEqual((await repair.inspect('film')).journals, []);
    await store.saveCheckpoint(madeAt(0, { planId: 'film' }));
    const epoch = await writeJournal(store, ['header', '{"a":1}']);
    const [journal] = (await repair.inspect('film')).journals;
    const lease = await takePlan(store, 'film');
    await repair.setAside('film', lease, [journal?.location as string]);
    await lease.release();
    deepStrictEqual(await store.journal.read('film'), []);
    const { journals } = await repair.inspect('film');
    const found = journals.map((aside) => [aside.epoch, aside.isSetAside, textsOf(aside)]);
    deepStrictEqual(found, [[epoch, true, ['1 header', '2 {"a":1}']]]);
  }),
];

function repairLaw(
  name: string,
  check: (repair: RepairCapability, store: PersistenceManager) => Promise<void>,
): PersistenceLaw {
  return law(name, (store) => check(capabilityOf(store, 'repair'), store));
}

async function writeJournal(store: PersistenceManager, lines: readonly string[]): Promise<number> {
  const lease = await takePlan(store, 'film');
  const opening = { lines, durability: 'strict' as const, replaces: [], setsAside: [] };
  const writer = await capabilityOf(store, 'journal').begin('film', lease, opening);
  await writer.close();
  await lease.release();
  return lease.epoch;
}

function textsOf({ lines }: { readonly lines: ReadonlyArray<{ readonly number: number; readonly text: string }> }) {
  return lines.map(({ number, text }) => `${number} ${text}`);
}
