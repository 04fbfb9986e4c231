import { describe, expect, it } from 'vitest';
import type { NodeHandler } from '../../src/execution/node-handler.js';
import { DrivenRun, quiet } from '../helpers/execution-driven-run.js';
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

  it('that failed may be done again in the same attempt, under the same name', async () => {
    let tries = 0;
    const generate: NodeHandler = async (_, { step }) => {
      const work = () => {
        if (++tries === 1) throw new Error('503');
        return 'paid';
      };
      return step('words', work).catch(() => step('words', work));
    };
    const run = new DrivenRun([node('a')], { handlers: { generate } });
    await expect(run.ended).resolves.toBe('completed');
    expect(run.result('a')).toMatchObject({ attempts: 1, output: 'paid' });
  });

  it('begins nothing more in a run that was cancelled, and what is under way is kept', async () => {
    const aborting = new AbortController();
    const begun: string[] = [];
    const generate: NodeHandler = async (_, { step }) => {
      await step('first', () => {
        begun.push('first');
        aborting.abort();
        return 'paid';
      });
      return step('second', () => begun.push('second'));
    };
    const run = new DrivenRun([node('a')], { handlers: { generate }, signal: aborting.signal });
    await expect(run.ended).resolves.toBe('cancelled');
    expect(begun).toEqual(['first']);
    const next = new DrivenRun([node('a')], { handlers: { generate }, records: run.log.records });
    await expect(next.ended).resolves.toBe('completed');
    expect(begun).toEqual(['first', 'second']);
  });

  it('begins nothing more in an attempt that has timed out', async () => {
    const begun: number[] = [];
    let late: Promise<unknown> | undefined;
    const generate: NodeHandler = async (_, { step, attempt, signal }) => {
      if (attempt === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await quiet();
      if (attempt === 2) await late;
      late = step('words', () => begun.push(attempt)).catch(() => undefined);
      return late;
    };
    const run = new DrivenRun([node('a')], { handlers: { generate }, timeoutMs: 300, retry: { maxAttempts: 2 } });
    await expect(run.ended).resolves.toBe('completed');
    await late;
    expect(begun).toEqual([2]);
  });

  it('returns what a resume would: a frozen copy, as JSON has it', async () => {
    const given = { words: ['a'], none: undefined };
    const seen: unknown[] = [];
    const generate: NodeHandler = async (_, { step }) => {
      const words = await step('words', () => given);
      given.words.push('b');
      seen.push(words);
      return step('nothing', () => undefined);
    };
    const run = new DrivenRun([node('a')], { handlers: { generate } });
    await run.ended;
    expect(seen).toEqual([{ words: ['a'] }]);
    expect(Object.isFrozen((seen[0] as { words: string[] }).words)).toBe(true);
    expect(run.result('a')).toMatchObject({ output: null });
  });
});
