import { describe, expect, it } from 'vitest';
import { serializeError } from '../../src/run/serialize-error.js';

describe('serializeError', () => {
  it('keeps name, message and code, and nothing else', () => {
    const error = Object.assign(new TypeError('no', { cause: new Error('secret') }), { code: 'E_NO', headers: {} });
    expect(serializeError(error)).toStrictEqual({ name: 'TypeError', message: 'no', code: 'E_NO' });
    expect(serializeError({ name: '', message: 'no', code: 500 })).toStrictEqual({
      name: 'Error',
      message: 'no',
      code: '500',
    });
  });

  it.each([
    ['text', 'text'],
    [7n, '7'],
    [Symbol('s'), 'Symbol(s)'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{}, 'something without a message was thrown'],
    [{ message: 7 }, 'something without a message was thrown'],
  ])('finds words for %o', (thrown, message) => {
    expect(serializeError(thrown)).toStrictEqual({ name: 'Error', message });
  });

  it('survives an error that cannot be read', () => {
    const error = {
      get message() {
        throw new Error('no');
      },
    };
    expect(serializeError(error)).toStrictEqual({ name: 'Error', message: 'an error that cannot be read was thrown' });
  });

  it('cuts what is too long to store', () => {
    const { message } = serializeError(new Error('x'.repeat(20_000)));
    expect(message).toHaveLength(10_001);
    expect(message.endsWith('x…')).toBe(true);
  });
});
