import type { Line } from './journal-lines.js';

export const corrupt = ['CHECKPOINT_CORRUPT'];
export const version = ['CHECKPOINT_VERSION_UNSUPPORTED'];
const unlikeTheVibe = ['CHECKPOINT_CORRUPT', 'CHECKPOINT_MISMATCH'];

type Fields = Record<string, unknown>;

/** Contents of a journal that no version of the library writes, and the errors that they must end in. */
export interface HostileContent {
  readonly name: string;
  readonly change: (lines: readonly Line[]) => Line[];
  readonly codes: readonly string[];
  /** Whether it is another plan whose results these could be: then they are what an intact state is. */
  readonly isAnotherPlan?: boolean;
}

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

function header(name: string, fields: Fields, codes: readonly string[] = corrupt): HostileContent {
  return { name, codes, change: (lines) => changed(lines, 0, (was) => ({ ...was, ...fields })) };
}

function planned(
  name: string,
  change: (nodes: Fields[]) => unknown,
  codes: readonly string[] = corrupt,
): HostileContent {
  const changePlan = (was: Fields) => {
    const plan = was.workflow_plan as { root_nodes: Fields[] };
    return { ...was, workflow_plan: { ...plan, root_nodes: change(plan.root_nodes) } };
  };
  return { name, codes, change: (lines) => changed(lines, 0, changePlan), isAnotherPlan: true };
}

/** Changes the first result of a node. */
function settled(name: string, fields: Fields, codes: readonly string[] = corrupt): HostileContent {
  const change = (lines: readonly Line[]) => {
    const at = lines.findIndex(({ json }) => json.includes('"node_settled"'));
    return changed(lines, at, (was) => ({ ...was, result: { ...(was.result as Fields), ...fields } }));
  };
  return { name, codes, change };
}

function replacedJson(name: string, at: number, json: string, codes: readonly string[] = corrupt): HostileContent {
  return { name, codes, change: (lines) => lines.map((line, index) => (index === at ? { ...line, json } : line)) };
}

function changed(lines: readonly Line[], at: number, change: (was: Fields) => Fields): Line[] {
  return lines.map((line, index) =>
    index === at ? { ...line, json: JSON.stringify(change(JSON.parse(line.json) as Fields)) } : line,
  );
}

export const contents: readonly HostileContent[] = [
  header('a version that is not there yet', { v: 2 }, version),
  header('a version that is no number', { v: '1' }, [...version, ...corrupt]),
  header('no version', { v: undefined }, [...version, ...corrupt]),
  header('another format', { format: 'somebody-elses-journal' }),
  header('the id of another plan', { plan_id: 'another-plan' }),
  header('a plan id that is a number', { plan_id: 7 }),
  header('no plan id', { plan_id: undefined }),
  header('an empty plan id', { plan_id: '' }),
  header('a plan id of 201 characters', { plan_id: 'x'.repeat(201) }),
  header('a run id that is null', { run_id: null }),
  header('no run id', { run_id: undefined }),
  header('the epoch of another file', { epoch: 4_711 }),
  header('an epoch that is text', { epoch: '1' }),
  header('a negative epoch', { epoch: -1 }),
  header('half an epoch', { epoch: 1.5 }),
  header('more carried over than there is', { carried: 1_000_000 }),
  header('less than nothing carried over', { carried: -1 }),
  header('something carried over that is no number', { carried: {} }),
  header('no vibe', { vibe: null }, unlikeTheVibe),
  header('a vibe without a description', { vibe: {} }, unlikeTheVibe),
  header('another vibe', { vibe: { description: 'A poster for a bank' } }, unlikeTheVibe),
  header('the fingerprint of another vibe', { fingerprint: 'another' }, unlikeTheVibe),
  header('a fingerprint that is no text', { fingerprint: ['another'] }, unlikeTheVibe),
  header('no plan', { workflow_plan: undefined }),
  header('a plan that is text', { workflow_plan: 'x' }),
  header('a parent that is text', { parent: 'x' }),
  planned('no nodes', () => []),
  planned('nodes that are no array', () => ({ length: 1 })),
  planned('a node twice', (nodes) => [...nodes, nodes[0]]),
  planned('a node that depends on itself', (nodes) => [{ ...nodes[0], dependencies: ['brief'] }, ...nodes.slice(1)]),
  planned('a node that depends on nobody', (nodes) => [{ ...nodes[0], dependencies: ['x'] }, ...nodes.slice(1)]),
  planned('a node that is null', (nodes) => [...nodes, null]),
  planned('fewer nodes than results', (nodes) => [{ ...nodes[0] }]),
  {
    name: 'nodes 5,000 deep',
    codes: corrupt,
    change: (lines) => {
      const json = JSON.stringify({ ...JSON.parse(lines[0]?.json ?? ''), workflow_plan: 'HERE' });
      const node = '{"id":"n","type":"generate","description":"d","parameters":{},"dependencies":[],"children":[';
      const nodes = node.repeat(5_000) + ']}'.repeat(5_000);
      const plan = `{"id":"p","source_vibe":{"description":"d","constraints":[],"metadata":{}},"root_nodes":[${nodes}]}`;
      return lines.map((line, index) => (index === 0 ? { ...line, json: json.replace('"HERE"', plan) } : line));
    },
  },
  settled('the result of a node that its plan lacks', { node_id: 'stranger' }),
  settled('the result of a node that is called __proto__', { node_id: '__proto__' }),
  settled('the result of a node that has no name', { node_id: undefined }),
  settled('a result of an unknown status', { status: 'dreamt' }),
  settled('a result without a status', { status: undefined }),
  settled('a result whose attempts are text', { attempts: 'many' }),
  settled('a result that took less than no time', { duration_ms: -1 }),
  settled('a result with a handler that is text', { handler: 'x' }),
  settled('a failure without an error', { status: 'failed', error: undefined }),
  replacedJson('no object in its first line', 0, '[]'),
  replacedJson('no JSON in its first line', 0, '{'),
  replacedJson('nothing in its first line', 0, ''),
  replacedJson('a first line that is 5,000 deep', 0, deep(5_000)),
  replacedJson('a record in place of its first line', 0, '{"kind":"run_started","at":"2026-01-01T00:00:00.000Z"}'),
  {
    name: 'a first line and nothing that it says to be carried over',
    codes: corrupt,
    change: (lines) =>
      changed(lines.slice(0, 1), 0, (was) => ({ ...was, carried: 3 })).map((line) => ({ ...line, flushed: 4 })),
  },
];

