import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../../src/', import.meta.url));

/** An arrow reads "may import". What stands above every room may be imported by all. */
const arrows: Record<string, readonly string[]> = {
  plan: [],
  run: ['plan'],
  decompose: ['plan'],
  execution: ['run', 'plan'],
  checkpoint: ['run', 'plan'],
  render: ['run', 'plan'],
  composer: ['decompose', 'execution', 'run', 'plan'],
  stores: ['checkpoint', 'run', 'plan'],
  testing: ['checkpoint', 'run', 'plan', 'models'],
  lifecycle: ['decompose', 'execution', 'checkpoint', 'render', 'run', 'plan'],
  'meta-planner.ts': ['engine.ts', 'lifecycle', 'composer', 'stores', 'checkpoint', 'run', 'plan'],
  'engine.ts': ['lifecycle'],
  'index.ts': [
    'meta-planner.ts',
    'lifecycle',
    'composer',
    'stores',
    'decompose',
    'execution',
    'checkpoint',
    'render',
    'run',
    'plan',
  ],
  models: ['index.ts', 'decompose', 'execution'],
  'models.ts': ['models'],
  'testing.ts': ['testing'],
  'cli-documents': ['checkpoint', 'run', 'plan'],
  'cli-documents.ts': ['cli-documents', 'checkpoint', 'run', 'plan'],
  cli: [], // a user of the package like any other: see packagesOf
  'errors.ts': [],
  'host.ts': [],
  'lazy.ts': [],
  'turns.ts': [],
  'unknown-option.ts': [],
};
const forAll = ['errors.ts', 'host.ts', 'lazy.ts', 'turns.ts', 'unknown-option.ts'];
const pureRooms = ['plan', 'run', 'decompose', 'execution', 'checkpoint', 'render'];
/** Rooms that may import these packages and no others, besides those of Node. */
const packagesOf: Record<string, readonly string[]> = {
  cli: ['vibe-aigc', 'vibe-aigc/models', 'commander'],
  models: ['zod'],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

function importsOf(file: string, text: string): Import[] {
  const found = text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s+'([^']+)'|import\('([^']+)'\)/g);
  return [...found].map(([, fixed, lazy]) => ({ from: file, to: (fixed ?? lazy) as string }));
}

/** An example in a comment may print what it likes. */
function withoutComments(text: string): string {
  return text.replace(/^\s*(?:\/\*\*?|\*|\/\/).*$/gm, '');
}

function roomOf(file: string): string {
  return file.split('/')[0] as string;
}

/** A file inside `src`, by its path from there; packages keep their name. */
function targetOf({ from, to }: Import): string {
  if (!to.startsWith('.')) return to;
  return relative(src, join(src, from, '..', to))
    .split(sep)
    .join('/')
    .replace(/\.js$/, '.ts');
}

function forbidden(imports: readonly Import[]): string[] {
  return imports.flatMap((found) => {
    const target = targetOf(found);
    const room = roomOf(found.from);
    const isAllowed = found.to.startsWith('.')
      ? roomOf(target) === room || (room !== 'cli' && forAll.includes(target)) || arrows[room]?.includes(roomOf(target))
      : mayImportPackage(room, target);
    return isAllowed ? [] : [`${found.from} imports ${target}`];
  });
}

function mayImportPackage(room: string, name: string): boolean {
  if (name.startsWith('node:')) return !pureRooms.includes(room);
  return packagesOf[room]?.includes(name) ?? name !== 'vibe-aigc';
}

/** What belongs to the program that we are a guest of: its output, its environment, its signals and its end. */
function ofTheProcess(text: string): string[] {
  return [...text.matchAll(hostsOwn)].map(([found]) => found);
}

