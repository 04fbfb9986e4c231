import { describe, expect, it } from 'vitest';
import type { NodeHandler } from '../../src/execution/node-handler.js';
import { DrivenRun } from '../helpers/execution-driven-run.js';
import { node } from '../helpers/plan-builders.js';

describe('a step of a handler', () => {
  it('is done once, and comes from the record in every later attempt', async () => {
    let paid = 0;
    let attempts = 0;
    const generate: NodeHandler = async (_, { step }) => {
      const words = await step('words', () => ({ count: ++paid }));
      if (++attempts === 1) throw new Error('rate limited');
      return words;
    };
    const run = new DrivenRun([node('a')], { handlers: { generate }, retry: { maxAttempts: 2 } });
    await expect(run.ended).resolves.toBe('completed');
    expect(run.result('a')).toMatchObject({ status: 'completed', attempts: 2, output: { count: 1 } });
    expect(paid).toBe(1);
  });

  it('comes from the record in another process', async () => {
    const generate: NodeHandler = (_, { step }) => step('words', () => 'paid again');
    const at = '2026-01-01T00:00:00.000Z';
    const run = new DrivenRun([node('a')], {
      handlers: { generate },
      records: [
        { kind: 'run_started', at },
        { kind: 'step_completed', nodeId: 'a', name: 'words', output: 'paid', at },
      ],
    });
    await expect(run.ended).resolves.toBe('completed');
    expect(run.result('a')).toMatchObject({ output: 'paid' });
  });

  it('fails its node when its name was used already, and when it returns what JSON cannot carry', async () => {
    const generate: NodeHandler = async ({ id }, { step }) => {
      if (id === 'b') return step('now', () => new Date());
      await step('words', () => 1);
      return step('words', () => 2);
    };
    const run = new DrivenRun([node('a'), node('b')], { handlers: { generate } });
    await expect(run.ended).resolves.toBe('failed');
    expect(run.result('a')).toMatchObject({
      error: { message: 'Node "a" uses the name "words" twice; in a loop, give it an index.' },
    });
    expect(run.result('b')).toMatchObject({ error: { code: 'OUTPUT_NOT_SERIALIZABLE' } });
  });
});
