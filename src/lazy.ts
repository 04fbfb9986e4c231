/**
 * A part of the library that is loaded when it is first needed, at most once in a process: what becomes of its file
 * afterwards, as when a deployment replaces it, does not matter. Loading that has failed is tried again.
 */
export class Lazy<T> {
  /** Set as soon as it is there: who needs no promise then goes on at once. */
  loaded: T | undefined;

  private loading: Promise<T> | undefined;

  constructor(private readonly importPart: () => Promise<T>) {}

  load(): Promise<T> {
    this.loading ??= this.importPart().then(
      (part) => {
        this.loaded = part;
        return part;
      },
      (error) => {
        this.loading = undefined;
        throw error;
      },
    );
    return this.loading;
  }
}
