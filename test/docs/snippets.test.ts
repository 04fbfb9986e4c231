import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { persistenceLaws } from 'vibe-aigc/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtPackage } from '../helpers/built-package.js';
import { runSnippet } from './run-snippet.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a reader has at hand when a snippet does not make it: the only names that are not explained in the snippet. */
const prelude = `
import type { ExecutionState, MetaPlanner, PersistenceManager, VibeInput } from 'vibe-aigc';
declare global {
  const planner: MetaPlanner;
  const vibe: VibeInput;
  const checkpointId: string;
  const executionState: ExecutionState;
  /** A store that the reader wrote. */
  const MyStore: new () => PersistenceManager;
  /** Removes the cause of a full disk. */
  const freeSomeSpace: () => Promise<void>;
}
`;

interface Block {
  readonly page: string;
  /** Line of the page on which the text begins, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

const pages = await readPages();
const blocks = [...pages].flatMap(([page, text]) => blocksOf(page, text));

/** A page with two mistakes. */
const wrongPage = [
  'Some text.',
  '',
  '```ts',
  'const result = await planner.executeWithResume(vibe);',
  'console.log(result.output);',
  '```',
  '',
  '```ts',
  "import { MetaPlanner } from 'vibe-aigc';",
  'new MetaPlanner({ checkpointIntervall: 5 });',
  '```',
].join('\n');

describe('the snippets of the README and the docs', () => {
  const snippets = blocks.filter(({ language }) => language === 'ts');
  let problems: string[] = [];
  let mistakes: string[] = [];
  beforeAll(() => {
    const all = problemsOf([...snippets, ...blocksOf('docs/wrong.md', wrongPage)]); // one program, as it takes seconds
    mistakes = all.filter((problem) => problem.startsWith('docs/wrong.md:'));
    problems = all.filter((problem) => !mistakes.includes(problem));
  }, 120_000);

  it('compile', () => {
    expect(snippets.length).toBeGreaterThan(20);
    expect(problems).toEqual([]);
  });

  it('would not compile with a mistake in them, and the message leads to the line', () => {
    expect(mistakes).toHaveLength(2);
    expect(mistakes[0]).toContain("docs/wrong.md:5: Property 'output' does not exist");
    expect(mistakes[1]).toContain('docs/wrong.md:10: Object literal may only specify known properties');
  });
});

describe('the quickstart of the README', () => {
  const directories: string[] = [];
  afterAll(async () => {
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  });

  it('is ten lines at most, runs, and prints what the README shows', { timeout: 120_000 }, async () => {
    const ofReadme = blocks.filter(({ page }) => page === 'README.md');
    const [quickstart, shown] = ofReadme.slice(ofReadme.findIndex(({ language }) => language === 'ts')) as [
      Block,
      Block,
    ];
    expect(quickstart.text.trimEnd().split('\n').length).toBeLessThanOrEqual(10);
    const directory = await mkdtemp(join(builtPackage, 'readme-'));
    directories.push(directory);
    const run = () => runSnippet(directory, 'quickstart.mjs', quickstart.text);

    const printed = (await run()).split('\n');
    let from = 0;
    for (const part of shown.text.trimEnd().split('\n...\n')) {
      const lines = part.split('\n');
      const start = printed.findIndex((line, index) => index >= from && line === lines[0]);
      expect(printed.slice(start, start + lines.length)).toEqual(lines);
      from = start + lines.length;
    }
    expect((await readdir(directory)).sort()).toEqual(['.vibe_checkpoints', 'quickstart.mjs']);
    expect((await run()).split('\n')).toEqual(printed);
  });
});

describe('docs/checkpoints.md', () => {
  it('shows a checkpoint file whose checksum is right, and the sum that its command prints', () => {
    const file = blocks.find(({ page, language }) => page === 'docs/checkpoints.md' && language === 'json')?.text ?? '';
    const covered = `${file.trimEnd().split('\n').slice(0, -2).join('\n')}\n`;
    const sum = createHash('sha256').update(covered).digest('hex');
    expect(JSON.parse(file).checksum).toBe(`sha256:${sum}`);
    expect(pages.get('docs/checkpoints.md')).toContain(`\n${sum}  -\n`);
  });
});

describe('docs/durability.md', () => {
  it('shows a line of a journal whose sum is right, and the sum that its command prints', () => {
    const page = pages.get('docs/durability.md') ?? '';
    const line =
      blocks.find(({ page: of, language }) => of === 'docs/durability.md' && language === 'json')?.text ?? '';
    const [, before, sum, json] = /^(\S+ \S+ \S+) (\S+) (.*)\n$/.exec(line) ?? [];
    expect(createHash('sha256').update(`${before} ${json}`).digest('hex').slice(0, 32)).toBe(sum);
    expect(page).toContain(`\n${sum}\n`);
  });
});

describe('docs/custom-stores.md', () => {
  it('shows the store of examples/custom-store.ts as it is', async () => {
    const example = await readFile(join(root, 'examples/custom-store.ts'), 'utf8');
    const store = /export class MapStore[\s\S]*?\n\}\n/.exec(example)?.[0] ?? 'no store';
    expect(pages.get('docs/custom-stores.md')).toContain(store);
  });

  it('names every law of the conformance suite', () => {
    const listed = [...(pages.get('docs/custom-stores.md') ?? '').matchAll(/^- ([a-z].*)$/gm)].map(([, name]) => name);
    expect(listed).toEqual(persistenceLaws.map(({ name }) => name));
  });
});

