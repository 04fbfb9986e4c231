import { runInNewContext } from 'node:vm';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  copyJson,
  equalJson,
  freezeJson,
  isPlainObject,
  maxJsonBytes,
  maxJsonDepth,
} from '../../src/plan/json-value.js';

class Picture {
  width = 1;
}

/** As many arrays, each in the one before. */
function nestedArrays(levels: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < levels; level++) value = [value];
  return value;
}

function throwing(thrown: unknown): object {
  return {
    get boom() {
      throw thrown;
    },
  };
}

function copied(value: unknown): unknown {
  const copy = copyJson(value, 'output');
  if (!copy.ok) throw new Error(`refused: ${copy.path} ${copy.reason}`);
  return copy.value;
}

describe('copyJson', () => {
  it.each<[string, unknown, string, string]>([
    ['a function', { run: () => 1 }, 'output.run', 'a function is not JSON'],
    ['a symbol', [Symbol('s')], 'output[0]', 'a symbol is not JSON'],
    ['a BigInt', { n: 1n }, 'output.n', 'a bigint is not JSON'],
    ['NaN', { n: Number.NaN }, 'output.n', 'NaN is not a JSON number'],
    ['infinity', [1, Number.POSITIVE_INFINITY], 'output[1]', 'Infinity is not a JSON number'],
    ['negative infinity', Number.NEGATIVE_INFINITY, 'output', '-Infinity is not a JSON number'],
    ['a Date', { items: [0, 1, 2, { when: new Date(0) }] }, 'output.items[3].when', 'a Date is not JSON'],
    ['a Map', { map: new Map() }, 'output.map', 'a Map is not JSON'],
    ['a Set', { set: new Set() }, 'output.set', 'a Set is not JSON'],
    ['a typed array', { bytes: new Uint8Array(2) }, 'output.bytes', 'a Uint8Array is not JSON'],
    ['a Buffer', { bytes: Buffer.from('x') }, 'output.bytes', 'a Buffer is not JSON'],
    ['a class instance', { image: new Picture() }, 'output.image', 'a Picture is not JSON'],
    ['a regular expression', /x/, 'output', 'a RegExp is not JSON'],
    ['a Promise', { later: Promise.resolve() }, 'output.later', 'a Promise is not JSON'],
    ['a boxed number', [Object(1)], 'output[0]', 'a Number is not JSON'],
    ['an object with a prototype of its own', Object.create({ a: 1 }), 'output', 'a class instance is not JSON'],
    ['a Date of another realm', [runInNewContext('new Date()')], 'output[0]', 'a Date is not JSON'],
    ['a symbol as a key', { a: { [Symbol('s')]: 1 } }, 'output.a', 'a symbol as a key is not JSON'],
    ['an object with toJSON', { a: { toJSON: () => 1 } }, 'output.a.toJSON', 'a function is not JSON'],
    ['something under a key that is no name', { 'a b': [1n] }, 'output["a b"][0]', 'a bigint is not JSON'],
  ])('refuses %s and names its place', (_, value, path, reason) => {
    expect(copyJson(value, 'output')).toEqual({ ok: false, path, reason });
  });

  it('refuses a cycle by name', () => {
    const looped: Record<string, unknown> = { name: 'loop' };
    looped.inside = [{ looped }];
    const copy = copyJson(looped, 'output');
    expect(copy).toMatchObject({ ok: false, reason: 'a cycle: it contains itself' });
    expect(!copy.ok && copy.path).toMatch(/^output\.inside\[0\]\.looped\.inside/);
  });

  it('does not take a value that occurs twice for a cycle', () => {
    const shared = { a: 1 };
    expect(copied({ left: shared, right: [shared] })).toEqual({ left: { a: 1 }, right: [{ a: 1 }] });
  });

  it('takes 1,000 levels of nesting and refuses one more', () => {
    expect(copied(nestedArrays(maxJsonDepth))).toEqual(nestedArrays(maxJsonDepth));
    const refused = { ok: false, reason: 'nesting deeper than 1000 levels' };
    expect(copyJson(nestedArrays(maxJsonDepth + 1), 'output')).toMatchObject(refused);
    expect(copyJson(nestedArrays(100_000), 'output')).toMatchObject(refused);
  });

  it('keeps undefined as null at the top and in arrays, and drops it as a property', () => {
    expect(copied(undefined)).toBeNull();
    expect(copied([undefined, 1])).toStrictEqual([null, 1]);
    expect(copied(new Array(2))).toStrictEqual([null, null]);
    expect(copied({ a: undefined, b: null })).toStrictEqual({ b: null });
  });

  it('turns -0 into 0', () => {
    expect(copied(-0)).toBe(0);
    expect(copied({ at: [-0] })).toStrictEqual({ at: [0] });
  });

  it('keeps __proto__ as a key like any other', () => {
    const copy = copied(JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')) as object;
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(Object.keys(copy)).toEqual(['__proto__', 'constructor']);
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"polluted":true},"constructor":1}');
    expect('polluted' in copy).toBe(false);
  });

  it('takes objects without a prototype and of another realm', () => {
    expect(copied(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 });
    expect(copied(runInNewContext('({ a: [1] })'))).toStrictEqual({ a: [1] });
  });

  it('refuses a getter that throws, and names its place', () => {
    expect(copyJson({ items: [0, throwing(new Error('no'))] }, 'output')).toEqual({
      ok: false,
      path: 'output.items[1].boom',
      reason: 'reading it threw (Error: no)',
    });
  });

  it('refuses a getter that throws something which cannot be shown', () => {
    expect(copyJson(throwing(Object.create(null)), 'output')).toMatchObject({ ok: false });
  });

  it('refuses what nests too deep beside a getter that throws', () => {
    const value = Object.defineProperty({ deep: nestedArrays(maxJsonDepth) }, 'boom', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    expect(copyJson(value, 'output')).toMatchObject({ ok: false, reason: 'nesting deeper than 1000 levels' });
  });

  it('refuses a proxy whose traps throw', () => {
    const trap = () => {
      throw new Error('trapped');
    };
    expect(copyJson([new Proxy({}, { getPrototypeOf: trap })], 'output')).toMatchObject({ ok: false });
    expect(copyJson([new Proxy({}, { ownKeys: trap })], 'output')).toMatchObject({ ok: false });
  });

  it('refuses more than 64 MiB as it is stored, escapes and indentation included, and nothing below', () => {
    const reason = 'more than 64 MiB as it is stored; keep it elsewhere and refer to it';
    const refused = { ok: false, path: 'output.a', reason };
    expect(copyJson({ a: 'x'.repeat(maxJsonBytes) }, 'output')).toEqual(refused);
    expect(copyJson({ a: new Array(maxJsonBytes) }, 'output')).toEqual(refused);
    expect(copyJson({ a: '\0'.repeat(maxJsonBytes / 6) }, 'output')).toEqual(refused);
    expect(copyJson({ a: '中'.repeat(maxJsonBytes / 3) }, 'output')).toEqual(refused);
    expect(copyJson({ a: 'x'.repeat(maxJsonBytes - 1_000) }, 'output')).toMatchObject({ ok: true });
    let deep: unknown = new Array(400_000).fill(0);
    for (let level = 0; level < 900; level++) deep = [deep];
    expect(copyJson(deep, 'output')).toMatchObject({ ok: false, reason });
  });

  it('freezes the copy through and through, and leaves the value as it was', () => {
    const value = { list: [{ a: 1 }], text: 'x' };
    const copy = copyJson(value, 'output', { freeze: true });
    if (!copy.ok) throw new Error(copy.reason);
    const frozen = copy.value as typeof value;
    expect(frozen).toStrictEqual(value);
    expect([frozen, frozen.list, frozen.list[0]].every(Object.isFrozen)).toBe(true);
    expect([value, value.list, value.list[0]].some(Object.isFrozen)).toBe(false);
    value.list.push({ a: 2 });
    expect(frozen.list).toHaveLength(1);
  });

  it('copies every JSON value as JSON.stringify would', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(copied(value)).toStrictEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('canonicalJson', () => {
  it('writes what the reference implementation of RFC 8785 writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary', maxDepth: 5 }), (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    [{ '\u20ac': 1, '\r': 2, '\ud83d\ude00': 3, 1: 4, '\ufb33': 5, a: [] }],
    [[1e21, 1e-7, 333333333.3333333, 5e-324, 0.1, -0, 1.7976931348623157e308]],
    [{ '': { b: undefined, a: null }, nested: [[[]]] }],
  ])('agrees with it on %j', (value) => {
    expect(canonicalJson(value)).toBe(canonicalize(value));
  });

  it('writes half a surrogate pair as an escape', () => {
    expect(canonicalJson({ a: '\ud800' })).toBe('{"a":"\\ud800"}');
  });

  it('does not depend on the order in which keys were set', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: 3 })).toBe(canonicalJson({ a: 3, b: [{ c: 2, d: 1 }] }));
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });
});

