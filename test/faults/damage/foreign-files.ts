import { join } from 'node:path';
import { type DiskState, readState } from '../helpers/disk-state.js';
import { posterPlanner } from '../helpers/poster-planner.js';
import { posterVibe } from '../helpers/poster-run.js';
import { bytesOf, type Damage, filesIn, journalIn } from './damages.js';
import { encodeJournal, readJournal } from './journal-lines.js';

/** What the same program leaves under the name of another plan: every sum is right. */
export async function filesOfAnotherPlan(base: string): Promise<DiskState> {
  const checkpointDir = join(base, 'of another plan');
  const planner = posterPlanner({ checkpointDir, checkpointInterval: 3 });
  await planner.executeWithResume(posterVibe, { planId: 'another' });
  await planner.close();
  return readState(checkpointDir);
}

/** Files of another plan or of another run laid beside the files of a plan, or over them; and files of nobody. */
export function* withForeignFiles(files: DiskState, others: DiskState, whose: string): Generator<Damage> {
  const directory = directoryOf(files);
  const [document, otherDocument] = [documentIn(files), documentIn(others)];
  const otherName = otherDocument.split('/').at(-1) as string;
  const of = (path: string, bytes: Uint8Array, what: string): Damage => ({
    files: new Map([...files, [path, bytes]]),
    path,
    label: `${path}: ${what} of ${whose}`,
  });
  yield of(`${directory}/${otherName}`, bytesOf(others, otherDocument), 'the checkpoint');
  yield of(document, bytesOf(others, otherDocument), 'the checkpoint');
  const [journal, otherJournal] = [journalIn(files) as string, journalIn(others) as string];
  const bytes = bytesOf(others, otherJournal);
  yield of(journal, bytes, 'the journal');
  yield of(`${directory}/.journal-9`, bytes, 'the journal');
  yield of(`${directory}/.journal-9`, withEpoch(bytes, 9), 'the journal, with this epoch,');
}

/** Files that are nobody's, and copies of a plan's own files under other names. */
export function* withStrayFiles(files: DiskState): Generator<Damage> {
  const directory = directoryOf(files);
  const [journal, document] = [journalIn(files) as string, documentIn(files)];
  const texts: Record<string, string> = {
    'README.md': '# Not ours',
    '.DS_Store': '\0\0',
    '.journal-x': 'not a journal',
    '.journal-01': 'not a journal',
    '.lock-1.old': '{}',
    '.lock-2.released': '',
    '.lock-3.beat': '7',
    'cp-UPPER.json': '{}',
    'cp-copy.json.bak': '{}',
    'notes.json': '{}',
    'cp-0mwv62x7i00-zzzz.json/': '',
  };
  for (const [name, text] of Object.entries(texts)) {
    const path = `${directory}/${name.replace(/\/$/, '')}`;
    const content = name.endsWith('/') ? null : new Uint8Array(Buffer.from(text));
    yield { files: new Map([...files, [path, content]]), path, label: `${name} beside the files` };
  }
  for (const [name, path] of [
    ['.journal-9', journal],
    ['cp-copy.json', document],
    [`.tmp-${'0'.repeat(32)}`, document],
  ] as const) {
    const copy = `${directory}/${name}`;
    yield { files: new Map([...files, [copy, bytesOf(files, path)]]), path: copy, label: `${path} also as ${name}` };
  }
}

function withEpoch(bytes: Uint8Array, epoch: number): Uint8Array {
  const { lines } = readJournal(bytes);
  return encodeJournal(
    lines.map(({ flushed, json }, index) => ({
      flushed,
      json: index === 0 ? JSON.stringify({ ...JSON.parse(json), epoch }) : json,
    })),
  );
}

function directoryOf(files: DiskState): string {
  return (filesIn(files)[0] as string).split('/')[0] as string;
}

/** The newest. */
function documentIn(files: DiskState): string {
  return filesIn(files)
    .filter((path) => path.endsWith('.json'))
    .sort()
    .at(-1) as string;
}
