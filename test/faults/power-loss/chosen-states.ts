import { atLevel } from '../helpers/level.js';
import type { Random } from '../helpers/random.js';
import { type LegalState, legalStates } from './disk-model.js';
import type { Recording } from './operations.js';

export interface StateAtCut extends LegalState {
  readonly cut: number;
}

/**
 * The states of one recording that are tried: after promises, the disk that kept least, where nothing unflushed is left;
 * and at moments all over the recording anything that is legal then.
 */
export function* chosenStates(recording: Recording, random: Random): Generator<StateAtCut> {
  const { marks, moments } = recording;
  for (const { at } of atLevel(random.sample(marks, 1), marks)) yield leastAfter(recording, at, random);
  const step = atLevel(moments, moments / 25);
  for (let start = 0; start <= moments; start += step) {
    const cut = Math.min(moments, Math.floor(start) + random.below(Math.ceil(step)));
    yield { cut, ...random.pick([...legalStates(recording, cut, random)]) };
  }
}

/** After each promise, the disk that kept least. */
export function* everyLeastState(recording: Recording, random: Random): Generator<StateAtCut> {
  for (const { at } of recording.marks) yield leastAfter(recording, at, random);
}

function leastAfter(recording: Recording, at: number, random: Random): StateAtCut {
  const cut = at + 1;
  const [all, ...others] = legalStates(recording, cut, random);
  const bytesOf = ({ state }: LegalState) =>
    [...state.values()].reduce((sum, bytes) => sum + (bytes?.length ?? 0) + 1, 0);
  const least = others.reduce((least, each) => (bytesOf(each) < bytesOf(least) ? each : least), all as LegalState);
  return { cut, ...least };
}