/** README.md and every page of docs/, by path. */
async function readPages(): Promise<Map<string, string>> {
  const names = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).sort();
  const paths = ['README.md', ...names.map((name) => `docs/${name}`)];
  const texts = await Promise.all(paths.map((path) => readFile(join(root, path), 'utf8')));
  return new Map(paths.map((path, index) => [path, texts[index] as string]));
}

function blocksOf(page: string, text: string): Block[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = '', 2: body = '' }) => {
    const line = text.slice(0, index).split('\n').length + 1;
    return { page, line, language, text: body };
  });
}

/** Type-checks snippets, each as a module of its own, in one program with the settings of this package. */
function problemsOf(snippets: readonly Block[]): string[] {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  // A snippet may make a value and leave it there.
  Object.assign(options, { noUnusedLocals: false, noUnusedParameters: false });

  const directory = join(root, 'test/docs').replaceAll('\\', '/');
  const preludePath = `${directory}/prelude.ts`;
  const byPath = new Map(
    snippets.map((snippet) => [`${directory}/line-${snippet.line}-of-${nameOf(snippet)}`, snippet]),
  );
  const textOf = (path: string) => {
    const snippet = byPath.get(path);
    return path === preludePath ? prelude : snippet && `${snippet.text}\nexport {};\n`; // at the end: lines stay where they are
  };

  const host = ts.createCompilerHost(options);
  const { fileExists, readFile: read, getSourceFile } = host;
  host.fileExists = (path) => textOf(path) !== undefined || fileExists(path);
  host.readFile = (path) => textOf(path) ?? read(path);
  host.getSourceFile = (path, target, ...rest) => {
    const text = textOf(path);
    return text === undefined ? getSourceFile(path, target, ...rest) : ts.createSourceFile(path, text, target);
  };

  const program = ts.createProgram([preludePath, ...byPath.keys()], options, host);
  const diagnostics = [...byPath.keys(), preludePath].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  });
  return [...program.getGlobalDiagnostics(), ...diagnostics].map(({ file, start = 0, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, '\n');
    const snippet = file && byPath.get(file.fileName);
    if (file === undefined || snippet === undefined) return `${file?.fileName ?? 'the program'}: ${message}`;
    return `${snippet.page}:${snippet.line + file.getLineAndCharacterOfPosition(start).line}: ${message}`;
  });
}

/** Files called `.ts` in this package are ES modules, as the readers' are to be. */
function nameOf({ page }: Block): string {
  return `${page.replaceAll('/', '-')}.ts`;
}
