import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type ExecutionResult,
  MemoryPersistenceManager,
  MetaPlanner,
  type MetaPlannerOptions,
  type NodeHandler,
  type WorkflowNodeInput,
} from 'vibe-aigc';

/** What the fault tests make, in one process and in the next. */
export const posterVibe = {
  description: 'A poster film for a lighthouse',
  style: 'woodcut',
  constraints: ['no text', 'under 30 seconds'],
  metadata: { client: 'Größe & Söhne', ünïcode: '\u2028 灯台' },
};

const of = (id: string, ...dependencies: string[]): WorkflowNodeInput => ({
  id,
  type: 'generate',
  description: `Make ${id}`,
  dependencies,
});

/** brief -> (outline -> (frames of three, music), voice) -> (cut, mix) -> review -> final */
const posterNodes: WorkflowNodeInput[] = [
  of('brief'),
  of('outline', 'brief'),
  {
    ...of('frames', 'outline'),
    type: 'composite',
    children: [of('frame-1'), of('frame-2', 'frame-1'), of('frame-3')],
  },
  of('music', 'outline'),
  of('voice', 'brief'),
  of('cut', 'frames', 'music'),
  of('mix', 'music', 'voice'),
  of('review', 'cut', 'mix'),
  of('final', 'review'),
];

/** Ids of the nodes that a handler is called for, each after what it depends on. */
export const paidNodes = [
  'brief',
  'outline',
  'frame-1',
  'frame-2',
  'frame-3',
  'music',
  'voice',
  'cut',
  'mix',
  'review',
  'final',
];

/** What must be known for a node to be called. */
export const needs: Readonly<Record<string, readonly string[]>> = {
  brief: [],
  outline: ['brief'],
  'frame-1': ['outline'],
  'frame-2': ['outline', 'frame-1'],
  'frame-3': ['outline'],
  music: ['outline'],
  voice: ['brief'],
  cut: ['frame-1', 'frame-2', 'frame-3', 'music'],
  mix: ['music', 'voice'],
  review: ['cut', 'mix'],
  final: ['review'],
};

/** Turns of the event loop that a call takes, so that results come alone and in groups. */
const turns: Readonly<Record<string, number>> = { voice: 2, 'frame-3': 1, music: 1, 'frame-2': 3 };

const withMedia = ['frame-2', 'music', 'voice', 'final'];

export interface PosterHooks {
  readonly onCall?: (nodeId: string) => void;
  /** What a call waits for before it returns. */
  readonly during?: (nodeId: string) => Promise<void> | void;
  /** Told of each output, as it is returned. */
  readonly onReturn?: (nodeId: string, output: unknown) => void;
  /** So many characters more in the first output: snapshots of it are too dear for each checkpoint to be a file. */
  readonly padding?: number | undefined;
  /** Some calls store what they made as a blob, and output a reference to it. */
  readonly storesMedia?: boolean | undefined;
  /** Told when a plan is asked for. */
  readonly onPlanned?: () => void;
}

/** Outputs show what a node was given: one wrong input changes all that follow. */
function posterHandler({ onCall, during, onReturn, padding = 0, storesMedia }: PosterHooks = {}): NodeHandler {
  return async ({ id }, { inputs, blob }) => {
    onCall?.(id);
    for (let turn = turns[id] ?? 0; turn > 0; turn--) await nextTurn();
    await during?.(id);
    const saw = createHash('sha256').update(sortedJson(inputs)).digest('hex').slice(0, 16);
    const output = {
      node: id,
      saw,
      text: `${id} · ${'≋'.repeat(id.length * 5)}`,
      ...(storesMedia && withMedia.includes(id) && { media: await blob(`the media of ${id}`.repeat(20)) }),
      ...(padding > 0 && id === 'brief' && { padding: 'x'.repeat(padding) }),
    };
    onReturn?.(id, output);
    return output;
  };
}

export function posterOptions(hooks: PosterHooks = {}): Pick<MetaPlannerOptions, 'decomposer' | 'handlers'> {
  const decomposer = () => {
    hooks.onPlanned?.();
    return { rootNodes: posterNodes };
  };
  return { decomposer, handlers: { generate: posterHandler(hooks) } };
}

/** What comes of a run that nothing happens to. */
export async function posterOutputs(hooks?: PosterHooks): Promise<ExecutionResult['outputs']> {
  const planner = new MetaPlanner({ persistenceManager: new MemoryPersistenceManager(), ...posterOptions(hooks) });
  return (await planner.executeWithResume(posterVibe)).outputs;
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
