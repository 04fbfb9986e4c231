import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { BlobCapability } from '../checkpoint/persistence-manager.js';
import { capabilityOf, law, type PersistenceLaw } from './law.js';

/** What every store does that has `blobs`. */
export const blobLaws: readonly PersistenceLaw[] = [
  blobLaw('gives back a blob, byte for byte, under the hash of its content', async (blobs) => {
    const parts = [bytesOf('a film', 3), new Uint8Array(0), bytesOf('of tides', 70_000)];
    const whole = joined(parts);
    deepStrictEqual(await blobs.put('plan-a', each(parts)), { sha256: sha256(whole), bytes: whole.length });
    deepStrictEqual(await contentOf(blobs, 'plan-a', sha256(whole)), whole);
    deepStrictEqual(await contentOf(blobs, 'plan-a', sha256(whole)), whole, 'a second reading');
    strictEqual((await blobs.read('plan-a', sha256(whole)))?.bytes, whole.length);
  }),
  blobLaw('keeps the same content once, and an empty one too', async (blobs) => {
    const content = bytesOf('poster', 10);
    for (let times = 0; times < 2; times++) await blobs.put('plan-a', each([content]));
    const empty = await blobs.put('plan-a', each([]));
    deepStrictEqual(empty, { sha256: sha256(new Uint8Array(0)), bytes: 0 });
    deepStrictEqual(await contentOf(blobs, 'plan-a', empty.sha256), new Uint8Array(0));
    const listed = [...(await blobs.list('plan-a'))].sort((a, b) => a.bytes - b.bytes);
    deepStrictEqual(listed, [empty, { sha256: sha256(content), bytes: content.length }]);
  }),
  blobLaw('keeps nothing of a blob whose content throws, and throws that', async (blobs) => {
    const failure = new Error('the connection was lost');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytesOf('half', 100);
      throw failure;
    }
    await rejects(blobs.put('plan-a', broken()), (error: unknown) => {
      strictEqual(error, failure);
      return true;
    });
    deepStrictEqual(await blobs.list('plan-a'), []);
  }),
  blobLaw('keeps the blobs of plans apart, and answers undefined for one that is not there', async (blobs) => {
    const { sha256: hash } = await blobs.put('Film', each([bytesOf('clip', 5)]));
    for (const other of ['film', '../Film', 'plan-z']) {
      strictEqual(await blobs.read(other, hash), undefined, other);
      deepStrictEqual(await blobs.list(other), [], other);
    }
    strictEqual(await blobs.read('Film', sha256(bytesOf('other', 1))), undefined);
  }),
  blobLaw('removes blobs, and passes over those that are not there', async (blobs) => {
    const [kept, gone] = [await put(blobs, 'kept'), await put(blobs, 'gone')];
    await blobs.remove('plan-a', [gone, sha256(bytesOf('never', 1))]);
    await blobs.remove('plan-z', [gone]);
    strictEqual(await blobs.read('plan-a', gone), undefined);
    deepStrictEqual(
      (await blobs.list('plan-a')).map((blob) => blob.sha256),
      [kept],
    );
  }),
  blobLaw('stores many blobs at once, also the same one', async (blobs) => {
    const names = Array.from({ length: 20 }, (_, index) => `blob ${index % 10}`);
    const hashes = await Promise.all(names.map((name) => put(blobs, name)));
    strictEqual((await blobs.list('plan-a')).length, 10);
    for (const [index, hash] of hashes.entries()) {
      deepStrictEqual(await contentOf(blobs, 'plan-a', hash), bytesOf(names[index] as string, 1_000));
    }
  }),
];

function blobLaw(name: string, check: (blobs: BlobCapability) => Promise<void>): PersistenceLaw {
  return law(name, (store) => check(capabilityOf(store, 'blobs')));
}

async function put(blobs: BlobCapability, name: string): Promise<string> {
  return (await blobs.put('plan-a', each([bytesOf(name, 1_000)]))).sha256;
}

async function* each(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function contentOf(blobs: BlobCapability, planId: string, hash: string): Promise<Uint8Array | undefined> {
  const content = await blobs.read(planId, hash);
  if (content === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const chunk of content.chunks()) parts.push(chunk);
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function bytesOf(text: string, times: number): Uint8Array {
  return new TextEncoder().encode(text.repeat(times));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
