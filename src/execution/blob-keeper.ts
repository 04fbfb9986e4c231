/** Where handlers of a run put content. */
export interface BlobKeeper {
  /** Stores what comes, under its SHA-256. Resolves when it would survive a power cut. */
  store(content: AsyncIterable<Uint8Array>): Promise<{ readonly sha256: string; readonly bytes: number }>;
  /** The blobs of the run that a value names, as a field of its record; nothing when it names none. */
  namedIn(value: unknown): { readonly blobs: string[] } | undefined;
}
