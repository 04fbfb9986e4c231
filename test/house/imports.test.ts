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
  composer: ['decompose', 'execution', 'run', 'plan'],
  stores: ['checkpoint', 'run', 'plan'],
  testing: ['checkpoint', 'run', 'plan'],
  lifecycle: ['decompose', 'execution', 'checkpoint', 'run', 'plan'],
  'meta-planner.ts': ['lifecycle', 'composer', 'stores', 'decompose', 'execution', 'checkpoint', 'run', 'plan'],
  'index.ts': [
    'meta-planner.ts',
    'lifecycle',
    'composer',
    'stores',
    'decompose',
    'execution',
    'checkpoint',
    'run',
    'plan',
  ],
  'errors.ts': [],
  'host.ts': [],
};
const forAll = ['errors.ts', 'host.ts'];
const pureRooms = ['plan', 'run', 'decompose', 'execution', 'checkpoint'];

interface Import {
  readonly from: string;
  readonly to: string;
}

function importsOf(file: string, text: string): Import[] {
  const found = text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s+'([^']+)'|import\('([^']+)'\)/g);
  return [...found].map(([, fixed, lazy]) => ({ from: file, to: (fixed ?? lazy) as string }));
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
    if (!found.to.startsWith('.')) {
      return pureRooms.includes(room) && target.startsWith('node:') ? [`${found.from} imports ${target}`] : [];
    }
    const isAllowed = roomOf(target) === room || forAll.includes(target) || arrows[room]?.includes(roomOf(target));
    return isAllowed ? [] : [`${found.from} imports ${target}`];
  });
}

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
const imports = files.flatMap((file) => importsOf(file, readFileSync(join(src, file), 'utf8')));

describe('the house', () => {
  it('has only rooms whose arrows are drawn', () => {
    expect(files.map(roomOf).filter((room) => arrows[room] === undefined)).toEqual([]);
  });

  it('has no arrow that is not allowed, and no room that is pure imports node', () => {
    expect(imports.length).toBeGreaterThan(150);
    expect(forbidden(imports)).toEqual([]);
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
    const circle = [
      { from: 'plan/a.ts', to: './b.js' },
      { from: 'plan/b.ts', to: './a.js' },
    ];
    expect(cycleIn(circle)).toEqual(['plan/a.ts', 'plan/b.ts', 'plan/a.ts']);
  });
});
