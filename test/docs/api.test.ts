import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  drainOptionsSchema,
  executeOptionsSchema,
  listOptionsSchema,
  planOptionsSchema,
  pruneOptionsSchema,
  repairOptionsSchema,
  visualizationOptionsSchema,
} from '../../src/lifecycle/call-options.js';
import { plannerOptionsSchema } from '../../src/lifecycle/planner-options.js';
import { mediaToolOptionsSchema } from '../../src/models/media-tool.js';
import { openaiCompatibleOptionsSchema } from '../../src/models/openai-compatible.js';
import { withModelOptionsSchema } from '../../src/models/with-model.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = await readFile(join(root, 'docs/api.md'), 'utf8');

const optionSchemas: Record<string, z.ZodObject> = {
  MetaPlannerOptions: plannerOptionsSchema,
  ExecuteOptions: executeOptionsSchema,
  PlanOptions: planOptionsSchema,
  VisualizationOptions: visualizationOptionsSchema.pick({ format: true, foldAbove: true }), // what it adds to ExecuteOptions
  ListOptions: listOptionsSchema,
  RepairOptions: repairOptionsSchema.partial({ planId: true }),
  PruneOptions: pruneOptionsSchema,
  DrainOptions: drainOptionsSchema,
  OpenaiCompatibleOptions: openaiCompatibleOptionsSchema.partial({ baseURL: true, model: true }),
  WithModelOptions: withModelOptionsSchema,
  MediaToolOptions: mediaToolOptionsSchema,
};

const { checker, exported } = readExports();

