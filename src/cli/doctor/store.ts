import { link, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Finding } from './finding.js';

/**
 * Does to a folder what runs do to it: write, flush, rename, and link, which is how a plan is locked. Where the folder is
 * still to be made, the nearest one above it is looked at. Everything is taken away again.
 */
export async function checkStore(dir: string): Promise<Finding[]> {
  const wanted = resolve(dir);
  const parent = await nearestFolder(wanted);
  const where = parent === wanted ? wanted : `${wanted} (to be made in ${parent})`;
  let folder: string;
  try {
    folder = await mkdtemp(join(parent, '.vibe-aigc-doctor-'));
  } catch (error) {
    return [bad(`store ${where}`, 'cannot be written', error)];
  }
  try {
    return [{ subject: `store ${where}`, status: 'ok', found: 'can be written' }, ...(await tryFiles(folder))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tryFiles(folder: string): Promise<Finding[]> {
  const [first, second, third] = ['a', 'b', 'c'].map((name) => join(folder, name)) as [string, string, string];
  const tried = async (subject: string, found: string, act: () => Promise<void>): Promise<Finding> => {
    try {
      await act();
      return { subject, status: 'ok', found };
    } catch (error) {
      return bad(subject, 'does not work', error);
    }
  };
  return [
    await tried('flush', 'what is written is flushed to the disk', () => writeFlushed(first)),
    await tried('rename', 'a file takes the place of another at once', async () => {
      await writeFlushed(second);
      await rename(second, first);
    }),
    await tried('link', 'a plan can be locked', async () => {
      await link(first, third);
      const twice = await link(first, third).then(
        () => true,
        () => false,
      );
      if (twice || !(await readdir(folder)).includes('c')) throw new Error('the same link could be made twice');
    }),
  ];
}

async function writeFlushed(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile('vibe-aigc doctor\n');
    await file.sync();
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined || dirname(path) === path) return path;
  return nearestFolder(dirname(path));
}

function bad(subject: string, what: string, error: unknown): Finding {
  const { code, message } = error as NodeJS.ErrnoException;
  const next = [`give another folder with --dir, on a local disk that can be written`];
  return { subject, status: 'bad', found: `${what} (${code ?? message})`, next };
}
