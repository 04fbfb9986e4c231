import { failingModel, scriptedModel } from 'vibe-aigc/testing';
import { describe, expect, it } from 'vitest';

describe('scriptedModel', () => {
  it('answers as its script says, one entry for each call, and shows what it was asked', async () => {
    const whole = { text: 'Two.', finishReason: 'length', usage: { outputTokens: 2 } };
    const model = scriptedModel(['One.', whole, new Error('three'), ({ prompt }, call) => `${prompt} ${call}`]);
    expect(await model.generate({ prompt: 'a' })).toEqual({ text: 'One.', finishReason: 'stop' });
    expect(await model.generate({ prompt: 'b' })).toEqual(whole);
    await expect(model.generate({ prompt: 'c' })).rejects.toThrow('three');
    expect(await model.generate({ prompt: 'd' })).toEqual({ text: 'd 4', finishReason: 'stop' });
    await expect(model.generate({ prompt: 'e' })).rejects.toThrow('The script has 4 answers, and this is call 5.');
    expect(model.requests.map(({ prompt }) => prompt)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('is not asked when the signal is aborted', async () => {
    const model = scriptedModel(['One.']);
    const signal = AbortSignal.abort(new Error('the user left'));
    await expect(model.generate({ prompt: 'a', signal })).rejects.toThrow('the user left');
    expect(model.requests).toEqual([]);
  });
});

describe('failingModel', () => {
  it('fails as a busy provider so many times, and is then like the other', async () => {
    const model = failingModel({ failTimes: 2, model: scriptedModel(['One.']) });
    for (const _ of [1, 2]) await expect(model.generate({ prompt: 'a' })).rejects.toMatchObject({ status: 429 });
    expect((await model.generate({ prompt: 'a' })).text).toBe('One.');
    expect(model.requests).toHaveLength(3);
  });

  it('throws the error that it was given, or made, and answers without another model', async () => {
    const model = failingModel({ failTimes: 1, error: (call) => new Error(`down ${call}`) });
    await expect(model.generate({ prompt: 'a' })).rejects.toThrow('down 1');
    expect(await model.generate({ prompt: 'a' })).toEqual({ text: 'answer', finishReason: 'stop' });
  });
});