describe('docs/api.md', () => {
  it('has every export with every field, and nothing that does not exist', () => {
    expect(exported.size).toBeGreaterThan(50);
    expect(problemsOf(page)).toEqual([]);
  });

  it('leads to every section from its top', () => {
    const linked = [...(page.split(/^## /m)[0] ?? '').matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor);
    const anchors = sectionsOf(page).map(({ heading }) => heading.replaceAll(/[`,]/g, '').replaceAll(' ', '-'));
    expect(linked).toEqual(anchors.map((anchor) => anchor.toLowerCase()));
  });

  it('says of each method of the planner what it rejects with, and names no error that does not exist', () => {
    const [, table = ''] = page.split('### What they reject with\n');
    const told = table.split(/^#/m)[0]?.split('\n').flatMap(rowOf).map(nameOfRow);
    const never = ['getExecutionState', 'drain', 'close', '[Symbol.asyncDispose]'];
    const methods = fieldsOf(typeOf('MetaPlanner') as ts.Type);
    expect(told?.toSorted()).toEqual(methods.filter((name) => !never.includes(name)).toSorted());
    const named = [...page.matchAll(/`(\w+Error)`/g)].map(([, name = '']) => name);
    const foreign = ['TypeError', 'ZodError'];
    expect(named.filter((name) => !exported.has(name) && !foreign.includes(name))).toEqual([]);
  });

  it.each([
    ['an export', '### `ListOptions`', '### Lists', 'no section for ListOptions'],
    ['an error class', '`InvalidIdError` | `id`', 'none | `id`', 'no section for InvalidIdError'],
    ['an option', /^\| `timeoutMs\?`.*\n/m, '', 'MetaPlannerOptions lacks timeoutMs'],
    ['an option within one', /^\| `retry\.delayMs\?`.*\n/m, '', 'MetaPlannerOptions lacks retry.delayMs'],
    ['an option of a call', /^\| `onCorrupt\?`.*\n/m, '', 'ExecuteOptions lacks onCorrupt'],
    ['a method', /^\| `close\(\)` \| `P.*\n/m, '', 'MetaPlanner lacks close'],
    ['a method that is called by a symbol', /^\| `\[Symbol.*\n/m, '', 'MetaPlanner lacks [Symbol.asyncDispose]'],
    ['an event', /^\| `node_retry`.*\n/m, '', 'ExecutionEventBody lacks node_retry'],
    ['a field of an event', '`damagedPlanId`, ', '', 'checkpoint_corrupt lacks damagedPlanId'],
    ['a field of a result', /^\| `blockedBy`.*\n/m, '', 'NodeResult, CompletedResult, FailedResult lacks blockedBy'],
    ['a field of an error', '`planId`, `found`', '`planId`', 'CheckpointVersionError lacks found'],
    ['a status', /^\| `paused`.*\n/m, '', 'RunStatus, EndStatus lacks paused'],
    ['an inherited field', 'All fields of [`ExecutionState`]', 'Much of [`ExecutionState`]', 'Checkpoint lacks planId'],
  ])('would fail without %s', (_, part, instead, problem) => {
    const changed = page.replace(part, instead);
    expect(changed).not.toBe(page);
    expect(problemsOf(changed)).toContain(problem);
  });

  it.each([
    ['an export', '### `Host`', '### `Hosts`', 'Hosts is no export'],
    ['an option', '`timeoutMs?` |', '`timeoutSeconds?` |', 'MetaPlannerOptions has no timeoutSeconds'],
    ['an option within one', '`retry.delayMs?`', '`retry.pauseMs?`', 'MetaPlannerOptions has no retry.pauseMs'],
    ['a method', '`plan(vibe, options?)`', '`planAll(vibe, options?)`', 'MetaPlanner has no planAll'],
    ['an event', '`node_skipped`', '`node_dropped`', 'ExecutionEventBody has no node_dropped'],
    ['a field of an event', '`nodeId`, `blockedBy`', '`nodeId`, `reason`', 'node_skipped has no reason'],
    ['an error code', '[`INVALID_ID`]', '[`BAD_ID`]', 'VibeErrorCode has no BAD_ID'],
    ['a default', '| `8` |', '| `4` |', 'MetaPlannerOptions: the default of concurrency is 8'],
    ['an optional field as a required one', '| `style?`', '| `style`', 'VibeInput: style may be left out'],
    ['a required field as an optional one', '| `pid`', '| `pid?`', 'LockHolder: pid is always there'],
  ])('would fail with %s that is wrong', (_, part, instead, problem) => {
    const changed = page.replace(part, instead);
    expect(changed).not.toBe(page);
    expect(problemsOf(changed)).toContain(problem);
  });
});

interface Row {
  readonly name: string;
  readonly isOptional: boolean;
  readonly cells: readonly string[];
}

interface Section {
  readonly heading: string;
  /** The exports that the heading names. */
  readonly names: readonly string[];
  readonly rows: readonly Row[];
  /** The sections whose rows it refers to. */
  readonly includes: readonly string[];
}

function problemsOf(text: string): string[] {
  const sections = sectionsOf(text);
  const errors = errorRowsOf(sections);
  const documented = new Set([...sections.flatMap(({ names }) => names), ...errors.map(({ name }) => name)]);
  return [
    ...[...exported.keys()].filter((name) => !documented.has(name)).map((name) => `no section for ${name}`),
    ...[...documented].filter((name) => !exported.has(name)).map((name) => `${name} is no export`),
    ...sections.flatMap((section) => problemsOfFields(section, sections)),
    ...sections.flatMap(problemsOfDefaults),
    ...errors.flatMap(({ name, fields }) => difference(name, fieldsOfError(name), fields)),
    ...problemsOfEvents(sections),
  ];
}

function problemsOfFields(section: Section, sections: readonly Section[]): string[] {
  const types = section.names.flatMap((name) => typeOf(name) ?? []);
  const of = section.names.join(', ');
  const rows = rowsOf(section, sections).filter(({ cells }) => !isEventRow(section, cells));
  const top = rows.filter(({ name }) => !isNested(name, section));
  const known = isOfEvents(section) ? commonFieldsOf('ExecutionEvent') : types.flatMap(fieldsOf);
  const problems = difference(of, [...known, ...section.names.flatMap(staticsOf)], top.map(nameOfRow));
  for (const prefix of new Set(rows.filter(({ name }) => isNested(name, section)).map(({ name }) => aboveOf(name)))) {
    const inside = rows.filter(({ name }) => isNested(name, section) && aboveOf(name) === prefix);
    const fields = types.flatMap((type) => fieldsOf(typeAt(type, prefix.split('.'))));
    const nested = fields.map((name) => `${prefix}.${name}`);
    problems.push(...difference(of, nested, inside.map(nameOfRow)));
  }
  return [...problems, ...problemsOfOptionality(section, top)];
}

/** What a host writes decides what may be left out. Members of unions have fields of their own and are not compared. */
function problemsOfOptionality(section: Section, rows: readonly Row[]): string[] {
  const name = section.names.find((candidate) => candidate.endsWith('Input')) ?? section.names[0] ?? '';
  const type = typeOf(name);
  if (type === undefined || type.isUnion()) return [];
  return rows.flatMap(({ name: field, isOptional }) => {
    const symbol = checker.getPropertyOfType(type, field);
    if (symbol === undefined) return [];
    const mayLack = (symbol.flags & ts.SymbolFlags.Optional) !== 0;
    if (mayLack === isOptional) return [];
    return [`${name}: ${field} ${mayLack ? 'may be left out' : 'is always there'}`];
  });
}

/** Options against the schemas that check them, defaults included. */
function problemsOfDefaults({ names, rows }: Section): string[] {
  const [name = ''] = names;
  const schema = optionSchemas[name];
  if (schema === undefined) return [];
  const problems = difference(
    name,
    Object.keys(schema.shape),
    rows.map(nameOfRow).filter((option) => !option.includes('.')),
  );
  for (const [option, value] of defaultsOf(schema.parse({}))) {
    const shown = rows.find((row) => row.name === option)?.cells[2];
    const right = `\`${typeof value === 'string' ? `'${value}'` : value}\``;
    if (shown !== right) problems.push(`${name}: the default of ${option} is ${value}`);
  }
  return problems;
}

function problemsOfEvents(sections: readonly Section[]): string[] {
  const section = sections.find(isOfEvents);
  const rows = section?.rows.filter(({ cells }) => isEventRow(section, cells)) ?? [];
  const members = typeOf('ExecutionEventBody');
  const known = new Map(
    (members?.isUnion() ? members.types : []).map((member) => [
      checker.typeToString(fieldType(member, 'type')).replaceAll('"', ''),
      fieldsOf(member).filter((field) => field !== 'type'),
    ]),
  );
  return [
    ...difference('ExecutionEventBody', [...known.keys()], rows.map(nameOfRow)),
    ...rows.flatMap(({ name, cells }) => difference(name, known.get(name) ?? [], namesIn(cells[1] ?? ''))),
  ];
}

/** The section of the events has two tables: fields of every event, and events. */
function isEventRow(section: Section, cells: readonly string[]): boolean {
  return isOfEvents(section) && /^`[a-z]+_[a-z]+`$/.test(cells[0] ?? '');
}

function isOfEvents({ names }: Section): boolean {
  return names.includes('ExecutionEventBody');
}

/** Fields that every member of a union has. */
function commonFieldsOf(name: string): string[] {
  const type = typeOf(name);
  return type === undefined ? [] : checker.getPropertiesOfType(type).flatMap(nameOfProperty);
}

function difference(of: string, known: readonly string[], documented: readonly string[]): string[] {
  const unique = [...new Set(known)];
  return [
    ...unique.filter((name) => !documented.includes(name)).map((name) => `${of} lacks ${name}`),
    ...documented.filter((name) => !unique.includes(name)).map((name) => `${of} has no ${name}`),
    ...documented.filter((name, index) => documented.indexOf(name) !== index).map((name) => `${of} has ${name} twice`),
  ];
}

function sectionsOf(text: string): Section[] {
  const parts = text.split(/^#{2,3} /m).slice(1);
  return parts.flatMap((part) => {
    const [heading = '', ...lines] = part.split('\n');
    if (!/^(`\w+`(, )?)+$/.test(heading)) return [];
    const includes = [...part.matchAll(/\ball fields of \[`(\w+)`\]/gi)].map(([, name = '']) => name);
    return [{ heading, names: heading.match(/\w+/g) ?? [], rows: lines.flatMap(rowOf), includes }];
  });
}

function rowOf(line: string): Row[] {
  const [, first] = /^\| \[?`([^`]+)`/.exec(line) ?? [];
  if (first === undefined) return [];
  const cells = line.slice(1, -1).split(/(?<!\\)\|/);
  const [name = ''] = first.replace('[Symbol', '[Symbol\0').split(/[?(]/);
  const isOptional = /^[\w.]+\?/.test(first);
  return [{ name: name.replace('\0', ''), isOptional, cells: cells.map((cell) => cell.trim()) }];
}

function rowsOf(section: Section, sections: readonly Section[]): Row[] {
  const own = new Set(section.rows.map(nameOfRow));
  const included = sections.filter(({ names }) => names.some((name) => section.includes.includes(name)));
  const rows = new Map(included.flatMap((other) => rowsOf(other, sections)).map((row) => [row.name, row]));
  return [...section.rows, ...[...rows.values()].filter(({ name }) => !own.has(name))];
}

/** The table of error codes also documents the classes. */
function errorRowsOf(sections: readonly Section[]): Array<{ readonly name: string; readonly fields: string[] }> {
  const rows = sections.find(({ names }) => names.includes('VibeErrorCode'))?.rows ?? [];
  return rows.flatMap(({ cells }) => {
    const [, name] = /^`(\w+)`$/.exec(cells[1] ?? '') ?? [];
    return name === undefined ? [] : [{ name, fields: namesIn(cells[2] ?? '') }];
  });
}

/** Names in code that are not in brackets: those are explanations. */
function namesIn(cell: string): string[] {
  return [...cell.replace(/\([^)]*\)+/g, '').matchAll(/`(\w+)\??`/g)].map(([, name = '']) => name);
}

function nameOfRow({ name }: Row): string {
  return name;
}

/** `retry.delayMs` is a field within a field, `VibeError.is` and `[Symbol.asyncDispose]` are not. */
function isNested(name: string, { names }: Section): boolean {
  return /^\w+\./.test(name) && !names.includes(aboveOf(name));
}

function aboveOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}

function defaultsOf(parsed: Record<string, unknown>, above = ''): Array<[string, unknown]> {
  return Object.entries(parsed).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null
      ? defaultsOf(value as Record<string, unknown>, `${above}${name}.`)
      : [[above + name, value] as [string, unknown]],
  );
}

function readExports() {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const files = ['src/index.ts', 'src/models.ts', 'src/testing.ts'].map((path) => join(root, path));
  const made = ts.createProgram(files, options);
  const typeChecker = made.getTypeChecker();
  const symbols = files.flatMap((file) => {
    const module = typeChecker.getSymbolAtLocation(made.getSourceFile(file) as ts.SourceFile);
    return module === undefined ? [] : typeChecker.getExportsOfModule(module);
  });
  const byName = new Map(
    symbols.map((symbol) => [
      symbol.name,
      symbol.flags & ts.SymbolFlags.Alias ? typeChecker.getAliasedSymbol(symbol) : symbol,
    ]),
  );
  return { checker: typeChecker, exported: byName };
}

/** The type that an export names; `undefined` for functions and values. */
function typeOf(name: string): ts.Type | undefined {
  const symbol = exported.get(name);
  return symbol && symbol.flags & ts.SymbolFlags.Type ? checker.getDeclaredTypeOfSymbol(symbol) : undefined;
}

/** Names of public fields and methods, or the texts that a type allows. */
function fieldsOf(type: ts.Type): string[] {
  if (type.isUnion()) {
    const objects = type.types.filter((member) => !member.isStringLiteral()); // beside them, texts stand for such an object
    return (objects.length > 0 ? objects : type.types).flatMap(fieldsOf);
  }
  if (type.isStringLiteral()) return [type.value];
  if (type.getCallSignatures().length > 0 || (type.flags & ts.TypeFlags.Object) === 0) {
    return type.isIntersection() && type.getCallSignatures().length === 0 ? propertiesOf(type) : [];
  }
  return propertiesOf(type);
}

function propertiesOf(type: ts.Type): string[] {
  const properties = checker.getPropertiesOfType(type).filter((property) => isOurs(property) && isPublic(property));
  return properties.filter((property) => !isAlwaysUndefined(property)).flatMap(nameOfProperty);
}

function staticsOf(name: string): string[] {
  const symbol = exported.get(name);
  if (symbol === undefined || (symbol.flags & ts.SymbolFlags.Class) === 0) return [];
  const statics = checker.getPropertiesOfType(checker.getTypeOfSymbol(symbol));
  return statics.filter((property) => isOurs(property)).map((property) => `${name}.${property.name}`);
}

/** What a class of errors adds to `VibeError`. */
function fieldsOfError(name: string): string[] {
  const type = typeOf(name);
  const base = new Set(fieldsOf(typeOf('VibeError') as ts.Type));
  return type === undefined ? [] : fieldsOf(type).filter((field) => !base.has(field));
}

function typeAt(type: ts.Type, path: readonly string[]): ts.Type {
  return path.reduce((inside, name) => checker.getNonNullableType(fieldType(inside, name)), type);
}

/** Of a field; in a union, of the members that have it. */
function fieldType(type: ts.Type, name: string): ts.Type {
  const members = type.isUnion() ? type.types : [type];
  const properties = members.flatMap((member) => checker.getPropertyOfType(member, name) ?? []);
  const property = properties.find((candidate) => !isAlwaysUndefined(candidate));
  return property === undefined ? checker.getNeverType() : checker.getTypeOfSymbol(property);
}

/** Not what every class, error or object has anyway. */
function isOurs(property: ts.Symbol): boolean {
  if (property.name === 'prototype') return false;
  const files = property.declarations?.map((declaration) => declaration.getSourceFile()) ?? [];
  return files.length === 0 || files.some((file) => !file.isDeclarationFile);
}

function isPublic(property: ts.Symbol): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  const declarations = property.declarations ?? [];
  return !declarations.some((declaration) => (ts.getCombinedModifierFlags(declaration) & hidden) !== 0);
}

/** A field that tells members of a union apart by never being there. */
function isAlwaysUndefined(property: ts.Symbol): boolean {
  return (checker.getTypeOfSymbol(property).flags & ts.TypeFlags.Undefined) !== 0;
}

/** `#private` ones and brands have no name that a reader could write. */
function nameOfProperty({ name }: ts.Symbol): string[] {
  if (name.startsWith('#')) return [];
  const [, symbol] = /^__@(\w+)@/.exec(name) ?? [];
  if (symbol === undefined) return [name];
  return symbol === 'asyncDispose' ? [`[Symbol.${symbol}]`] : [];
}
