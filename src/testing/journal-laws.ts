import { deepStrictEqual } from 'node:assert/strict';
import type { JournalCapability, JournalOpening, PersistenceManager } from '../checkpoint/persistence-manager.js';
import { capabilityOf, law, type PersistenceLaw, rejectsWith, takePlan } from './law.js';

/**
 * What every store with a `journal` and `locks` does, besides `persistenceLaws`. They fail for a store without them.
 *
 * @example
 * for (const law of journalLaws) it(law.name, () => law.check(() => new MyStore()));
 */
export const journalLaws: readonly PersistenceLaw[] = [
  journalLaw(
    'gives back what a journal began with and what was appended, in order, whatever the text',
    async (turns) => {
      const texts = [
        '{"a":1}',
        '{"b":"\u2028 é 🌊 \\u0000"}',
        `{"c":"${'x'.repeat(1_000_000)}"}`,
        'no JSON',
        '{"a":1}',
      ];
      const { epoch, writer } = await turns.begin(['header', 'second']);
      await Promise.all([
        writer.append(texts.slice(0, 2), 0),
        writer.append(texts.slice(2, 4), 0),
        writer.append(texts.slice(4)),
      ]);
      await writer.flush();
      deepStrictEqual(await turns.read(), [[epoch, 'header', 'second', ...texts]]);
      await writer.close();
      deepStrictEqual(await turns.read(), [[epoch, 'header', 'second', ...texts]]);
    },
  ),
  journalLaw('keeps what was appended without a flush for each line, too', async (turns) => {
    const { epoch, writer } = await turns.begin(['header'], { durability: 'relaxed' });
    for (let line = 0; line < 50; line++) await writer.append([`{"n":${line}}`]);
    await writer.close();
    deepStrictEqual(await turns.read(), [
      [epoch, 'header', ...Array.from({ length: 50 }, (_, line) => `{"n":${line}}`)],
    ]);
  }),
  journalLaw('keeps what was appended at once in its place among what was appended', async (turns) => {
    const { epoch, writer } = await turns.begin(['header'], { durability: 'relaxed' });
    const texts = Array.from({ length: 1_000 }, (_, line) => `{"n":${line}}`);
    const waiting: Array<Promise<void>> = [];
    for (const text of texts) if (!writer.appendNow?.([text])) waiting.push(writer.append([text]));
    await Promise.all(waiting);
    await writer.close();
    deepStrictEqual(await turns.read(), [[epoch, 'header', ...texts]]);
  }),
  journalLaw('appends nothing at once for an earlier owner', async (turns) => {
    const { writer, lease } = await turns.begin(['mine'], { durability: 'relaxed' });
    writer.appendNow?.(['acknowledged']);
    await lease.release();
    const next = await turns.begin(['theirs']);
    deepStrictEqual(writer.appendNow?.(['too late']) ?? false, false);
    await rejectsWith('PLAN_LOCKED', writer.append(['too late again']));
    await writer.close();
    await next.writer.close();
    deepStrictEqual((await turns.read())[0], [next.epoch, 'theirs']);
  }),
  journalLaw('keeps earlier journals, the latest first, unless a later one replaces them', async (turns) => {
    const first = await turns.turn(['one']);
    const second = await turns.turn(['two']);
    deepStrictEqual(await turns.read(), [
      [second, 'two'],
      [first, 'one'],
    ]);
    const third = await turns.turn(['three'], { replaces: [first, second] });
    deepStrictEqual(await turns.read(), [[third, 'three']]);
  }),
  journalLaw('puts a journal where nobody reads it when it is told to', async (turns) => {
    const first = await turns.turn(['one']);
    const second = await turns.turn(['two'], { setsAside: [first] });
    deepStrictEqual(await turns.read(), [[second, 'two']]);
  }),
  journalLaw(
    'refuses what an earlier owner appends, once and for all, and keeps it out of the journal',
    async (turns) => {
      const { writer, lease } = await turns.begin(['mine']);
      await writer.append(['acknowledged']);
      await lease.release();
      const next = await turns.begin(['theirs']);
      await rejectsWith('PLAN_LOCKED', lease.check());
      await rejectsWith('PLAN_LOCKED', writer.append(['too late']));
      await rejectsWith('PLAN_LOCKED', writer.append(['too late again']));
      const [latest, earlier] = await turns.read();
      deepStrictEqual(latest, [next.epoch, 'theirs']);
      deepStrictEqual(earlier?.slice(1, 3), ['mine', 'acknowledged']);
      await next.writer.append(['more']);
      await writer.close();
      await next.writer.close();
      deepStrictEqual((await turns.read())[0], [next.epoch, 'theirs', 'more']);
    },
  ),
  journalLaw('removes all journals of a plan, and of no other', async (turns) => {
    const { journal, store } = turns;
    const epoch = await turns.turn(['other'], {}, 'FILM');
    await turns.turn(['one']);
    await turns.turn(['two']);
    const lease = await takePlan(store, 'film');
    await journal.remove('film', lease);
    await lease.release();
    deepStrictEqual(await turns.read(), []);
    deepStrictEqual(await turns.read('FILM'), [[epoch, 'other']]);
    deepStrictEqual(await turns.read('unknown'), []);
  }),
];

/** A plan whose journal is written in turns. */
class JournalTurns {
  constructor(
    readonly store: PersistenceManager,
    readonly journal: JournalCapability,
  ) {}

  async begin(lines: readonly string[], more: Partial<JournalOpening> = {}, planId = 'film') {
    const lease = await takePlan(this.store, planId);
    const opening = { lines, durability: 'strict' as const, replaces: [], setsAside: [], ...more };
    return { epoch: lease.epoch, lease, writer: await this.journal.begin(planId, lease, opening) };
  }

  /** @returns the epoch of a journal that was begun, closed, and given back */
  async turn(lines: readonly string[], more: Partial<JournalOpening> = {}, planId = 'film'): Promise<number> {
    const { epoch, lease, writer } = await this.begin(lines, more, planId);
    await writer.close();
    await lease.release();
    return epoch;
  }

  /** The epoch and the lines of each journal. */
  async read(planId = 'film'): Promise<Array<[epoch: number, ...lines: string[]]>> {
    const journals = await this.journal.read(planId);
    return journals.map(({ epoch, lines, damage, isTorn }) => {
      deepStrictEqual({ damage, isTorn }, { damage: undefined, isTorn: false });
      return [epoch, ...lines];
    });
  }
}

function journalLaw(name: string, check: (turns: JournalTurns) => Promise<void>): PersistenceLaw {
  return law(name, async (store) => {
    const turns = new JournalTurns(store, capabilityOf(store, 'journal'));
    await check(turns);
  });
}