const hostsOwn =
  /(?<![\w.'"`])(?:console\.\w+|process\.(?:argv|chdir|env|exit\w*|kill\((?!pid, 0\))|on|once|std\w+|title|umask)(?!\w))|(?<=from )'node:process'/g;

function cycleIn(imports: readonly Import[]): string[] | undefined {
  const next = groupByFile(imports.filter(({ to }) => to.startsWith('.')));
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const found of next.get(file) ?? []) {
      const cycle = visit(targetOf(found), [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of next.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** Node 20 has no `Map.groupBy`. */
function groupByFile(all: readonly Import[]): Map<string, Import[]> {
  const groups = new Map<string, Import[]>();
  for (const found of all) groups.set(found.from, [...(groups.get(found.from) ?? []), found]);
  return groups;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.ts'));
const texts = files.map((file) => [file, withoutComments(readFileSync(join(src, file), 'utf8'))] as const);
const imports = texts.flatMap(([file, text]) => importsOf(file, text));

describe('the house', () => {
  it('has only rooms whose arrows are drawn', () => {
    expect(files.map(roomOf).filter((room) => arrows[room] === undefined)).toEqual([]);
  });

  it('has no arrow that is not allowed, and no room that is pure imports node', () => {
    expect(imports.length).toBeGreaterThan(150);
    expect(forbidden(imports)).toEqual([]);
  });

  it('leaves the output, the environment, the signals and the end of the process to the command line', () => {
    const found = texts
      .filter(([file]) => roomOf(file) !== 'cli')
      .flatMap(([file, text]) => ofTheProcess(text).map((use) => `${file}: ${use}`));
    expect(found).toEqual([]);
  });

  it('has no circle of files', () => {
    expect(cycleIn(imports)).toBeUndefined();
  });

  it('lets no store import another', () => {
    const between = imports.filter((found) => {
      const [from, to] = [found.from, targetOf(found)].map((file) => /^stores\/([^/.]+)/.exec(file)?.[1]);
      return from !== undefined && to !== undefined && from !== to;
    });
    expect(between).toEqual([]);
  });

  it('has no barrel inside a room', () => {
    expect(files.filter((file) => /\/index\.ts$/.test(file))).toEqual([]);
  });
});

describe('the test of the house', () => {
  it('finds a forbidden arrow, a node import in a pure room, and a circle', () => {
    expect(forbidden([{ from: 'plan/vibe.ts', to: '../run/run-log.js' }])).toEqual([
      'plan/vibe.ts imports run/run-log.ts',
    ]);
    expect(forbidden([{ from: 'execution/executor.ts', to: '../checkpoint/codec.js' }])).toHaveLength(1);
    expect(forbidden([{ from: 'run/run-log.ts', to: 'node:fs' }])).toEqual(['run/run-log.ts imports node:fs']);
    expect(forbidden([{ from: 'stores/memory.ts', to: '../index.js' }])).toHaveLength(1);
    expect(forbidden([{ from: 'cli/program.ts', to: 'commander' }])).toEqual([]);
    expect(forbidden([{ from: 'cli/program.ts', to: 'zod' }])).toHaveLength(1);
    expect(forbidden([{ from: 'cli/program.ts', to: '../errors.js' }])).toHaveLength(1);
    expect(forbidden([{ from: 'meta-planner.ts', to: './cli/main.js' }])).toHaveLength(1);
    expect(forbidden([{ from: 'stores/memory.ts', to: 'vibe-aigc' }])).toHaveLength(1);
    const circle = [
      { from: 'plan/a.ts', to: './b.js' },
      { from: 'plan/b.ts', to: './a.js' },
    ];
    expect(cycleIn(circle)).toEqual(['plan/a.ts', 'plan/b.ts', 'plan/a.ts']);
  });

  it('finds what belongs to the process, and nothing else', () => {
    const text = "if (process.platform === 'win32') console.error(process.env.HOME, process.pid, own.console.log);";
    expect(ofTheProcess(`${text} process.exitCode = 1; import { env } from 'node:process';`)).toEqual([
      'console.error',
      'process.env',
      'process.exitCode',
      "'node:process'",
    ]);
  });
});
