// Packs the library, installs it into an empty folder, and uses it as an app would: import, require, types, command line.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const project = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'vibe-aigc-consumer-'));
const run = (file, ...args) => execFileSync(file, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: project, encoding: 'utf8' }),
  );
  const files = packed.files.map(({ path }) => path.replace(/-[A-Za-z0-9_-]{8}(?=\.)/, '-HASH'));
  expectEqual('files in the tarball', [...new Set(files)].sort(), [
    'LICENSE',
    'README.md',
    'dist/brief-plan-HASH.cjs',
    'dist/brief-plan-HASH.js',
    'dist/brief-writer-HASH.cjs',
    'dist/brief-writer-HASH.js',
    'dist/chat-model-HASH.d.cts',
    'dist/chat-model-HASH.d.ts',
    'dist/check-HASH.cjs',
    'dist/check-HASH.js',
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
    'dist/host-HASH.d.cts',
    'dist/host-HASH.d.ts',
    'dist/index.cjs',
    'dist/index.d.cts',
    'dist/index.d.ts',
    'dist/index.js',
    'dist/models.cjs',
    'dist/models.d.cts',
    'dist/models.d.ts',
    'dist/models.js',
    'dist/node-handler-HASH.d.cts',
    'dist/node-handler-HASH.d.ts',
    'dist/persistence-manager-HASH.d.cts',
    'dist/persistence-manager-HASH.d.ts',
    'dist/testing.cjs',
    'dist/testing.d.cts',
    'dist/testing.d.ts',
    'dist/testing.js',
    'dist/workflow-node-HASH.d.cts',
    'dist/workflow-node-HASH.d.ts',
    'docs/CHANGELOG.md',
    'package.json',
  ]);
  expectEqual('tarball of at most 400 KB', packed.size <= 400 * 1024, true);

  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${packed.filename}`);
  const { packages } = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
  const installed = Object.keys(packages).filter((path) => path !== 'node_modules/vibe-aigc');
  expectEqual('at most 5 packages installed besides ours', installed.length <= 5, true);

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
  for (const file of ['use.mjs', 'use.cjs']) {
    rmSync(join(folder, '.vibe_checkpoints'), { recursive: true, force: true });
    expectEqual(file, run(process.execPath, file).trim(), 'completed true true Fog.');
    expectEqual('the default directory', readdirSync(folder).includes('.vibe_checkpoints'), true);
  }
  expectEqual('a quiet import that ends by itself', run(process.execPath, '-e', "require('vibe-aigc')"), '');

  const version = run('npx', '--no-install', 'vibe-aigc', '--version').trim();
  expectEqual('the version of the command', version, JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).version);
  const cli = (...args) => run(process.execPath, 'node_modules/vibe-aigc/dist/cli.js', ...args);
  const { checkpoints } = JSON.parse(cli('checkpoints', 'list', '--json'));
  expectEqual('checkpoints that the command lists', checkpoints.map(({ state }) => state).includes('completed'), true);
  expectEqual('the latest that it shows', cli('checkpoints', 'show', 'latest').includes(checkpoints[0].checkpointId), true);
  const { status } = JSON.parse(cli('execute', 'A postcard from the sea', '--json', '--quiet'));
  expectEqual('the run of the command', status, 'completed');
  expectEqual('the doctor', cli('doctor').startsWith('ok   Node: '), true);
  expectEqual('the demo', cli('demo').includes('\n4. The ledger: who did what.\n'), true);
  const [bare, ours] = quickest(['-e', ''], ['node_modules/vibe-aigc/dist/cli.js', '--version']);
  expectEqual('--version within 100 ms of a bare start of Node', ours - bare < 100, true);

  const typed = `import { MetaPlanner, type ExecutionResult } from 'vibe-aigc';\nimport { openaiCompatible, withModel } from 'vibe-aigc/models';\nexport const parts = withModel(openaiCompatible({ baseURL: 'http://127.0.0.1', model: 'm' }));\nexport const result: Promise<ExecutionResult> = new MetaPlanner().execute({ description: 'x' });\n`;
  for (const file of ['types.mts', 'types.cts', 'types.ts']) writeFileSync(join(folder, file), typed);
  const tsc = join(project, 'node_modules/typescript/bin/tsc');
  const strict = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,esnext.disposable,dom'];
  run(process.execPath, tsc, ...strict, '--module', 'nodenext', 'types.mts', 'types.cts');
  run(process.execPath, tsc, ...strict, '--module', 'esnext', '--moduleResolution', 'bundler', 'types.ts');
  console.log(`tarball: ${packed.files.length} files, ${packed.size} bytes, ${installed.length} packages installed besides ours, --version in ${Math.round(ours)} ms`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Milliseconds: of many starts in turn, since this machine may have other work. */
function quickest(...commands) {
  const best = commands.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < 15; round++) {
    for (const [index, args] of commands.entries()) {
      const start = performance.now();
      run(process.execPath, ...args);
      best[index] = Math.min(best[index], performance.now() - start);
    }
  }
  return best;
}

function expectEqual(what, found, expected) {
  if (JSON.stringify(found) === JSON.stringify(expected)) return;
  console.error(`${what}: expected ${JSON.stringify(expected)}\n  found ${JSON.stringify(found)}`);
  process.exitCode = 1;
  throw new Error(what);
}
