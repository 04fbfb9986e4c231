import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { summarize } from '../checkpoint/checkpoint.js';
import { law, type PersistenceLaw } from './law.js';
import { madeAt, sampleCheckpoint } from './sample-checkpoint.js';

export { blobLaws } from './blob-laws.js';
export { inboxLaws } from './inbox-laws.js';
export { journalLaws } from './journal-laws.js';
export type { CreateStore, PersistenceLaw } from './law.js';
export { lockLaws } from './lock-laws.js';
export { repairLaws } from './repair-laws.js';
export { sampleCheckpoint } from './sample-checkpoint.js';

/**
 * What every store does, whoever wrote it. Works with any test runner.
 *
 * @example
 * import { persistenceLaws } from 'vibe-aigc/testing';
 *
 * describe('MyStore', () => {
 *   for (const law of persistenceLaws) it(law.name, () => law.check(() => new MyStore()));
 * });
 */
export const persistenceLaws: readonly PersistenceLaw[] = [
  law('returns what was saved, value for value', async (store) => {
    const checkpoint = sampleCheckpoint();
    await store.saveCheckpoint(checkpoint);
    deepStrictEqual(plain(await store.loadCheckpoint(checkpoint.checkpointId)), plain(checkpoint));
  }),
  law('answers undefined for an unknown id, and false when asked to delete it', async (store) => {
    await store.saveCheckpoint(sampleCheckpoint());
    for (const id of [
      'cp-unknown',
      '',
      '..',
      '../cp-0sample0000-1',
      'cp-0sample0000-1/../cp-0sample0000-1',
      '__proto__',
    ]) {
      strictEqual(await store.loadCheckpoint(id), undefined, `loads ${JSON.stringify(id)}`);
      strictEqual(await store.deleteCheckpoint(id), false, `deletes ${JSON.stringify(id)}`);
    }
    strictEqual((await store.listCheckpoints()).length, 1);
  }),
  law('lists what summarize() says of each checkpoint', async (store) => {
    const checkpoint = sampleCheckpoint();
    await store.saveCheckpoint(checkpoint);
    deepStrictEqual(plain(await store.listCheckpoints()), [plain(summarize(checkpoint))]);
  }),
  law('replaces a checkpoint that is saved again', async (store) => {
    await store.saveCheckpoint(sampleCheckpoint());
    await store.saveCheckpoint(sampleCheckpoint({ seq: 7, state: 'failed' }));
    const summaries = await store.listCheckpoints();
    strictEqual(summaries.length, 1);
    strictEqual(summaries[0]?.seq, 7);
    strictEqual((await store.loadCheckpoint('cp-0sample0000-1'))?.state, 'failed');
  }),
  law('lists newest first, whatever the order of saving', async (store) => {
    for (const minute of [2, 0, 3, 1]) await store.saveCheckpoint(madeAt(minute));
    deepStrictEqual(
      idsOf(await store.listCheckpoints()),
      [3, 2, 1, 0].map((minute) => madeAt(minute).checkpointId),
    );
  }),
  law('lists the checkpoints of one plan, or of one vibe', async (store) => {
    await store.saveCheckpoint(madeAt(0, { planId: 'plan-a', vibeKey: 'v1:a' }));
    await store.saveCheckpoint(madeAt(1, { planId: 'plan-b', vibeKey: 'v1:b' }));
    await store.saveCheckpoint(madeAt(2, { planId: 'plan-c', vibeKey: 'v1:b' }));
    deepStrictEqual(idsOf(await store.listCheckpoints({ planId: 'plan-a' })), [madeAt(0).checkpointId]);
    const ofVibe = [madeAt(2).checkpointId, madeAt(1).checkpointId];
    deepStrictEqual(idsOf(await store.listCheckpoints({ vibeKey: 'v1:b' })), ofVibe);
    deepStrictEqual(await store.listCheckpoints({ planId: 'plan-z' }), []);
  }),
  law('lists at most limit checkpoints, and goes on behind before', async (store) => {
    for (const minute of [0, 1, 2, 3, 4]) await store.saveCheckpoint(madeAt(minute));
    const ids = [4, 3, 2, 1, 0].map((minute) => madeAt(minute).checkpointId);
    deepStrictEqual(idsOf(await store.listCheckpoints({ limit: 2 })), ids.slice(0, 2));
    deepStrictEqual(idsOf(await store.listCheckpoints({ limit: 2, before: ids[1] as string })), ids.slice(2, 4));
    deepStrictEqual(idsOf(await store.listCheckpoints({ before: ids[4] as string })), []);
    deepStrictEqual(await store.listCheckpoints({ limit: 0 }), []);
  }),
  law('deletes one checkpoint, once', async (store) => {
    await store.saveCheckpoint(madeAt(0));
    await store.saveCheckpoint(madeAt(1));
    strictEqual(await store.deleteCheckpoint(madeAt(0).checkpointId), true);
    strictEqual(await store.deleteCheckpoint(madeAt(0).checkpointId), false);
    strictEqual(await store.loadCheckpoint(madeAt(0).checkpointId), undefined);
    deepStrictEqual(idsOf(await store.listCheckpoints()), [madeAt(1).checkpointId]);
  }),
  law('keeps what was saved when the caller changes its object afterwards', async (store) => {
    const checkpoint = sampleCheckpoint();
    await store.saveCheckpoint(checkpoint);
    checkpoint.completedNodes.push('cut');
    const loaded = await store.loadCheckpoint(checkpoint.checkpointId);
    loaded?.completedNodes.push('again');
    deepStrictEqual((await store.loadCheckpoint(checkpoint.checkpointId))?.completedNodes, ['script']);
  }),
  law('carries any text and any key, and a value of 5 MB', async (store) => {
    const keys = ['__proto__', 'constructor', '', 'é中', '\u{1f30a}', '\u2028', 'a.b', '$c', '\ud800'];
    const metadata = JSON.parse(`{${keys.map((key) => `${JSON.stringify(key)}:"\\u0000 ${key.length}"`).join(',')}}`);
    const vibe = { ...sampleCheckpoint().vibe, metadata: { ...metadata, big: 'x'.repeat(5_000_000) } };
    const checkpoint = { ...sampleCheckpoint(), vibe };
    await store.saveCheckpoint(checkpoint);
    deepStrictEqual(plain((await store.loadCheckpoint(checkpoint.checkpointId))?.vibe), plain(vibe));
  }),
  law('keeps apart plans whose names are alike or odd', async (store) => {
    const planIds = [
      'Film',
      'film',
      'FILM',
      'caf\u00e9',
      'cafe\u0301',
      '..',
      '../film',
      'a/b',
      'nul',
      'x.',
      ' ',
      '\ud800',
      '\udc00',
    ];
    for (const [minute, planId] of planIds.entries()) await store.saveCheckpoint(madeAt(minute, { planId }));
    for (const [minute, planId] of planIds.entries()) {
      const listed = await store.listCheckpoints({ planId });
      deepStrictEqual(idsOf(listed), [madeAt(minute).checkpointId], `plan ${JSON.stringify(planId)}`);
      strictEqual(listed[0]?.planId, planId);
    }
  }),
  law('stores all of many checkpoints that are saved at once', async (store) => {
    const checkpoints = Array.from({ length: 40 }, (_, minute) => madeAt(minute));
    await Promise.all(checkpoints.map((checkpoint) => store.saveCheckpoint(checkpoint)));
    strictEqual((await store.listCheckpoints()).length, 40);
    for (const { checkpointId } of checkpoints) ok(await store.loadCheckpoint(checkpointId), checkpointId);
  }),
];

function idsOf(summaries: ReadonlyArray<{ readonly checkpointId: string }>): string[] {
  return summaries.map(({ checkpointId }) => checkpointId);
}

/** As JSON carries it: a store need not keep `undefined` fields or prototypes. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
