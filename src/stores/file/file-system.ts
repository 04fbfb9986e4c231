import { statfs } from 'node:fs/promises';

/** By the magic numbers of Linux, statfs(2): file systems that a flush may not reach the disk of, or that others write too. */
const remote = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
]);

/** What a directory is on, where only the end of a process is covered; `undefined` for a local disk. */
export async function remoteFileSystemOf(directory: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  return nameOfRemote((await statfs(directory)).type);
}

export function nameOfRemote(type: number): string | undefined {
  return remote.get(type >>> 0);
}
