import { describe, expect, it } from 'vitest';
import { VibeInvalidError } from '../../src/errors.js';
import { canonicalVibe, parseVibe } from '../../src/plan/vibe.js';

function refusal(input: unknown): VibeInvalidError {
  try {
    parseVibe(input);
  } catch (error) {
    if (error instanceof VibeInvalidError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('parseVibe', () => {
  it('fills in constraints and metadata', () => {
    expect(parseVibe({ description: 'a film' })).toStrictEqual({
      description: 'a film',
      constraints: [],
      metadata: {},
    });
  });

  it('keeps every field that is given', () => {
    const vibe = { description: 'a film', style: 'noir', constraints: ['short'], domain: 'film', metadata: { a: [1] } };
    expect(parseVibe(vibe)).toStrictEqual(vibe);
  });

  it('refuses unknown keys by name', () => {
    const { code, issues } = refusal({ description: 'a film', mood: 'dark', colour: 'red' });
    expect(code).toBe('VIBE_INVALID');
    expect(issues.map(({ path }) => path)).toEqual(['mood', 'colour']);
  });

  it('refuses __proto__ as an unknown key', () => {
    expect(() => parseVibe(JSON.parse('{"description":"a film","__proto__":{"style":"noir"}}'))).toThrow(
      VibeInvalidError,
    );
  });

  it('keeps __proto__ in metadata as data', () => {
    const { metadata } = parseVibe(JSON.parse('{"description":"a film","metadata":{"__proto__":{"polluted":true}}}'));
    expect(JSON.stringify(metadata)).toBe('{"__proto__":{"polluted":true}}');
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
    expect('polluted' in metadata).toBe(false);
  });

  it('names all problems at once, and shows no value', () => {
    const error = refusal({
      description: ' ',
      style: 7,
      constraints: ['fine', { secret: 'hunter2' }],
      domain: null,
      metadata: { seen: [new Date(0)] },
      mood: 'hunter2',
    });
    expect(error.issues.map(({ path }) => path).sort()).toEqual([
      'constraints[1]',
      'description',
      'domain',
      'metadata',
      'mood',
      'style',
    ]);
    expect(error.message).toContain('.seen[0] is not JSON (a Date is not JSON)');
    expect(error.message).not.toContain('hunter2');
  });

  it.each([[undefined], [null], ['a film'], [[]], [{}], [{ description: '' }], [{ description: 'x', metadata: [] }]])(
    'refuses %j',
    (input) => {
      expect(refusal(input).issues.length).toBeGreaterThan(0);
    },
  );

  it('refuses metadata that cannot be read, as a vibe that cannot be used', () => {
    const unreadable = {
      get boom() {
        throw Object.create(null);
      },
    };
    expect(refusal({ description: 'a film', metadata: unreadable }).issues).toMatchObject([{ path: 'metadata' }]);
  });

  it('holds a copy of metadata', () => {
    const metadata = { tags: ['a'] };
    const vibe = parseVibe({ description: 'a film', metadata });
    metadata.tags.push('b');
    expect(vibe.metadata).toEqual({ tags: ['a'] });
    expect(parseVibe({ description: 'a' }).metadata).not.toBe(parseVibe({ description: 'a' }).metadata);
  });
});

describe('canonicalVibe', () => {
  const vibe = parseVibe({ description: 'a film', constraints: ['a', 'b'], metadata: { x: 1, y: { p: 1, q: 2 } } });

  it('is equal for equal vibes, whatever the order of keys', () => {
    const { description, constraints } = vibe;
    const same = parseVibe({ metadata: { y: { q: 2, p: 1 }, x: 1 }, constraints, style: undefined, description });
    expect(canonicalVibe(same)).toBe(canonicalVibe(vibe));
  });

  it.each([
    { ...vibe, description: 'a Film' },
    { ...vibe, style: '' },
    { ...vibe, constraints: ['b', 'a'] },
    { ...vibe, domain: 'film' },
    { ...vibe, metadata: {} },
  ])('differs when one field does: %j', (other) => {
    expect(canonicalVibe(other)).not.toBe(canonicalVibe(vibe));
  });
});