describe('equalJson', () => {
  /** Few names and values, so that many pairs are equal. */
  const small = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>(0, 1, '', 'a', null, true, undefined),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor', '0'), tie('value'), { maxKeys: 2 }),
    ),
  })).value;

  it('says of two values whether they are written alike, fields that are undefined aside', () => {
    const written = (value: unknown) => canonicalJson(value === undefined ? 'undefined' : value);
    const isInArray = (value: unknown): boolean =>
      typeof value === 'object' &&
      value !== null &&
      (Array.isArray(value)
        ? value.some((item) => item === undefined || isInArray(item))
        : Object.values(value).some(isInArray));
    let equal = 0;
    fc.assert(
      fc.property(small, small, (a, b) => {
        fc.pre(!isInArray(a) && !isInArray(b)); // in an array it is written as null
        const isEqual = written(a) === written(b);
        if (isEqual) equal++;
        expect(equalJson(a, b)).toBe(isEqual);
        expect(equalJson(b, a)).toBe(isEqual);
      }),
      { numRuns: 5_000 },
    );
    expect(equal).toBeGreaterThan(100);
  });

  it('finds nothing in a prototype', () => {
    expect(equalJson({ constructor: Object }, {})).toBe(false);
    expect(equalJson(Object.create({ a: 1 }), { a: 1 })).toBe(false);
    expect(equalJson(Object.create({ a: 1 }), {})).toBe(true);
    expect(equalJson([], {})).toBe(false);
  });
});

describe('freezeJson', () => {
  it('freezes everything inside, and nothing of a prototype', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const open: unknown[] = [freezeJson(value)];
        for (let inner = open.pop(); open.length > 0 || inner !== undefined; inner = open.pop()) {
          if (typeof inner !== 'object' || inner === null) continue;
          expect(Object.isFrozen(inner)).toBe(true);
          open.push(...Object.values(inner));
        }
      }),
    );
    const inherited = { list: [1] };
    freezeJson(Object.create(inherited));
    expect(Object.isFrozen(inherited.list)).toBe(false);
  });
});

describe('isPlainObject', () => {
  it.each([[[]], [null], [new Picture()], [new Map()], ['text'], [() => 1]])('says no to %o', (value) => {
    expect(isPlainObject(value)).toBe(false);
  });
});
