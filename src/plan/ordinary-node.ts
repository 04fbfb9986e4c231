import { copyJson, isPlainObject, type JsonObject } from './json-value.js';
import { type NodeType, nodeTypes } from './node-type.js';

const fields: ReadonlySet<string> = new Set([
  'id',
  'type',
  'description',
  'parameters',
  'dependencies',
  'children',
  'estimatedDuration',
]);

interface OrdinaryNode {
  readonly id: string;
  readonly type: NodeType;
  readonly description: string;
  readonly parameters: JsonObject;
  readonly dependencies: string[];
  readonly children: [];
}

/** Most nodes lack these. They are shared, and nobody can change them. */
const noParameters = Object.freeze({});
const nothing = Object.freeze([]) as unknown as [];

/**
 * A node without children that says what most nodes say, read many times faster than by a schema. Anything out of the
 * ordinary is `undefined`, and for `workflowNodeSchema` to judge, which this agrees with.
 */
export function ordinaryNode(input: unknown): OrdinaryNode | undefined {
  if (!isPlainObject(input)) return undefined;
  for (const key in input) if (!fields.has(key)) return undefined;
  const { id, type, description, parameters, dependencies, children, estimatedDuration } = input;
  if (!isId(id) || !nodeTypes.includes(type as NodeType) || typeof description !== 'string') return undefined;
  if (estimatedDuration !== undefined || !isNothing(children)) return undefined;
  const ids = idsIn(dependencies);
  const own = ownParameters(parameters);
  if (ids === undefined || own === undefined) return undefined;
  return { id, type: type as NodeType, description, parameters: own, dependencies: ids, children: nothing };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= 200;
}

function isNothing(items: unknown): boolean {
  return items === undefined || (Array.isArray(items) && items.length === 0);
}

function idsIn(dependencies: unknown): string[] | undefined {
  if (isNothing(dependencies)) return nothing;
  if (!Array.isArray(dependencies)) return undefined;
  const ids: unknown[] = [...dependencies];
  return ids.every(isId) ? ids : undefined;
}

function ownParameters(parameters: unknown): JsonObject | undefined {
  if (parameters === undefined) return noParameters;
  if (!isPlainObject(parameters)) return undefined;
  if (Reflect.ownKeys(parameters).length === 0) return noParameters;
  const copy = copyJson(parameters, '');
  return copy.ok ? (copy.value as JsonObject) : undefined;
}
