import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';

/** Where flushing costs nothing, if there is such a place: what is flushed there is not what is tested. */
export const fastDirectory = isWritable('/dev/shm') ? '/dev/shm' : tmpdir();

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
