import { atLevel } from '../helpers/level.js';
import { type CheckpointFields, raw } from './sealed-file.js';

type Fields = Record<string, unknown>;

/**
 * What becomes of a file. `carried`: it is data like any other, and comes back exactly as it is. `mended`: what is wrong
 * with it can be told from the rest.
 */
export type Fate = 'corrupt' | 'version' | 'carried' | 'mended';

/** The content of a checkpoint file that no version of the library writes, with right checksums. */
export interface HostileFile {
  readonly name: string;
  readonly fate: Fate;
  /** What is carried is the vibe of somebody else. */
  readonly isOfAnotherVibe?: true;
  readonly change: (fields: CheckpointFields) => CheckpointFields;
}

const deepLevels = 100_000;
const manyKeys = atLevel(100_000, 1_000_000);
const deepList = raw('['.repeat(deepLevels) + ']'.repeat(deepLevels));
const deepObject = raw(`${'{"a":'.repeat(deepLevels)}1${'}'.repeat(deepLevels)}`);
const polluting = '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"prototype":{"polluted":1}';
const polluter = raw(`{${polluting}}`);

function head(name: string, changed: Fields, fate: Fate = 'corrupt'): HostileFile {
  return { name, fate, change: (file) => ({ ...file, head: { ...file.head, ...changed } }) };
}

function body(name: string, changed: Fields | ((was: Fields) => Fields), fate: Fate = 'corrupt'): HostileFile {
  const change = (file: CheckpointFields) => ({
    ...file,
    body: { ...file.body, ...(typeof changed === 'function' ? changed(file.body) : changed) },
  });
  return { name, fate, change };
}

function vibe(name: string, changed: Fields, fate: Fate = 'corrupt'): HostileFile {
  return body(name, (was) => ({ vibe: { ...(was.vibe as Fields), ...changed } }), fate);
}

/** In the first node of the plan. */
function node(name: string, changed: Fields, fate: Fate = 'corrupt'): HostileFile {
  return nodes(name, ([first, ...others]) => [{ ...first, ...changed }, ...others], fate);
}

function nodes(name: string, change: (nodes: Fields[]) => unknown, fate: Fate = 'corrupt'): HostileFile {
  return body(
    name,
    ({ workflow_plan }) => {
      const plan = workflow_plan as Fields;
      return { workflow_plan: { ...plan, root_nodes: change(plan.root_nodes as Fields[]) } };
    },
    fate,
  );
}

/** In the result of the first node. */
function result(name: string, changed: Fields, fate: Fate = 'corrupt'): HostileFile {
  return results(name, (was) => ({ ...was, first: { ...(was.first as Fields), ...changed } }), fate);
}

function results(name: string, change: (results: Fields) => unknown, fate: Fate = 'corrupt'): HostileFile {
  return body(name, ({ node_results }) => ({ node_results: change(node_results as Fields) }), fate);
}

