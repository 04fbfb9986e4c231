import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import type { FaultOrder, Job } from '../child/protocol.js';
import { type EndedProcess, runVictim, VictimProcess } from './victim-process.js';

/** A job without its place. */
export type Task = Omit<Job, 'checkpointDir'>;
/** A fault without its place. */
export type Fault = Omit<FaultOrder, 'directory'>;

/** A directory for the checkpoints of one test, and the processes that work there. */
export class Scratch {
  private constructor(readonly directory: string) {}

  /** Removed afterwards, whatever happens. Made as a copy of another, when one is given. */
  static async during<T>(use: (scratch: Scratch) => Promise<T>, original?: Scratch): Promise<T> {
    const scratch = new Scratch(await mkdtemp(join(tmpdir(), 'vibe-aigc-fault-')));
    try {
      if (original !== undefined) await cp(original.directory, scratch.directory, { recursive: true });
      return await use(scratch);
    } finally {
      await rm(scratch.directory, { recursive: true, force: true });
    }
  }

  get checkpointDir(): string {
    return join(this.directory, 'checkpoints');
  }

  run(task: Task, fault: Fault = {}): Promise<EndedProcess> {
    return runVictim({ ...task, checkpointDir: this.checkpointDir }, { ...fault, directory: this.directory });
  }

  start(task: Task, fault: Fault = {}): VictimProcess {
    return new VictimProcess({ ...task, checkpointDir: this.checkpointDir }, { ...fault, directory: this.directory });
  }

  /** What lies there, by its way from the checkpoint directory. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.checkpointDir, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => !entry.isDirectory());
    return files
      .map(({ parentPath, name }) => join(parentPath, name).slice(this.checkpointDir.length + sep.length))
      .sort();
  }

  async sizeOf(file: string): Promise<number> {
    return (await stat(join(this.directory, file))).size;
  }
}
