/**
 * The values, and zeros up to a length. Room is made for as many again, so that a run that grows node by node copies
 * each value a few times and not at every step. What has grown may share its memory with what it grew from.
 */
export function grownTo<Values extends Int32Array | Uint8Array>(values: Values, length: number): Values {
  const Kind = values.constructor as new (from: ArrayBufferLike | number, at?: number, length?: number) => Values;
  if (values.byteOffset + length * values.BYTES_PER_ELEMENT <= values.buffer.byteLength) {
    return new Kind(values.buffer, values.byteOffset, length);
  }
  const roomy = new Kind(2 * length);
  roomy.set(values);
  return new Kind(roomy.buffer, 0, length);
}
