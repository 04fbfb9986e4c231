import { describe, expect, it } from 'vitest';
import { Lazy } from '../src/lazy.js';

describe('a part that is loaded when it is needed', () => {
  it('is loaded once, whoever asks for it meanwhile and afterwards', async () => {
    let loads = 0;
    const part = new Lazy(async () => ++loads);
    expect(part.loaded).toBeUndefined();
    expect(await Promise.all([part.load(), part.load()])).toEqual([1, 1]);
    expect(await part.load()).toBe(1);
    expect(part.loaded).toBe(1);
  });

  it('is tried again when it could not be loaded', async () => {
    const answers = [Promise.reject(new Error('no such file')), Promise.resolve('there')];
    const part = new Lazy(() => answers.shift() as Promise<string>);
    await expect(part.load()).rejects.toThrow('no such file');
    expect(part.loaded).toBeUndefined();
    expect(await part.load()).toBe('there');
  });
});
