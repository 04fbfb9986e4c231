import { afterEach, describe, expect, it, vi } from 'vitest';
import { atOnce, inTurns } from '../src/turns.js';

/** Three steps that take so long by a clock that is stepped by hand. */
function threeSteps(msEach: number): Iterator<void, string> {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const steps = function* (): Generator<void, string> {
    for (let step = 0; step < 3; step++) {
      now += msEach;
      yield;
    }
    return 'done';
  };
  return steps();
}

describe('inTurns', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('lets everything else have its turn after each step that takes long', async () => {
    const turn = vi.spyOn(globalThis, 'setImmediate');
    expect(await inTurns(threeSteps(50))).toBe('done');
    expect(turn).toHaveBeenCalledTimes(3);
  });

  it('takes no turn for steps that are short together', async () => {
    const turn = vi.spyOn(globalThis, 'setImmediate');
    expect(await inTurns(threeSteps(0.1))).toBe('done');
    expect(turn).not.toHaveBeenCalled();
  });

  it('rejects with what a step throws', async () => {
    const steps = (function* (): Generator<void, void> {
      yield;
      throw new Error('no such node');
    })();
    await expect(inTurns(steps)).rejects.toThrow('no such node');
  });
});

describe('atOnce', () => {
  it('does all steps before it returns', () => {
    expect(atOnce(threeSteps(50))).toBe('done');
  });
});
