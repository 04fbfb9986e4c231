import fc from 'fast-check';
import { MetaPlanner } from 'vibe-aigc';
import { withModel } from 'vibe-aigc/models';
import { scriptedModel } from 'vibe-aigc/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { firstJsonBlock } from '../../src/models/json-block.js';
import { readPlan } from '../../src/models/plan-answer.js';

const vibe = { description: 'A poem about tides' };
const node = (id: string, fields: object = {}) => ({
  id,
  type: 'generate',
  description: `Do ${id}`,
  dependencies: [],
  ...fields,
});
const planOf = (...nodes: object[]) => JSON.stringify({ nodes });
const good = planOf(node('poem'));

/** Plans with a model that says the same twice; counts what would have been paid for. */
async function runWith(answer: string) {
  const worked: string[] = [];
  const { decomposer, handlers } = withModel(scriptedModel([answer, answer]));
  const planner = new MetaPlanner({
    decomposer,
    handlers: { ...handlers, generate: ({ id }) => worked.push(id), tools: { paint: () => worked.push('paint') } },
  });
  const outcome = await planner.execute(vibe).catch((error: unknown) => error as { code?: string; message: string });
  return { outcome, worked };
}

const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

describe('an answer that would do harm as it is', () => {
  it.each<[string, string, string]>([
    [
      'nodes in a circle',
      planOf(node('a', { dependencies: ['b'] }), node('b', { dependencies: ['a'] })),
      'a cycle: a -> b -> a',
    ],
    ['a node that waits for itself', planOf(node('a', { dependencies: ['a'] })), 'a cycle'],
    ['a dependency on nothing', planOf(node('a', { dependencies: ['/etc/passwd'] })), 'which no node is called'],
    ['an id twice', planOf(node('a'), node('a')), 'another node has this id too'],
    ['10,000 nodes', planOf(...Array.from({ length: 10_000 }, (_, index) => node(`n${index}`))), '10000 nodes'],
    ['10,000 nodes in a list', JSON.stringify(Array.from({ length: 10_000 }, () => node('n'))), '10000 nodes'],
    ['no nodes', planOf(), 'nodes'],
    ['an id of 100,000 characters', planOf(node('x'.repeat(100_000))), 'expected 1 to 200 characters'],
    ['a type that is none', planOf(node('a', { type: 'eval' })), 'nodes.0.type'],
    ['a tool that nobody has', planOf(node('a', { tool: 'constructor' })), 'no tool is called \\"constructor\\"'],
    ['a tool that every object has', planOf(node('a', { tool: '__proto__' })), 'no tool is called'],
    ['JSON that ends too soon', good.slice(0, -3), 'no complete JSON object'],
    ['a text in quotes', JSON.stringify(good), 'no complete JSON object'],
    ['prose alone', 'I am sorry, I cannot make a plan of that.', 'no complete JSON object'],
    ['nothing', '', 'no complete JSON object'],
    ['JSON that nests 100,000 levels deep', deep, 'no complete JSON object'],
    ['two million brackets', '{'.repeat(2_000_000), 'no complete JSON object'],
    ['brackets and quotes without end', '{"a": ['.repeat(200_000), 'no complete JSON object'],
    ['five million characters', `${'word '.repeat(1_000_000)}${good}`, 'no complete JSON object'],
    ['a list of numbers', '[1, 2, 3]', 'no complete JSON object'],
    ['JSON with a comma too many', good.replace(']}]', ']},]'), 'no complete JSON object'],
    ['JSON that ends within its second node', planOf(node('a'), node('b')).slice(0, -40), 'no complete JSON object'],
  ])('is refused, and nothing is done: %s', async (_, answer, why) => {
    const { outcome, worked } = await runWith(answer);
    expect(outcome).toMatchObject({
      code: 'DECOMPOSITION_FAILED',
      message: expect.stringContaining(JSON.parse(`"${why}"`)),
    });
    expect((outcome as Error).message.length).toBeLessThan(4_500);
    expect(worked).toEqual([]);
  });

  it.each<[string, string, string[]]>([
    ['prose around the JSON', `Here is {the plan} [1] you asked for:\n${good}\nEnjoy! [1]`, ['poem']],
    ['a code fence', `\`\`\`json\n${good}\n\`\`\``, ['poem']],
    ['thinking aloud', `<think>maybe {"nodes": []}</think>\n${good}`, ['poem']],
    ['a list in place of an object', JSON.stringify([node('poem')]), ['poem']],
    ['fields left out or null', '{"nodes":[{"id":"poem","type":"generate","description":"x","tool":null}]}', ['poem']],
    [
      'fields that nobody asked for',
      JSON.stringify({ nodes: [node('poem', { retry: { maxAttempts: 99 }, limits: ['x'] })], id: '../up' }),
      ['poem'],
    ],
    [
      'ids that lead out of a directory',
      planOf(node('../../poem', {}), node('..\\b\u0000', { dependencies: ['../../poem'] })),
      ['poem', 'b'],
    ],
    [
      'ids that every object has',
      planOf(node('__proto__'), node('toString', { dependencies: ['__proto__'] })),
      ['proto', 'tostring'],
    ],
  ])('is made harmless: %s', async (_, answer, ids) => {
    const { outcome, worked } = await runWith(answer);
    expect(outcome).toMatchObject({ status: 'completed', executionSummary: { totalNodes: ids.length } });
    expect(worked).toEqual(ids);
  });

  it('reaches no prototype by its keys', async () => {
    const answer = `{"nodes":[{"id":"a","type":"generate","description":"x","dependencies":[],"tool":"paint",
      "parameters":{"__proto__":{"polluted":true},"size":"small","deep":{"__proto__":{"polluted":true}}}}],
      "__proto__":{"polluted":true}}`;
    const reading = readPlan(answer, [{ name: 'paint' }], 10);
    expect(reading).toMatchObject({
      status: 'plan',
      draft: { rootNodes: [{ parameters: { tool: 'paint', size: 'small' } }] },
    });
    expect(JSON.stringify(reading)).not.toContain('__proto__');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('is refused for each of its faults, and be they more than a call takes arguments', () => {
    const dependencies = Array.from({ length: 200_000 }, (_, index) => `nobody-${index}`);
    const node = { id: 'a', type: 'generate', description: 'x', dependencies, tool: 'paint' };
    const reading = readPlan(JSON.stringify({ nodes: [node] }), [{ name: 'paint' }], 10);
    expect(reading.status === 'refused' && reading.issues).toHaveLength(dependencies.length);
  });

  it('gives no more than plans that can be run, whatever it is', () => {
    const name = fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__', '../x', 'constructor', ''), fc.string());
    const loose = fc.record(
      {
        id: name,
        type: fc.constantFrom('analyze', 'generate', 'transform', 'validate', 'composite'),
        description: fc.oneof(fc.constant('Do it'), fc.string()),
        dependencies: fc.oneof(fc.constant([]), fc.array(name, { maxLength: 2 })),
        tool: fc.oneof(fc.constant(null), fc.constant('paint'), name),
        parameters: fc.oneof(fc.constant({ size: 1 }), fc.dictionary(fc.string(), fc.jsonValue())),
      },
      { requiredKeys: ['id', 'type', 'description'] },
    );
    const answers = fc.oneof(
      fc.array(loose, { maxLength: 6 }).map((nodes) => `Here: ${JSON.stringify({ nodes })}`),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.string(),
    );
    const tools = [{ name: 'paint', parameters: z.object({ size: z.number() }) }];
    let plans = 0;
    fc.assert(
      fc.property(answers, (answer) => {
        const reading = readPlan(answer, tools, 5);
        if (reading.status === 'refused') {
          expect(reading.issues.length).toBeGreaterThan(0);
          return;
        }
        plans++;
        const { rootNodes } = reading.draft;
        const ids = rootNodes.map(({ id }) => id);
        expect(ids.length).toBeLessThanOrEqual(5);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { id, dependencies = [], parameters = {} } of rootNodes) {
          expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,50}$/);
          expect(id in {}).toBe(false);
          expect(ids).toEqual(expect.arrayContaining(dependencies));
          if ('tool' in parameters) expect(parameters).toMatchObject({ tool: 'paint', size: expect.any(Number) });
        }
      }),
      { numRuns: 2_000 },
    );
    expect(plans).toBeGreaterThan(20);
  });
});

describe('the first JSON block', () => {
  it('is found in any prose without brackets, and is the same value', () => {
    const prose = fc.string().map((text) => text.replaceAll(/[{}[\]"<]/g, ''));
    const block = fc.oneof(
      fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        fc.jsonValue(),
      ),
      fc.array(
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          fc.jsonValue(),
        ),
        { minLength: 1 },
      ),
    );
    fc.assert(
      fc.property(prose, block, prose, (before, value, after) => {
        const json = JSON.stringify(value, (key, inside) => (key === '__proto__' ? undefined : inside));
        expect(firstJsonBlock(`${before}${json}${after}`)).toEqual(JSON.parse(json));
      }),
    );
  });

  it('is the first that is JSON, behind brackets of prose', () => {
    expect(firstJsonBlock('a {b} [c] [1, "x"] {"d": "}]"} {"e": 1}')).toEqual({ d: '}]' });
  });
});
