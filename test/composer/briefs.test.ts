import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { assertCompleted, composer, MemoryPersistenceManager, MetaPlanner, type VibeInput } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { composeBrief, names } from '../../examples/write-briefs.js';
import { type Check, writeCheck } from '../../src/composer/check.js';
import { isPart, sumOf } from '../../src/composer/part.js';

async function compose(vibe: VibeInput) {
  const result = await new MetaPlanner().execute(vibe);
  assertCompleted(result);
  const parts = Object.values(result.outputs).filter(isPart);
  const checks = result.outputs.check as Check[];
  return {
    result,
    parts,
    totals: sumOf(parts.map(({ amounts }) => amounts)),
    checks,
    brief: String(result.outputs.brief),
  };
}

const verdicts = async (vibe: VibeInput) =>
  Object.fromEntries((await compose(vibe)).checks.map(({ constraint, verdict }) => [constraint, verdict]));

describe('the medium', () => {
  const cases: Array<[VibeInput, string]> = [
    [{ description: 'A short film about tides' }, 'Film brief'],
    [{ description: 'Tides', domain: 'video' }, 'Film brief'],
    [{ description: 'A film poster of a lighthouse' }, 'Image set'],
    [{ description: 'Six illustrations of a market' }, 'Image set'],
    [{ description: 'A song about leaving home' }, 'Music brief'],
    [{ description: 'An essay on tides' }, 'Article brief'],
    [{ description: 'A film about a song', domain: 'article' }, 'Article brief'],
    [{ description: 'Something for my mother' }, 'Creative brief'],
  ];
  for (const [vibe, heading] of cases) {
    it(`of ${JSON.stringify(vibe)} is that of a ${heading.toLowerCase()}, and the brief says why`, async () => {
      const { brief } = await compose(vibe);
      expect(brief).toMatch(new RegExp(`^# ${heading}: `));
      expect(brief).toMatch(/\*\*Medium:\*\* .+, since /);
      expect(brief).toContain('no model was used');
      expect(brief).toContain('pass a `decomposer` and `handlers`');
    });
  }
});

describe('the numbers of a plan', () => {
  const numRuns = 40;

  it('add up to the time limit of a film, shot by shot, whatever the limits', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 5, max: 900 }),
      fc.integer({ min: 1, max: 30 }),
      async (seconds, shots) => {
        fc.pre(seconds > shots);
        const constraints = [`at most ${seconds} seconds`, `no more than ${shots} shots`];
        const { totals, checks, brief } = await compose({ description: 'A film about tides', constraints });
        expect(totals.second).toBe(seconds);
        expect(totals.shot).toBeLessThanOrEqual(shots);
        expect(checks.map(({ verdict }) => verdict)).toEqual(['kept', 'kept']);
        const lengths = [...brief.matchAll(/\| (\d+) s \|/g)].map(([, length]) => Number(length));
        expect(lengths).toHaveLength(totals.shot as number);
        expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(seconds);
      },
    );
    await fc.assert(property, { numRuns });
  });

  it('add up to the words of an article', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 50, max: 5_000 }),
      fc.integer({ min: 1, max: 12 }),
      async (words, sections) => {
        const constraints = [`under ${words} words`, `exactly ${sections} sections`];
        const { totals, checks } = await compose({ description: 'An article about tides', constraints });
        expect(totals).toMatchObject({ word: words - 1, section: sections });
        expect(checks.map(({ verdict }) => verdict)).toEqual(['kept', 'kept']);
      },
    );
    await fc.assert(property, { numRuns });
  });

  it('give each picture of a set a node and a prompt of its own', async () => {
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (count) => {
      const vibe = { description: 'Illustrations of a market', constraints: [`exactly ${count} images`] };
      const { result, totals, parts } = await compose(vibe);
      expect(totals.picture).toBe(count);
      expect(Object.keys(result.outputs).filter((id) => id.startsWith('section-picture-'))).toHaveLength(count);
      const prompts = parts.map(({ text }) => text).filter((text) => text.startsWith('> '));
      expect(prompts).toHaveLength(count);
      expect(new Set(prompts).size).toBe(count);
    });
    await fc.assert(property, { numRuns });
  });

  it('add up to the length of a piece of music, section by section', async () => {
    const property = fc.asyncProperty(fc.integer({ min: 30, max: 900 }), async (seconds) => {
      const { totals, checks } = await compose({
        description: 'A song about rain',
        constraints: [`at most ${seconds} seconds`],
      });
      expect(totals.second).toBe(seconds);
      expect(checks[0]?.verdict).toBe('kept');
    });
    await fc.assert(property, { numRuns });
  });

  it('come from the description where no constraint gives them', async () => {
    expect((await compose({ description: 'A two-minute film about tides' })).totals.second).toBe(120);
    expect((await compose({ description: 'A set of six illustrations of a market' })).totals.picture).toBe(6);
  });
});