export const hostileFiles: readonly HostileFile[] = [
  // its head
  head('a version that is not there yet', { schema_version: '3.0' }, 'version'),
  head('a version that is far from being there', { schema_version: '999999.0' }, 'version'),
  head('a version that is a number', { schema_version: 2 }),
  head('a version that is no number', { schema_version: 'x' }),
  head('no run id', { run_id: undefined }),
  head('an empty run id', { run_id: '' }),
  head('a run id of 201 characters', { run_id: 'x'.repeat(201) }),
  head('a state that nobody knows', { state: 'dreamt' }),
  head('a negative epoch', { epoch: -1 }),
  head('an epoch that nothing can follow', { epoch: Number.MAX_SAFE_INTEGER }),
  head('an epoch beyond all numbers', { epoch: raw('1e999') }),
  head('an epoch that is text', { epoch: '1' }),
  head('half a position', { seq: 0.5 }),
  head('a vibe key that is a list', { vibe_key: [] }),
  head('a description that is an object', { vibe_description: {} }, 'mended'),
  head('progress that is 500 deep', { progress: raw(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`) }, 'mended'),
  head('a parent that is text', { parent: 'x' }),
  head('a parent with ids of a thousand characters', { parent: { run_id: 'x'.repeat(1_000), checkpoint_id: 'cp-x' } }),
  head('the id of another checkpoint', { checkpoint_id: 'cp-another' }),
  head('an id that leaves the directory', { checkpoint_id: '../../escape' }),
  head('the id of another plan', { plan_id: 'another' }),
  head('a plan that leaves the directory', { plan_id: '../../escape' }),
  head('a plan without a name', { plan_id: '' }),
  head('a plan with a name of 201 characters', { plan_id: 'x'.repeat(201) }),
  head('a time that is 100,000 deep', { created_at: deepList }),
  head('a time that never was', { created_at: 'never' }),
  head('a time that is a number', { created_at: 1e20 }),
  // its vibe
  body('no vibe', { vibe: undefined }),
  body('a vibe that is a list', { vibe: [] }),
  vibe('a vibe of nothing but blanks', { description: '  ' }),
  vibe('constraints that are an object', { constraints: { length: 1e9 } }),
  vibe('metadata 100,000 deep', { metadata: deepObject }),
  { ...vibe('metadata that reach for prototypes', { metadata: polluter }, 'carried'), isOfAnotherVibe: true },
  vibe('fields that nobody knows and that reach for prototypes', { unknown: polluter }, 'carried'),
  // its plan
  body('no plan', { workflow_plan: undefined }),
  body('a plan that is text', { workflow_plan: 'x' }),
  nodes('no nodes', () => []),
  nodes('nodes that are an object', () => ({ 0: {} })),
  nodes('the same node twice', (was) => [...was, was[0]]),
  nodes('nodes 100,000 deep', () =>
    raw(
      `[${'{"id":"n","type":"generate","description":"","children":['.repeat(deepLevels)}${']}'.repeat(deepLevels)}]`,
    ),
  ),
  nodes('nodes that are lists in lists', () => deepList),
  node('a node that depends on itself', { dependencies: ['first'] }),
  node('a node that depends on nobody', { dependencies: ['nobody'] }),
  node('a node of an unknown type', { type: 'constructor' }),
  node('a node without a name', { id: '' }),
  node('parameters 100,000 deep', { parameters: deepObject }),
  node('parameters that reach for prototypes', { parameters: polluter }, 'carried'),
  node('a tool that is a prototype', { parameters: { tool: '__proto__' } }, 'carried'),
  node('time that is text', { estimated_duration: 'long' }),
  // its results
  body('completed nodes that are an object', { completed_nodes: { length: 1e9 } }),
  results('results that are a list', () => []),
  results('results 100,000 deep', () => deepObject),
  results('the result of a stranger', (was) => ({
    ...was,
    stranger: { ...(was.first as Fields), node_id: 'stranger' },
  })),
  results('a result under the name of another', (was) => ({ ...was, second: was.first })),
  results('results that reach for prototypes', (was) => raw(`{"first":${JSON.stringify(was.first)},${polluting}}`)),
  result('a status that is a prototype', { status: '__proto__' }),
  result('an output 100,000 deep', { output: deepList }),
  result('an output that reaches for prototypes', { output: polluter }, 'carried'),
  result(
    `an output of ${manyKeys} keys`,
    { output: raw(`{${Array.from({ length: manyKeys }, (_, key) => `"k${key}":1`).join(',')}}`) },
    'carried',
  ),
  result('an output with the same key twice', { output: raw('{"a":1,"a":2}') }, 'carried'),
  result('less than no attempts', { attempts: -1 }),
  result('a failure without an error', { status: 'failed', error: undefined, output: undefined }),
  result('an output made of itself', { output: ['first'], output_from_children: true }, 'mended'),
  result('time that is negative', { duration_ms: -1 }),
  result('a handler that is text', { handler: 'x' }),
  body('work that took less than no time', { active_ms: -1 }),
  body(
    'fields of the top that reach for prototypes',
    { unknown: polluter, toString: 'x', hasOwnProperty: 1 },
    'carried',
  ),
  body('the name of another plan once more, at its end', { plan_id: 'another' }),
  body('another state once more, at its end', { state: 'dreamt' }),
];
