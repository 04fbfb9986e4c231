import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { BlobKeeper } from '../../src/execution/blob-keeper.js';
import type { BlobInput } from '../../src/execution/context/blob-content.js';
import type { NodeHandler } from '../../src/execution/node-handler.js';
import { DrivenRun } from '../helpers/execution-driven-run.js';
import { sha256 } from '../helpers/media-film.js';
import { node } from '../helpers/plan-builders.js';

/** Keeps what it is given in parts, one after the other. */
class Shelf implements BlobKeeper {
  readonly parts: Uint8Array[][] = [];
  /** Called after each part. */
  onPart: () => void = () => {};

  async store(content: AsyncIterable<Uint8Array>) {
    const parts: Uint8Array[] = [];
    this.parts.push(parts);
    for await (const part of content) {
      parts.push(part);
      this.onPart();
    }
    const whole = Buffer.concat(parts);
    return { sha256: sha256(whole), bytes: whole.length };
  }

  namedIn() {
    return undefined;
  }
}

async function blobOf(content: unknown, label?: object, shelf = new Shelf(), signal?: AbortSignal) {
  const generate: NodeHandler = (_, { blob }) => blob(content as BlobInput, label);
  const run = new DrivenRun([node('a')], { handlers: { generate }, blobs: shelf, signal });
  await run.ended;
  return run.result('a');
}

const text = 'a film about tides';
const bytes = new TextEncoder().encode(text);

async function* inParts() {
  yield bytes.subarray(0, 6);
  yield bytes.subarray(6);
}

describe('a blob', () => {
  const inputs: Record<string, () => BlobInput> = {
    text: () => text,
    bytes: () => bytes,
    'a buffer of Node': () => Buffer.from(text),
    'an array buffer': () => bytes.slice().buffer,
    'a Blob': () => new Blob([text]),
    'the body of a response': () => new Response(text).body as ReadableStream<Uint8Array>,
    'an async iterable': () => inParts(),
    'a stream of Node': () => Readable.from(inParts()),
  };
  for (const [name, make] of Object.entries(inputs)) {
    it(`is made of ${name}`, async () => {
      const result = await blobOf(make(), { mime: 'text/plain' });
      const ref = { $blob: `sha256:${sha256(text)}`, planId: 'plan-1', bytes: bytes.length, mime: 'text/plain' };
      expect(result).toMatchObject({ status: 'completed', output: ref });
    });
  }

  it('has the type of its content when nobody says what it is', async () => {
    expect(await blobOf(new Blob([text], { type: 'image/png' }))).toMatchObject({ output: { mime: 'image/png' } });
    expect(await blobOf(bytes)).toMatchObject({ output: { mime: 'application/octet-stream' } });
    expect(await blobOf(text, { name: 'brief.txt' })).toMatchObject({
      output: { mime: 'text/plain;charset=utf-8', name: 'brief.txt' },
    });
  });

  it('is handed on in parts of a megabyte, and asked for as it is stored', async () => {
    let given = 0;
    const shelf = new Shelf();
    const ahead: number[] = [];
    shelf.onPart = () => ahead.push(given - (shelf.parts[0] as Uint8Array[]).length);
    const part = new Uint8Array(1024 * 1024);
    async function* many() {
      for (given = 1; given <= 50; given++) yield part;
    }
    expect(await blobOf(many(), {}, shelf)).toMatchObject({ output: { bytes: 50 * part.length } });
    expect(Math.max(...ahead)).toBe(0);

    const large = new Shelf();
    await blobOf(new Uint8Array(5 * 1024 * 1024 + 1), {}, large);
    expect(large.parts[0]?.map(({ length }) => length)).toEqual([...Array(5).fill(1024 * 1024), 1]);
  });

  it('is of the bytes as they were, whatever the caller does to them afterwards', async () => {
    const shelf = new Shelf();
    const mine = bytes.slice();
    shelf.onPart = () => mine.fill(0);
    const result = await blobOf(mine, {}, shelf);
    expect(result).toMatchObject({ output: { $blob: `sha256:${sha256(text)}` } });
  });

  it('ends with the reason of the run when that is cancelled, and tells its source', async () => {
    const aborting = new AbortController();
    let isTold = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes),
      pull: () => aborting.abort(new Error('enough')), // and nothing more ever comes
      cancel: () => {
        isTold = true;
      },
    });
    const result = await blobOf(body, {}, new Shelf(), aborting.signal);
    expect(result).toBeUndefined(); // interrupted: it says nothing about the node
    expect(isTold).toBe(true);
  });

  it('ends a stream of Node too', async () => {
    const aborting = new AbortController();
    const stream = new Readable({ read: () => aborting.abort(new Error('enough')) });
    expect(await blobOf(stream, {}, new Shelf(), aborting.signal)).toBeUndefined();
    expect(stream.destroyed).toBe(true);
  });

  it('tells its source also when the store fails before it reads any of it, or leaves the rest', async () => {
    const full = () => Promise.reject(new Error('the disk is full'));
    const leaves = async (content: AsyncIterable<Uint8Array>) => {
      await content[Symbol.asyncIterator]().next(); // as a store does that is not written with for await
      return full();
    };
    for (const store of [full, leaves]) {
      const shelf = Object.assign(new Shelf(), { store });
      let told = 0;
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(bytes),
        cancel: () => {
          told++;
        },
      });
      expect(await blobOf(body, {}, shelf)).toMatchObject({ error: { message: 'the disk is full' } });
      expect(told).toBe(1);
      const stream = Readable.from(inParts());
      expect(await blobOf(stream, {}, shelf)).toMatchObject({ error: { message: 'the disk is full' } });
      expect(stream.destroyed).toBe(true);
    }
  });

  it('leaves content that it does not take to its caller', async () => {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(bytes) });
    expect(await blobOf(body, { mime: '' })).toMatchObject({ error: { name: 'TypeError' } });
    expect(await body.getReader().read()).toMatchObject({ value: bytes });
  });

  it('fails as its content fails', async () => {
    async function* broken() {
      yield bytes;
      throw new Error('the connection was lost');
    }
    expect(await blobOf(broken())).toMatchObject({ status: 'failed', error: { message: 'the connection was lost' } });
  });

  it('is refused when it is none, and says what it is', async () => {
    async function* ofText() {
      yield text;
    }
    const problems: Array<[unknown, string]> = [
      [undefined, 'ctx.blob takes bytes, text, a Blob, or a stream of bytes, got undefined.'],
      [{ some: 'object' }, 'ctx.blob takes bytes, text, a Blob, or a stream of bytes, got Object.'],
      [ofText(), 'The content of a blob comes as Uint8Arrays, got string.'],
    ];
    for (const [content, message] of problems) {
      expect(await blobOf(content)).toMatchObject({ error: { name: 'TypeError', message } });
    }
    for (const label of [{ mime: '' }, { name: '' }, { mime: 7 }, { name: 'x'.repeat(256) }]) {
      expect(await blobOf(text, label)).toMatchObject({ error: { name: 'TypeError' } });
    }
  });
});
