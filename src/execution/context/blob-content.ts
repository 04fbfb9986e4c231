/** What `ctx.blob` takes. Text is stored as UTF-8. */
export type BlobInput =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** So much is handed on at once: a millisecond of hashing. */
const bytesAtOnce = 1024 * 1024;

/** Content that is about to be read, once. */
export interface OpenContent {
  /** In parts, as they are asked for. When the signal aborts it throws its reason at once. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Whatever the content comes from is told to stop, unless it was read to its end. Twice is fine. */
  close(): void;
}

/** @throws TypeError for what is no content */
export function openContent(content: BlobInput, signal: AbortSignal): OpenContent {
  if (typeof content === 'string') return inMemory(new TextEncoder().encode(content), signal);
  if (content instanceof Uint8Array) return inMemory(content, signal);
  if (content instanceof ArrayBuffer) return inMemory(new Uint8Array(content), signal);
  return ofSource(sourceOf(content), signal);
}

function inMemory(bytes: Uint8Array, signal: AbortSignal): OpenContent {
  return { chunks: slicesOf(bytes, signal), close: ignore };
}

/** Copies: whoever called may go on writing into what it passed. */
async function* slicesOf(bytes: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += bytesAtOnce) {
    signal.throwIfAborted();
    yield bytes.slice(from, from + bytesAtOnce);
  }
}

/** Something that gives parts and can be told to stop while it is asked for one. */
interface Source {
  next(): Promise<IteratorResult<unknown>>;
  stop(reason: unknown): void;
}

/** A store may fail before it asks for the first part: a generator that was never begun would tell nobody. */
function ofSource(source: Source, signal: AbortSignal): OpenContent {
  let isOver = false;
  const close = () => {
    if (!isOver) source.stop(signal.reason);
    isOver = true;
  };
  const next = async () => {
    const part = await nextOf(source, signal);
    if (part.done) isOver = true;
    return part;
  };
  return { chunks: partsOf(next, close), close };
}

function sourceOf(content: Exclude<BlobInput, string | Uint8Array | ArrayBuffer>): Source {
  if (typeof content === 'object' && content !== null) {
    if ('getReader' in content) return ofStream(content);
    if (Symbol.asyncIterator in content) return ofIterable(content);
    if ('stream' in content && typeof content.stream === 'function') return ofStream(content.stream());
  }
  throw new TypeError(`ctx.blob takes bytes, text, a Blob, or a stream of bytes, got ${kindOf(content)}.`);
}

function ofStream(stream: ReadableStream<Uint8Array>): Source {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? { done: true, value: undefined } : { done: false, value };
    },
    stop: (reason) => void reader.cancel(reason).catch(ignore),
  };
}

function ofIterable(content: AsyncIterable<unknown>): Source {
  const iterator = content[Symbol.asyncIterator]();
  return {
    next: async () => iterator.next(),
    stop: () => {
      // A generator that is being asked hears of its end only when it has answered; a stream of Node can be ended.
      const { destroy } = content as { destroy?: unknown };
      if (typeof destroy === 'function') destroy.call(content);
      void Promise.resolve(iterator.return?.()).catch(ignore);
    },
  };
}

async function* partsOf(next: Source['next'], close: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const { done, value } = await next();
      if (done) return;
      if (!(value instanceof Uint8Array)) {
        throw new TypeError(`The content of a blob comes as Uint8Arrays, got ${kindOf(value)}.`);
      }
      for (let from = 0; from < value.length; from += bytesAtOnce) yield value.subarray(from, from + bytesAtOnce);
    }
  } finally {
    close();
  }
}

/** The next part, or the reason of the signal. A promise for all parts would keep a reaction of each. */
function nextOf(source: Source, signal: AbortSignal): Promise<IteratorResult<unknown>> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    const tidy = () => signal.removeEventListener('abort', abort);
    source.next().then(
      (part) => {
        tidy();
        resolve(part);
      },
      (error) => {
        tidy();
        reject(error);
      },
    );
  });
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'object';
}

/** Whoever does not want to stop is not listened to any more. */
function ignore(): void {}
