import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { nameOfRemote, remoteFileSystemOf } from '../../../src/stores/file/file-system.js';

describe('the file system of a checkpoint directory', () => {
  it('is known when it is one on which only the end of a process is covered', () => {
    expect([0x6969, 0xff534d42, -11317950, 0x65735546].map(nameOfRemote)).toEqual(['NFS', 'SMB', 'SMB', 'FUSE']);
    expect([0xef53, 0x01021994, 0x58465342].map(nameOfRemote)).toEqual([undefined, undefined, undefined]); // ext4, tmpfs, xfs
  });

  it('is a local one here', async () => {
    expect(await remoteFileSystemOf(tmpdir())).toBeUndefined();
  });
});
