import { deepStrictEqual } from 'node:assert/strict';
import type { InboxCapability, InboxMessage, PersistenceManager } from '../checkpoint/persistence-manager.js';
import { capabilityOf, law, type PersistenceLaw, takePlan } from './law.js';
import { sampleCheckpoint } from './sample-checkpoint.js';

/**
 * What every store with an `inbox` does, besides `persistenceLaws`. They fail for a store without one.
 *
 * @example
 * for (const law of inboxLaws) it(law.name, () => law.check(() => new MyStore()));
 */
export const inboxLaws: readonly PersistenceLaw[] = [
  inboxLaw('keeps messages until they are removed, whatever their text', async (inbox) => {
    const texts = ['', '{"a":1}', '\u2028 é 🌊 \\u0000', 'two\nlines\r\n', 'x'.repeat(1_000_000)];
    const messages = texts.map((text, index) => ({ id: `Message-${index}`, text }));
    for (const message of messages) await inbox.post('film', message);
    deepStrictEqual(await sorted(inbox, 'film'), messages);
    deepStrictEqual(await sorted(inbox, 'film'), messages);
    await inbox.remove('film', ['Message-0', 'Message-2', 'Message-3']);
    deepStrictEqual(await sorted(inbox, 'film'), [messages[1], messages[4]]);
  }),
  inboxLaw(
    'has no messages for a plan that it knows nothing of, and passes over ids that are not there',
    async (inbox) => {
      deepStrictEqual(await inbox.read('unknown'), []);
      await inbox.remove('unknown', ['a']);
      await inbox.post('film', { id: 'a', text: 'first' });
      await inbox.remove('film', ['b', 'a', 'a']);
      deepStrictEqual(await inbox.read('film'), []);
    },
  ),
  inboxLaw('keeps apart the messages of plans whose names are alike or odd', async (inbox) => {
    const planIds = ['Film', 'film', 'caf\u00e9', 'cafe\u0301', '..', '../film', 'a/b', 'x.', '\ud800'];
    for (const [index, planId] of planIds.entries()) await inbox.post(planId, { id: 'a', text: `${index}` });
    await inbox.remove('film', ['a']);
    for (const [index, planId] of planIds.entries()) {
      const expected = planId === 'film' ? [] : [{ id: 'a', text: `${index}` }];
      deepStrictEqual(await inbox.read(planId), expected, `plan ${JSON.stringify(planId)}`);
    }
  }),
  inboxLaw('keeps all of many messages that are posted at once', async (inbox) => {
    const messages = Array.from({ length: 40 }, (_, index) => ({ id: `m${index + 10}`, text: `${index}` }));
    await Promise.all(messages.map((message) => inbox.post('film', message)));
    deepStrictEqual(await sorted(inbox, 'film'), messages);
  }),
  inboxLaw('lists no message as a checkpoint, and loses none when checkpoints are deleted', async (inbox, store) => {
    const { checkpointId, planId } = sampleCheckpoint();
    await inbox.post(planId, { id: 'a', text: '{}' });
    deepStrictEqual(await store.listCheckpoints(), []);
    await store.saveCheckpoint(sampleCheckpoint());
    await store.deleteCheckpoint(checkpointId);
    deepStrictEqual(await inbox.read(planId), [{ id: 'a', text: '{}' }]);
  }),
  inboxLaw('takes messages while somebody has the plan', async (inbox, store) => {
    const lease = store.locks === undefined ? undefined : await takePlan(store, 'film');
    await inbox.post('film', { id: 'a', text: '{}' });
    deepStrictEqual(await inbox.read('film'), [{ id: 'a', text: '{}' }]);
    await inbox.remove('film', ['a']);
    await lease?.release();
  }),
];

function inboxLaw(
  name: string,
  check: (inbox: InboxCapability, store: PersistenceManager) => Promise<void>,
): PersistenceLaw {
  return law(name, (store) => check(capabilityOf(store, 'inbox'), store));
}

async function sorted(inbox: InboxCapability, planId: string): Promise<InboxMessage[]> {
  const messages = await inbox.read(planId);
  return messages.map(({ id, text }) => ({ id, text })).sort((a, b) => (a.id < b.id ? -1 : 1));
}
