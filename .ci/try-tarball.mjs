// Packs the library, installs it into an empty folder, and uses it as an app would: import, require, types, command line.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nodeVersions } from './node-versions.mjs';

const project = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'vibe-aigc-consumer-'));
const run = (file, ...args) => execFileSync(file, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** Jest cannot load ES modules that a CommonJS build asks for. */
const jestTest = `
const { MetaPlanner } = require('vibe-aigc');
test('runs a vibe', async () => {
  const { status } = await new MetaPlanner().execute({ description: 'A poem' });
  expect(status).toBe('completed');
});
for (const entry of ['models', 'testing', 'cli-documents']) test(entry, () => void require('vibe-aigc/' + entry));
`;

/** An app may hold the ESM and the CommonJS copy: classes differ, the brand does not. */
const copiesTest = `
import { createRequire } from 'node:module';
import { VibeError } from 'vibe-aigc';
const other = createRequire(import.meta.url)('vibe-aigc');
const error = new other.InvalidIdError('a/b', 'it has a slash');
console.log(error instanceof VibeError, VibeError.is(error), other.VibeError.is(error), VibeError.is(new Error('x')));`;
const deepImport = `import('vibe-aigc/dist/index.js').catch(({ code }) => console.log(code));`;

/** Every entry, as strict consumers compile it: without skipLibCheck, which is off by default. */
const typedTest = `
import { MetaPlanner, WorkflowPersistenceManager, type ExecutionResult } from 'vibe-aigc';
import { checkpointDocumentSchema, type ExecutionDocument } from 'vibe-aigc/cli-documents';
import { openaiCompatible, withModel } from 'vibe-aigc/models';
import { persistenceLaws, scriptedModel } from 'vibe-aigc/testing';

export const parts = withModel(openaiCompatible({ baseURL: 'http://127.0.0.1', model: 'm' }));
export const scripted = new MetaPlanner({ ...withModel(scriptedModel(['Fog.'])), durability: 'strict' });
export const result: Promise<ExecutionResult> = scripted.execute({ description: 'x' });
export const laws = persistenceLaws.map(({ name }) => name.length);
export const status = (document: ExecutionDocument): string => document.status;
export const planIdOf = (document: unknown): string => checkpointDocumentSchema.parse(document).planId;
export const store: { readonly checkpointDir: string } = new WorkflowPersistenceManager();
`;

try {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: project, encoding: 'utf8' }),
  );
  const files = packed.files.map(({ path }) => path.replace(/-[A-Za-z0-9_-]{8}(?=\.)/, '-HASH'));
  expectEqual('files in the tarball', [...new Set(files)].sort(), [
    'LICENSE',
    'README.md',
    'dist/brief-HASH.cjs',
    'dist/brief-HASH.js',
    'dist/chat-model-HASH.d.cts',
    'dist/checkpoint-schema-HASH.cjs',
    'dist/checkpoint-schema-HASH.js',
    'dist/chunk-HASH.cjs',
    'dist/chunk-HASH.js',
    'dist/cli-documents.cjs',
    'dist/cli-documents.d.cts',
    'dist/cli-documents.d.ts',
    'dist/cli-documents.js',
    'dist/cli.js',
    'dist/cli/chunk-HASH.js',
    'dist/cli/complete-HASH.js',
    'dist/cli/delete-HASH.js',
    'dist/cli/demo-HASH.js',
    'dist/cli/doctor-HASH.js',
    'dist/cli/execute-HASH.js',
    'dist/cli/explain-error-HASH.js',
    'dist/cli/list-HASH.js',
    'dist/cli/plan-HASH.js',
    'dist/cli/program-HASH.js',
    'dist/cli/prune-HASH.js',
    'dist/cli/repair-HASH.js',
    'dist/cli/resume-HASH.js',
    'dist/cli/scripts-HASH.js',
    'dist/cli/show-HASH.js',
    'dist/cli/signal-HASH.js',
    'dist/cli/worker-HASH.js',
    'dist/decomposer-HASH.d.cts',
    'dist/engine-HASH.cjs',
    'dist/engine-HASH.js',
    'dist/file-store-HASH.cjs',
    'dist/file-store-HASH.js',
    'dist/host-HASH.d.cts',
    'dist/index.cjs',
    'dist/index.d.cts',
    'dist/index.d.ts',
    'dist/index.js',
    'dist/models.cjs',
    'dist/models.d.cts',
    'dist/models.d.ts',
    'dist/models.js',
    'dist/persistence-manager-HASH.d.cts',
    'dist/testing.cjs',
    'dist/testing.d.cts',
    'dist/testing.d.ts',
    'dist/testing.js',
    'dist/workflow-node-HASH.d.cts',
    'docs/CHANGELOG.md',
    'package.json',
  ]);
  expectEqual('tarball of at most 400 KB', packed.size <= 400 * 1024, true);

  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${packed.filename}`);
  const { packages } = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
  const installed = Object.keys(packages).filter((path) => path !== 'node_modules/vibe-aigc');
  expectEqual('at most 5 packages installed besides ours', installed.length <= 5, true);
  const installedBytes = bytesIn(join(folder, 'node_modules'));
  expectEqual('at most 10 MB installed', installedBytes <= 10 * 1024 * 1024, true);

  const use = `
    const planner = new MetaPlanner({ checkpointInterval: 2 });
    planner.executeWithResume({ description: 'A postcard from the sea' }).then(async (result) => {
      const { persistenceLaws, scriptedModel } = await testing;
      const { withModel } = await models;
      const nodes = [{ id: 'poem', type: 'generate', description: 'Write it', dependencies: [] }];
      const poet = new MetaPlanner(withModel(scriptedModel([JSON.stringify({ nodes }), 'Fog.'])));
      const { outputs } = await poet.execute({ description: 'A poem' });
      console.log(result.status, (await planner.listCheckpoints()).length > 2, persistenceLaws.length > 5, outputs.poem);
    });`;
  writeFileSync(join(folder, 'use.mjs'), `import { MetaPlanner } from 'vibe-aigc';\nconst testing = import('vibe-aigc/testing');\nconst models = import('vibe-aigc/models');\nimport('vibe-aigc/cli-documents');${use}`);
  writeFileSync(join(folder, 'use.cjs'), `const { MetaPlanner } = require('vibe-aigc');\nconst testing = require('vibe-aigc/testing');\nconst models = require('vibe-aigc/models');\nrequire('vibe-aigc/cli-documents');${use}`);
  const ourVersion = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).version;
  const nodes = { [process.version]: process.execPath, ...(await nodeVersions(folder)) };
  for (const [version, node] of Object.entries(nodes)) {
    for (const file of ['use.mjs', 'use.cjs']) {
      rmSync(join(folder, '.vibe_checkpoints'), { recursive: true, force: true });
      expectEqual(`${file} on Node ${version}`, run(node, file).trim(), 'completed true true Fog.');
      expectEqual('the default directory', readdirSync(folder).includes('.vibe_checkpoints'), true);
    }
    const command = (...args) => run(node, 'node_modules/vibe-aigc/dist/cli.js', ...args);
    expectEqual(`the command on Node ${version}`, command('--version').trim(), ourVersion);
    expectEqual(`a crash and a resume on Node ${version}`, command('demo').includes('\n4. The ledger: who did what.\n'), true);
  }
  const dist = join(folder, 'node_modules/vibe-aigc/dist');
  const built = readdirSync(dist).filter((name) => /\.c?js$/.test(name));
  const bare = /(?:from|import|require)\s*\(?\s*["']sqlite["']/;
  expectEqual('built-in modules that lost their node:', built.filter((name) => bare.test(readFileSync(join(dist, name), 'utf8'))), []);
  writeFileSync(join(folder, 'copies.mjs'), copiesTest);
  expectEqual('errors known across copies', run(process.execPath, 'copies.mjs').trim(), 'false true true false');
  expectEqual('deep imports refused', run(process.execPath, '-e', deepImport).trim(), 'ERR_PACKAGE_PATH_NOT_EXPORTED');
  expectEqual('a quiet import that ends by itself', run(process.execPath, '-e', "require('vibe-aigc')"), '');

  const version = run('npx', '--no-install', 'vibe-aigc', '--version').trim();
  expectEqual('the version of the command', version, ourVersion);
  const cli = (...args) => run(process.execPath, 'node_modules/vibe-aigc/dist/cli.js', ...args);
  const { checkpoints } = JSON.parse(cli('checkpoints', 'list', '--json'));
  expectEqual('checkpoints that the command lists', checkpoints.map(({ state }) => state).includes('completed'), true);
  expectEqual('the latest that it shows', cli('checkpoints', 'show', 'latest').includes(checkpoints[0].checkpointId), true);
  const { status } = JSON.parse(cli('execute', 'A postcard from the sea', '--json', '--quiet'));
  expectEqual('the run of the command', status, 'completed');
  expectEqual('the doctor', cli('doctor').startsWith('ok   Node: '), true);
  const ours = quickest(['node_modules/vibe-aigc/dist/cli.js', '--version'], 100);

  const jest = join(folder, 'jest');
  mkdirSync(jest);
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', '--prefix', jest, ...quiet, join(folder, packed.filename), 'jest@30.5.2'], { stdio: 'ignore' });
  writeFileSync(join(jest, 'use.test.js'), jestTest);
  execFileSync(process.execPath, ['node_modules/jest/bin/jest.js', '--silent'], { cwd: jest, stdio: ['ignore', 'ignore', 'pipe'] });

  for (const file of ['types.mts', 'types.cts', 'types.ts']) writeFileSync(join(folder, file), typedTest);
  const tsc = join(project, 'node_modules/typescript/bin/tsc');
  const strict = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,esnext.disposable,dom'];
  run(process.execPath, tsc, ...strict, '--module', 'nodenext', 'types.mts', 'types.cts');
  run(process.execPath, tsc, ...strict, '--module', 'esnext', '--moduleResolution', 'bundler', 'types.ts');
  console.log(`tarball: ${packed.files.length} files, ${packed.size} bytes, ${installed.length} packages installed besides ours, ${installedBytes} bytes in all, --version in ${Math.round(ours)} ms, on Node ${Object.keys(nodes).join(', ')}, in Jest 30`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Milliseconds: the quickest of some starts, in turn with bare ones, since this machine may have other work. */
function quickest(args, mostBeyondBare) {
  let [bare, ours] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < 10 || (round < 100 && ours - bare >= mostBeyondBare); round++) {
    bare = Math.min(bare, timed(['-e', '']));
    ours = Math.min(ours, timed(args));
  }
  expectEqual(`${args.join(' ')} within ${mostBeyondBare} ms of a bare start of Node`, ours - bare < mostBeyondBare, true);
  return ours;
}

function bytesIn(path) {
  const names = readdirSync(path, { recursive: true, withFileTypes: true });
  return names.filter((one) => one.isFile()).reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

function timed(args) {
  const start = performance.now();
  run(process.execPath, ...args);
  return performance.now() - start;
}

function expectEqual(what, found, expected) {
  if (JSON.stringify(found) === JSON.stringify(expected)) return;
  console.error(`${what}: expected ${JSON.stringify(expected)}\n  found ${JSON.stringify(found)}`);
  process.exitCode = 1;
  throw new Error(what);
}
