import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mark, Operation, Recording, Timed, Told } from './operations.js';

/** The files that a directory has already: their numbers and sizes by path; directories have no number. */
export type KnownFiles = ReadonlyArray<readonly [path: string, file: { file: number; size: number } | 'directory']>;

/** An open file or directory, as its descriptor knows it. */
export type Opened =
  | { readonly path: string; readonly file?: undefined }
  | { readonly path: string; readonly file: number; position: number; readonly isAppending: boolean };

/** Numbers files, knows their names and sizes, and keeps what happens to them in order. */
export class OperationLog {
  private readonly operations: Timed[] = [];
  private readonly marks: Mark[] = [];
  private readonly names = new Map<string, number | 'directory'>([['.', 'directory']]);
  private readonly sizes = new Map<number, number>();
  private readonly opened = new Map<number, Opened>();
  private readonly watchers = new Set<(operation: Operation) => void>();
  private moment = 0;

  constructor(
    private readonly root: string,
    known: KnownFiles = [],
    private nextFile = 0,
  ) {
    for (const [path, entry] of known) {
      this.names.set(path, entry === 'directory' ? entry : entry.file);
      if (entry !== 'directory') this.sizes.set(entry.file, entry.size);
    }
  }

  /** The path from the directory that is recorded; `undefined` for what lies outside of it. */
  pathOf(path: unknown): string | undefined {
    if (typeof path === 'number') return undefined;
    const text = path instanceof URL ? fileURLToPath(path) : String(path);
    const inside = relative(this.root, resolve(text));
    if (inside === '') return '.';
    return inside === '..' || inside.startsWith(`..${sep}`) ? undefined : inside.split(sep).join('/');
  }

  start(): number {
    return this.moment++;
  }

  /** An operation is complete that began at that moment. */
  end(startedAt: number, ...operations: readonly Operation[]): void {
    const endedAt = this.moment++;
    for (const operation of operations) {
      this.apply(operation);
      this.operations.push({ ...operation, startedAt, endedAt });
      for (const watch of this.watchers) watch(operation);
    }
  }

  mark(told: Told): void {
    this.marks.push({ ...told, at: this.moment++ });
  }

  /** Resolves at the first operation from now on that is looked for. */
  next(isLookedFor: (operation: Operation) => boolean): Promise<void> {
    return new Promise((done) => {
      const watch = (operation: Operation) => {
        if (!isLookedFor(operation)) return;
        this.watchers.delete(watch);
        done();
      };
      this.watchers.add(watch);
    });
  }

  entry(path: string): number | 'directory' | undefined {
    return this.names.get(path);
  }

  size(file: number): number {
    return this.sizes.get(file) ?? 0;
  }

  newFile(): number {
    return this.nextFile++;
  }

  /** What lies below a directory, the deepest first. */
  below(path: string): string[] {
    return [...this.names.keys()].filter((name) => name.startsWith(`${path}/`)).sort((a, b) => b.length - a.length);
  }

  open(descriptor: number, opened: Opened): void {
    this.opened.set(descriptor, opened);
  }

  at(descriptor: number): Opened | undefined {
    return this.opened.get(descriptor);
  }

  close(descriptor: number): void {
    this.opened.delete(descriptor);
  }

  recording(): Recording {
    const { operations, marks, moment, nextFile } = this;
    return { operations: [...operations], marks: [...marks], moments: moment, nextFile };
  }

  private apply(operation: Operation): void {
    switch (operation.kind) {
      case 'make directory':
        this.names.set(operation.path, 'directory');
        break;
      case 'name':
        this.names.set(operation.path, operation.file);
        break;
      case 'rename':
        this.names.delete(operation.from);
        this.names.set(operation.path, operation.file);
        break;
      case 'remove':
        this.names.delete(operation.path);
        break;
      case 'write':
        this.sizes.set(operation.file, Math.max(this.size(operation.file), operation.offset + operation.bytes.length));
        break;
      case 'resize':
        this.sizes.set(operation.file, operation.size);
        break;
    }
  }
}

/** The directories from `made` up to the first that was made with it, outermost first. */
export function madeDirectories(made: string, first: string): string[] {
  const paths = [made];
  while (paths[0] !== first && paths[0] !== '.') paths.unshift(dirname(join(paths[0] as string)));
  return paths;
}