describe('a constraint', () => {
  const film = 'A film about a lighthouse keeper and a letter';
  const cases: Array<[string, string, Check['verdict']]> = [
    [film, 'under 2 minutes', 'kept'],
    [film, 'between 60 and 90 seconds', 'kept'],
    [film, 'no longer than 1.5 minutes', 'kept'],
    [film, 'at least 200 shots, under 10 seconds', 'broken'],
    [film, 'no more than 5 shots', 'kept'],
    [film, 'at most a dozen shots', 'kept'],
    [film, 'no dialogue', 'kept'],
    [film, 'without music', 'kept'],
    [film, 'must mention the letter', 'kept'],
    [film, 'must mention the storm', 'kept'],
    [film, 'never mention the letter', 'broken'], // the description itself does
    [film, 'feels like coming home', 'not checked'],
    [film, 'black and white', 'not checked'],
    [film, 'under 300 words', 'not checked'],
    ['An article about tides', 'under 500 words', 'kept'],
    ['An article about tides', '300 words or fewer', 'kept'],
    ['An article about tides', 'three sections', 'kept'],
    ['An article about tides', 'include salt, rope and fog', 'kept'],
    ['Illustrations of a market', 'eight images', 'kept'],
    ['A song about rain', 'two verses', 'kept'],
  ];
  for (const [description, constraint, verdict] of cases) {
    it(`"${constraint}" for "${description}" is ${verdict}`, async () => {
      expect(await verdicts({ description, constraints: [constraint] })).toEqual({ [constraint]: verdict });
    });
  }

  it('is carried into every part together with the style, without breaking what it forbids', async () => {
    const constraints = ['no dialogue', 'never mention fog'];
    const { parts, checks } = await compose({ description: film, style: 'noir', constraints });
    expect(parts.length).toBeGreaterThan(4);
    for (const { keep } of parts) expect(keep).toEqual(['noir', ...constraints]);
    expect(checks.map(({ verdict }) => verdict)).toEqual(['kept', 'kept']);
  });

  it('is found broken when a part by another handler breaks it, and not checked where nothing is counted', async () => {
    const generate = (node: { id: string }) => (node.id === 'outline' ? 'an outline' : 'They talk: a long dialogue.');
    const planner = new MetaPlanner({ decomposer: composer.decomposer, handlers: { ...composer.handlers, generate } });
    const result = await planner.execute({ description: film, constraints: ['no dialogue', 'under 2 minutes'] });
    assertCompleted(result);
    expect(result.outputs.check).toMatchObject([{ verdict: 'broken' }, { verdict: 'not checked' }]);
    expect(result.outputs.brief).toContain('They talk: a long dialogue.');
    expect(writeCheck).toBeTypeOf('function');
  });
});

describe('a brief', () => {
  const vibes: VibeInput[] = [
    { description: 'A film about tides', style: 'noir', constraints: ['under 1 minute'] },
    { description: 'Something for my mother' },
  ];

  it('is the same each time', async () => {
    for (const vibe of vibes) expect((await compose(vibe)).brief).toBe((await compose(vibe)).brief);
  });

  it('is the same after a crash at any node, which costs nothing that was done', async () => {
    for (const vibe of vibes) {
      const { brief, result } = await compose(vibe);
      for (let nodes = 1; nodes < result.executionSummary.totalNodes; nodes++) {
        const store = new MemoryPersistenceManager();
        const controller = new AbortController();
        const options = { persistenceManager: store, checkpointInterval: 1, concurrency: 1 };
        const first = await new MetaPlanner(options).executeWithResume(vibe, {
          signal: controller.signal,
          onProgress: ({ type, progress }) => {
            if (type === 'node_completed' && progress.completed === nodes) controller.abort();
          },
        });
        expect(first.status).toBe('cancelled');
        const resumed = await new MetaPlanner(options).executeWithResume(vibe);
        expect(resumed.executionSummary.reused).toBeGreaterThanOrEqual(nodes);
        expect(resumed.outputs.brief).toBe(brief);
      }
    }
  });

  it('is whole Markdown whatever the vibe says', async () => {
    const hostile = [
      '| a | b |\n# no\n```',
      '<script>alert(1)</script>',
      '* * *',
      '  \u200b x',
      'é中🌊'.repeat(400),
      '10) of',
      '[a](b)_c_`d`',
    ];
    for (const text of hostile) {
      const { brief } = await compose({
        description: text,
        style: text,
        constraints: [text, `must mention ${text}`.slice(0, 250)],
      });
      const headings = brief.split('\n').filter((line) => line.startsWith('# '));
      expect(headings).toHaveLength(1);
      expect(brief.match(/```/g) ?? []).toEqual([]);
      expect(brief).not.toContain('<script>');
      for (const row of brief.split('\n').filter((line) => line.startsWith('| ')))
        expect(row.endsWith(' |')).toBe(true);
    }
  });

  it('has small parts only', async () => {
    const { result } = await compose({
      description: `A film about ${'tides and '.repeat(3_000)}rain`,
      constraints: ['at most 240 shots'],
    });
    for (const [nodeId, output] of Object.entries(result.outputs)) {
      if (nodeId !== 'brief') expect(JSON.stringify(output).length).toBeLessThan(40_000);
    }
  });

  for (const name of names) {
    it(`of examples/vibes/${name}.json is kept current (npx tsx examples/write-briefs.ts writes it anew)`, async () => {
      const kept = await readFile(new URL(`../../examples/output/${name}.md`, import.meta.url), 'utf8');
      expect(await composeBrief(name)).toBe(kept);
    });
  }
});
