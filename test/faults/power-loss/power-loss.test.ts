import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildState } from '../helpers/disk-state.js';
import { fastDirectory } from '../helpers/fast-directory.js';
import { testSeed } from '../helpers/level.js';
import { posterOutputs } from '../helpers/poster-run.js';
import { randomFrom } from '../helpers/random.js';
import { tellCount } from '../helpers/tell-count.js';
import { checkResume } from './check-resume.js';
import { chosenStates, everyLeastState, type StateAtCut } from './chosen-states.js';
import type { Recording } from './operations.js';
import { promisedAt } from './promises.js';
import { type RecordedScenario, recordScenarios } from './record-scenarios.js';
import { scenarioNames } from './scenarios.js';

const seed = testSeed();
let recorded: RecordedScenario[];
let outputs: Record<string, unknown>;
let outputsWithMedia: Record<string, unknown>;
let base: string;
let states = 0;
tellCount('disk states after a power cut', () => states);

beforeAll(async () => {
  recorded = await recordScenarios();
  outputs = await posterOutputs();
  outputsWithMedia = await posterOutputs({ storesMedia: true });
  base = await mkdtemp(join(fastDirectory, 'vibe-aigc-power-'));
}, 120_000);

afterAll(async () => {
  if (base) await rm(base, { recursive: true, force: true });
});

/** Tries states until some are found wrong, and tells what is wrong with them. */
async function failuresIn(scenario: RecordedScenario, chosen: Iterable<StateAtCut>, enough = 5): Promise<string[]> {
  const { durability, checkpointInterval, recording } = scenario;
  const failures: string[] = [];
  for (const { cut, state, label } of chosen) {
    const directory = join(base, `state-${++states}`);
    buildState(directory, state);
    const promised = promisedAt(scenario, cut);
    const storesMedia = scenario.scenario === 'a run with media';
    const settings = { directory, durability, checkpointInterval, storesMedia };
    const problems = await checkResume(settings, promised, storesMedia ? outputsWithMedia : outputs);
    await rm(directory, { recursive: true });
    if (problems.length === 0) continue;
    failures.push(`cut ${whereIn(recording, cut)}; ${label}: ${problems.join('; ')}`);
    if (failures.length === enough) break;
  }
  return failures;
}

function whereIn({ operations, marks }: Recording, cut: number): string {
  const operation = operations.findLast(({ endedAt }) => endedAt < cut);
  const { bytes, ...done } = { bytes: undefined, ...operation };
  return `at ${cut} (after ${JSON.stringify(done)} and ${JSON.stringify(marks.findLast(({ at }) => at < cut))})`;
}

describe('when the power is cut', () => {
  for (const scenario of scenarioNames) {
    for (const durability of ['strict', 'relaxed'] as const) {
      for (const checkpointInterval of [1, 3, undefined]) {
        const settings = `${durability}, checkpointInterval ${checkpointInterval ?? 'unset'}`;
        it(`nothing that was promised is lost: ${scenario}, ${settings}, seed ${seed}`, {
          timeout: 1_200_000,
        }, async () => {
          const played = find(scenario, durability, checkpointInterval);
          const random = randomFrom(seed + recorded.indexOf(played));
          expect(await failuresIn(played, chosenStates(played.recording, random))).toEqual([]);
        });
      }
    }
  }
});

function find(
  scenario: RecordedScenario['scenario'],
  durability: RecordedScenario['durability'],
  checkpointInterval: number | undefined,
): RecordedScenario {
  const found = recorded.find(
    (each) =>
      each.scenario === scenario && each.durability === durability && each.checkpointInterval === checkpointInterval,
  );
  if (found === undefined) throw new Error(`${scenario} was not recorded.`);
  return found;
}

/** What a recording would be if the library left something out. */
const leftOut: Record<string, (recording: Recording) => Recording> = {
  'no file is flushed': (recording) => without(recording, 'flush'),
  'no directory is flushed': (recording) => without(recording, 'flush directory'),
  'what is told is told before it is flushed': ({ marks, operations, ...recording }) => {
    const early = marks.map((mark) => {
      const flush = operations.findLast(({ kind, endedAt }) => kind.startsWith('flush') && endedAt < mark.at);
      return { ...mark, at: flush === undefined ? mark.at : flush.startedAt + 0.5 };
    });
    return { ...recording, operations, marks: early };
  },
};

/** A blob has its name when it is whole; before that it is flushed. */
function withoutFlushOfMedia({ operations, ...recording }: Recording): Recording {
  const media = new Set<number>();
  for (const operation of operations) {
    if (operation.kind === 'rename' && operation.path.includes('/.blob-')) media.add(operation.file);
  }
  expect(media.size).toBe(4);
  return { ...recording, operations: operations.filter((one) => one.kind !== 'flush' || !media.has(one.file)) };
}

function without({ operations, ...recording }: Recording, kind: 'flush' | 'flush directory'): Recording {
  return { ...recording, operations: operations.filter((operation) => operation.kind !== kind) };
}

describe('the test of power cuts', () => {
  it('plays runs in which no node is acknowledged twice, whatever process it was', () => {
    for (const { scenario, recording } of recorded) {
      const acknowledged = recording.marks.flatMap((mark) =>
        mark.told === 'acknowledged' ? [`${mark.runId} ${mark.nodeId}`] : [],
      );
      expect(acknowledged, scenario).toEqual([...new Set(acknowledged)]);
    }
  });

  it('finds a loss when media are not flushed', async () => {
    const played = find('a run with media', 'strict', 1);
    const recording = withoutFlushOfMedia(played.recording);
    const states = everyLeastState(recording, randomFrom(seed));
    expect(await failuresIn({ ...played, recording }, states, 1)).toHaveLength(1);
  });

  for (const [name, leaveOut] of Object.entries(leftOut)) {
    it(`finds a loss when ${name}`, async () => {
      const played = find('a run', 'strict', 1);
      const recording = leaveOut(played.recording);
      const random = randomFrom(seed);
      expect(await failuresIn({ ...played, recording }, everyLeastState(recording, random), 1)).toHaveLength(1);
    });
  }
});
