// What a program that imports `vibe-aigc` loads at once: dist/index.js and all that it imports statically, gzipped.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const mostBytes = 30 * 1024;

const dist = resolve(import.meta.dirname, '../dist');
const files = new Set();
collect(join(dist, 'index.js'));

let bytes = 0;
for (const file of files) bytes += gzipSync(readFileSync(file), { level: 9 }).length;
console.log(`entry: ${files.size} files, ${bytes} bytes gzipped, at most ${mostBytes}`);
if (bytes > mostBytes) {
  console.error('The entry is a door: whatever works for a planner belongs behind src/engine.ts.');
  process.exitCode = 1;
}

/** Chunks stand beside the entry. What is loaded with `import()` is called, so it has a bracket and no string here. */
function collect(file) {
  if (files.has(file)) return;
  files.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*"(\.\/[^"]+\.js)"/g)) {
    collect(join(dirname(file), path));
  }
}
