import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { FaultOrder, Job } from '../child/protocol.js';
import { isFull } from './level.js';
import { type EndedProcess, VictimProcess } from './victim-process.js';

/** In memory, where there is such a place: what a process leaves when it is killed is the same, and flushing is free. */
const place = !isFull && existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A job without its place. */
export type Task = Omit<Job, 'checkpointDir'>;
/** A fault without its place. */
export type Fault = Omit<FaultOrder, 'directory'>;

/** A directory for the checkpoints of one test, and the processes that work there. */
export class Scratch {
  private readonly processes: VictimProcess[] = [];

  private constructor(readonly directory: string) {}

  /** Whatever happens, no process and no file is left afterwards. */
  static async during<T>(use: (scratch: Scratch) => Promise<T>): Promise<T> {
    const scratch = new Scratch(await mkdtemp(join(place, 'vibe-aigc-fault-')));
    try {
      return await use(scratch);
    } finally {
      for (const process of scratch.processes) process.kill();
      await Promise.all(scratch.processes.map((process) => process.ended));
      await rm(scratch.directory, { recursive: true, force: true });
    }
  }

  get checkpointDir(): string {
    return join(this.directory, 'checkpoints');
  }

  /** @param within what the process is started with, such as `unshare` */
  start(task: Task, fault: Fault = {}, within: readonly string[] = []): VictimProcess {
    const job = { ...task, checkpointDir: this.checkpointDir };
    const process = new VictimProcess(job, { ...fault, directory: this.directory }, within);
    this.processes.push(process);
    return process;
  }

  /** A process from its start to its end. */
  run(task: Task, fault: Fault = {}, within: readonly string[] = []): Promise<EndedProcess> {
    return this.start(task, fault, within).ended;
  }

  /** A call that nothing hinders, and once more: in the same process, and at the full level also in a fresh one. */
  async finish(task: Task): Promise<EndedProcess[]> {
    const finishing = await this.run({ ...task, callsAgain: true });
    return isFull ? [finishing, await this.run(task)] : [finishing];
  }

  /** What lies there, by its way from the checkpoint directory. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.checkpointDir, { recursive: true, withFileTypes: true }).catch(() => []);
    const paths = entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
    return paths.map((path) => relative(this.checkpointDir, path)).sort();
  }

  async sizeOf(file: string): Promise<number> {
    return (await stat(join(this.directory, file))).size;
  }
}
