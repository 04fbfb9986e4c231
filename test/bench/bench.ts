/**
 * What a run costs besides its handlers, and whether that is within our targets. Run: npm run bench
 *
 * Everything is measured against something raw in the same run, five times in turn, and medians are printed. `npm run
 * bench -- lists event-loop` measures only these parts.
 */
import { cpus, loadavg, tmpdir } from 'node:os';
import { benchAcknowledgement } from './acknowledgement.js';
import { benchEngine } from './engine.js';
import { benchEventLoop } from './event-loop.js';
import { benchJournalBytes } from './journal-bytes.js';
import { benchJournalSpeed } from './journal-speed.js';
import { benchLists } from './lists.js';
import { appendEach } from './minimal-loop.js';
import { removeDirectories, withNewFile } from './recorded-run.js';
import { print, printVerdict, rounds, timed } from './report.js';
import { benchResume } from './resume.js';

const parts = {
  engine: benchEngine,
  speed: benchJournalSpeed,
  acknowledgement: benchAcknowledgement,
  bytes: benchJournalBytes,
  resume: benchResume,
  lists: benchLists,
  'event-loop': benchEventLoop,
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined) throw new Error(`There is no part "${unknown}". Parts: ${Object.keys(parts).join(', ')}`);

try {
  console.log(`Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`);
  console.log(`Files in ${tmpdir()}; medians of ${rounds}`);
  const lines = new Array<string>(200).fill(`${'x'.repeat(400)}\n`);
  const ms = await withNewFile((fd) => timed(() => appendEach(fd, lines)));
  print('one append of 400 bytes and its flush', { value: (1_000 * ms) / lines.length, unit: 'µs' });
  for (const [name, part] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await part();
  printVerdict();
} finally {
  await removeDirectories();
}
