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

/**
 * Content in parts, as they are asked for. When the signal aborts it throws its reason at once, and whatever the content
 * came from is told to stop.
 * @throws TypeError for what is no content
 */
export function chunksOf(content: BlobInput, signal: AbortSignal): AsyncIterable<Uint8Array> {
  if (typeof content === 'string') return slicesOf(new TextEncoder().encode(content), signal);
  if (content instanceof Uint8Array) return slicesOf(content, signal);
  if (content instanceof ArrayBuffer) return slicesOf(new Uint8Array(content), signal);
  return partsOf(sourceOf(content), signal);
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

async function* partsOf(source: Source, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await nextOf(source, signal);
      if (done) {
        isDone = true;
        return;
      }
      if (!(value instanceof Uint8Array)) {
        throw new TypeError(`The content of a blob comes as Uint8Arrays, got ${kindOf(value)}.`);
      }
      for (let from = 0; from < value.length; from += bytesAtOnce) yield value.subarray(from, from + bytesAtOnce);
    }
  } finally {
    if (!isDone) source.stop(signal.reason);
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
