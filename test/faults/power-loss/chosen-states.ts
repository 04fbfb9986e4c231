import { isFull } from '../helpers/level.js';
import type { Random } from '../helpers/random.js';
import { keyOf, type LegalState, legalStates } from './disk-model.js';
import type { Recording } from './operations.js';

export interface StateAtCut extends LegalState {
  readonly cut: number;
}

/**
 * The states of one recording that are tried. Equal ones are tried once, at the latest moment that they are possible:
 * most was promised then. At the quick level some: at moments just after a promise, where nothing unflushed is left, and
 * at any moment, where anything legal is.
 */
export function chosenStates(recording: Recording, random: Random, perRecording: number): StateAtCut[] {
  if (isFull) return [...everyState(recording, random)];
  const promises = random.sample(recording.marks, perRecording - Math.floor(perRecording / 2));
  const afterPromises = promises.map(({ at }) => leastAfter(recording, at, random));
  const anywhere = Array.from({ length: Math.floor(perRecording / 2) }, () => {
    const cut = random.below(recording.moments + 1);
    return { cut, ...random.pick([...legalStates(recording, cut, random)]) };
  });
  return [...afterPromises, ...anywhere];
}

/** All that the model knows, for every moment. */
function* everyState(recording: Recording, random: Random): Generator<StateAtCut> {
  const seen = new Set<string>();
  for (let cut = recording.moments; cut >= 0; cut--) {
    for (const legal of legalStates(recording, cut, random)) {
      const key = keyOf(legal.state);
      if (seen.has(key)) continue;
      seen.add(key);
      yield { cut, ...legal };
    }
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
