/** What the first bytes of a file say it is. */
const signatures: ReadonlyArray<readonly [mime: string, at: number, bytes: string]> = [
  ['image/png', 0, '\x89PNG'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF8'],
  ['image/webp', 8, 'WEBP'],
  ['image/avif', 4, 'ftypavif'],
  ['audio/wav', 8, 'WAVE'],
  ['audio/mpeg', 0, 'ID3'],
  ['audio/mpeg', 0, '\xff\xfb'],
  ['audio/mpeg', 0, '\xff\xf3'],
  ['audio/aac', 0, '\xff\xf1'],
  ['audio/flac', 0, 'fLaC'],
  ['audio/ogg', 0, 'OggS'],
  ['video/webm', 0, '\x1a\x45\xdf\xa3'],
  ['video/mp4', 4, 'ftyp'],
];

/** @param otherwise what it is taken for when its bytes say nothing */
export function mediaTypeOf(bytes: Uint8Array, otherwise: string): string {
  const begin = String.fromCharCode(...bytes.subarray(0, 16));
  return signatures.find(([, at, signature]) => begin.startsWith(signature, at))?.[0] ?? otherwise;
}

/** The ending that a file of this kind usually has. */
export function endingOf(mime: string): string {
  const usual: Readonly<Record<string, string>> = { 'image/jpeg': 'jpg', 'audio/mpeg': 'mp3' };
  return usual[mime] ?? (/^\w+\/([a-z0-9]+)/.exec(mime)?.[1] || 'bin');
}

/** Content as SDKs give it: bytes, or their Base64. */
export function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content, 'base64') : content;
}