const result = (fields: string) =>
  `{"kind":"node_settled","result":{"node_id":"final","status":"completed",${fields},"attempts":1,` +
  '"started_at":"2026-01-01T00:00:00.000Z","completed_at":"2026-01-01T00:00:00.000Z","duration_ms":0}}';

/** Records that are none. */
export const hostileRecords: Readonly<Record<string, string>> = {
  'a kind that is not known yet': '{"kind":"budget_spent","at":"2026-01-01T00:00:00.000Z"}',
  'a kind called __proto__': '{"kind":"__proto__"}',
  'a kind called constructor': '{"kind":"constructor"}',
  'an output 5,000 deep': result(`"output":${deep(5_000)}`),
  'a result that is null': '{"kind":"node_settled","result":null}',
  'a result that is a list': '{"kind":"node_settled","result":[]}',
  'a kind that is a number': '{"kind":7}',
  'no kind': '{"at":"2026-01-01T00:00:00.000Z"}',
  'a list': '[]',
  null: 'null',
  'a number': '1',
  'text that is no JSON': '{"kind":"node_settled",',
  'nothing in a line': '',
  'a composite that its plan lacks':
    '{"kind":"composite_completed","node_id":"stranger","at":"2026-01-01T00:00:00.000Z"}',
  'a run that ended as nobody knows': '{"kind":"run_ended","status":"dreamt","at":"2026-01-01T00:00:00.000Z"}',
};

const mark = (...fields: unknown[]) => JSON.stringify({ checkpoint: fields });
const at = '2026-01-01T00:00:00.000Z';

/** Marks of checkpoints that are none. Progress does not depend on them. */
export const hostileMarks: Readonly<Record<string, string>> = {
  'a checkpoint that leaves the directory': mark('../../outside', at, 'running', 1),
  'a checkpoint that is a file elsewhere': mark('/etc/passwd', at, 'running', 1),
  'a checkpoint called __proto__': mark('__proto__', at, 'running', 1),
  'a checkpoint of more records than there are': mark('cp-later', at, 'running', 1_000_000),
  'a checkpoint of less than nothing': mark('cp-before', at, 'running', -1),
  'a checkpoint at half a record': mark('cp-half', at, 'running', 1.5),
  'a checkpoint in an unknown state': mark('cp-dreamt', at, 'dreamt', 1),
  'a checkpoint of no time': mark('cp-never', 'never', 'running', 1),
  'a checkpoint that is empty': mark(),
  'a checkpoint that is text': '{"checkpoint":"cp-text"}',
  'a checkpoint of very deep fields': `{"checkpoint":${deep(5_000)}}`,
  'a deletion outside of the directory': '{"deleted":"../../outside"}',
  'a deletion of a number': '{"deleted":5}',
  'a deletion of what never was': '{"deleted":"cp-never-was"}',
};
