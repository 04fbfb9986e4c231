import type { WorkflowNodeInput } from 'vibe-aigc';

/** What every child process makes. */
export const vibe = { description: 'A film about tides', style: 'noir', constraints: ['under 2 minutes'] };

/** Twelve nodes: branches that meet, a composite, and a parent whose own handler runs before its children. */
const short: WorkflowNodeInput[] = [
  node('brief', 'analyze'),
  node('cast', 'generate', ['brief']),
  node('mood', 'generate', ['brief']),
  { ...node('scenes', 'composite', ['brief']), children: scenesOf('scene') },
  {
    ...node('storyboard', 'generate', ['cast']),
    children: [node('frame-1', 'generate'), node('frame-2', 'generate', ['storyboard'])],
  },
  node('cut', 'transform', ['mood', 'scenes', 'storyboard']),
  node('review', 'validate', ['cut']),
];

/** Sixty-two nodes: ten parts of six, each after the part before the last, so that two are always under way. */
const long: WorkflowNodeInput[] = [
  node('brief', 'analyze'),
  ...Array.from({ length: 10 }, (_, index) => partOf(index)).flat(),
  node('cut', 'transform', ['part-8', 'part-9']),
];

/** Two things that are bought, one after the other. */
const paid: WorkflowNodeInput[] = [node('clip', 'generate'), node('cut', 'transform', ['clip'])];

/** Two that store media, and one that hands them on. */
const media: WorkflowNodeInput[] = [
  node('clip', 'generate'),
  node('sound', 'generate'),
  node('cut', 'transform', ['clip', 'sound']),
];

export const plans = { short, long, paid, media };
export type PlanName = keyof typeof plans;

/** Five nodes in a composite of their own. */
function partOf(index: number): WorkflowNodeInput[] {
  const name = `part-${index}`;
  const before = index < 2 ? 'brief' : `part-${index - 2}`;
  const parent = { ...node(`${name}-draft`, 'generate'), children: [node(`${name}-detail`, 'transform')] };
  return [{ ...node(name, 'composite', [before]), children: [parent, ...scenesOf(`${name}-scene`)] }];
}

/** The second scene needs the first, the third is on its own. */
function scenesOf(name: string): WorkflowNodeInput[] {
  return [node(`${name}-1`, 'generate'), node(`${name}-2`, 'generate', [`${name}-1`]), node(`${name}-3`, 'generate')];
}

function node(id: string, type: WorkflowNodeInput['type'], dependencies: string[] = []): WorkflowNodeInput {
  return { id, type, description: `Make ${id}`, dependencies };
}
