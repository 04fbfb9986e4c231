import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { PlanLockedError } from '../errors.js';
import { law, type PersistenceLaw, rejectsWith, takePlan } from './law.js';
import { sampleCheckpoint } from './sample-checkpoint.js';

/**
 * What every store with `locks` does, besides `persistenceLaws`. They fail for a store without them.
 *
 * @example
 * for (const law of lockLaws) it(law.name, () => law.check(() => new MyStore()));
 */
export const lockLaws: readonly PersistenceLaw[] = [
  law('refuses a plan that somebody has, and says who', async (store) => {
    const lease = await takePlan(store, 'film', { runId: 'run-a' });
    const refused = await takePlan(store, 'film', { runId: 'run-b' }).catch((error: unknown) => error);
    await rejectsWith('PLAN_LOCKED', Promise.reject(refused));
    const { planId, holder } = refused as PlanLockedError;
    deepStrictEqual([planId, holder?.runId], ['film', 'run-a']);
    await lease.check();
    await lease.release();
  }),
  law('gives a plan to one of many who ask at once', async (store) => {
    const asked = await Promise.allSettled(Array.from({ length: 12 }, () => takePlan(store, 'film')));
    const given = asked.filter((one) => one.status === 'fulfilled');
    strictEqual(given.length, 1);
    for (const one of asked)
      if (one.status === 'rejected') await rejectsWith('PLAN_LOCKED', Promise.reject(one.reason));
    for (const { value } of given) await value.release();
  }),
  law('gives a plan again once it was given back, with a higher epoch each time', async (store) => {
    await store.saveCheckpoint(sampleCheckpoint({ planId: 'film' })); // a plan of which nothing is left may begin anew
    let last = 0;
    for (let turn = 0; turn < 3; turn++) {
      const lease = await takePlan(store, 'film');
      ok(Number.isSafeInteger(lease.epoch) && lease.epoch > last, `epoch ${lease.epoch} after ${last}`);
      last = lease.epoch;
      await lease.release();
      await lease.release();
    }
  }),
  law('gives an epoch above what it is told was stored while nobody counted', async (store) => {
    const lease = await takePlan(store, 'film', { above: 41 });
    ok(lease.epoch > 41, `epoch ${lease.epoch}`);
    await lease.release();
  }),
  law('confirms a lease for as long as it is held', async (store) => {
    const lease = await takePlan(store, 'film');
    await lease.check();
    lease.checkNow?.();
    await lease.check();
    await lease.release();
  }),
  law('keeps apart the locks of plans whose names are alike or odd', async (store) => {
    const planIds = ['Film', 'film', 'caf\u00e9', 'cafe\u0301', '..', 'a/b', '\ud800'];
    const leases = [];
    for (const planId of planIds) leases.push(await takePlan(store, planId));
    for (const planId of planIds) await rejectsWith('PLAN_LOCKED', takePlan(store, planId));
    for (const lease of leases) await lease.check();
    for (const lease of leases) await lease.release();
  }),
];
