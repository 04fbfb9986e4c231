import { describe, expect, it } from 'vitest';
import type { NodeContext, NodeHandler } from '../../src/execution/node-handler.js';
import { DrivenRun, quiet, servedBy } from '../helpers/execution-driven-run.js';
import { composite, node, nodeAfter } from '../helpers/plan-builders.js';

/** The result of a plan of one node that is served by `handler`. */
async function resultOf(handler: NodeHandler) {
  const run = new DrivenRun([node('a')], { handlers: servedBy(handler) });
  await run.ended;
  return run.result('a');
}

describe('what a handler is handed', () => {
  it('is the run it belongs to, and which attempt it is', async () => {
    const run = new DrivenRun([node('a', { parameters: { size: 2 } })]);
    await quiet();
    const { context } = run.attempt('a');
    expect(context).toMatchObject({ attempt: 1, runId: 'run-1', idempotencyKey: 'key of a' });
    expect(context.plan).toBe(run.state.plan);
    expect(context.vibe).toBe(run.state.vibe);
  });

  it('has the outputs of its dependencies, frozen, and nothing else', async () => {
    const run = new DrivenRun([node('a'), nodeAfter('b', 'a'), node('x'), nodeAfter('c', 'b')]);
    await quiet();
    await run.settle('a', { words: ['one'] });
    const { inputs } = run.attempt('b').context;
    expect(inputs).toStrictEqual({ a: { words: ['one'] } });
    const { words } = inputs.a as { words: string[] };
    expect([inputs, inputs.a, words].every(Object.isFrozen)).toBe(true);
    await run.settle('b', 2);
    expect(run.attempt('c').context.inputs).toStrictEqual({ b: 2 });
  });

  it('has the output of a parent with a handler, and of an ancestor it depends on', async () => {
    const run = new DrivenRun([node('a', { children: [node('b', { children: [nodeAfter('c', 'a')] })] })]);
    await quiet();
    await run.settle('a', 1);
    expect(run.attempt('b').context.inputs).toStrictEqual({ a: 1 });
    await run.settle('b', 2);
    expect(run.attempt('c').context.inputs).toStrictEqual({ b: 2, a: 1 });
  });

  it('has the outputs of the children of a composite it depends on, frozen, and nothing of a parent without a handler', async () => {
    const run = new DrivenRun([composite('all', [node('a')]), nodeAfter('b', 'all')]);
    await quiet();
    expect(run.attempt('a').context.inputs).toStrictEqual({});
    await run.settle('a', ['one']);
    const { inputs } = run.attempt('b').context;
    expect(inputs).toStrictEqual({ all: { a: ['one'] } });
    expect([inputs, inputs.all].every(Object.isFrozen)).toBe(true);
  });

  it('sees what was returned at the time, not what became of it', async () => {
    const output = { words: ['one'] };
    const run = new DrivenRun([node('a'), node('x'), nodeAfter('b', 'a', 'x')]);
    await quiet();
    await run.settle('a', output);
    output.words.push('two');
    await run.settle('x');
    expect(run.attempt('b').context.input('a')).toStrictEqual({ words: ['one'] });
    expect(Object.isFrozen(output)).toBe(false);
  });

  it('names what there is when it asks for the output of another node', async () => {
    const run = new DrivenRun([node('a'), node('x'), nodeAfter('b', 'a'), nodeAfter('c', 'a', 'x')]);
    await quiet();
    const ask = (nodeId: string, of: string) => () => run.attempt(of).context.input(nodeId);
    expect(ask('a', 'x')).toThrow('Node "x" does not depend on "a". It has no inputs.');
    await run.settle('a', null);
    await run.settle('x', 1);
    expect(ask('x', 'b')).toThrow('Node "b" does not depend on "x". Its inputs are "a".');
    expect(ask('constructor', 'c')).toThrow('Node "c" does not depend on "constructor". Its inputs are "a", "x".');
    expect(ask('a', 'c')()).toBeNull();
  });

  it('can be taken apart', async () => {
    const output = await resultOf((_, context) => {
      const { input, inputs, signal, idempotencyKey, attempt, runId } = context;
      expect(() => input('b')).toThrow('It has no inputs');
      return [inputs, signal instanceof AbortSignal, idempotencyKey, attempt, runId];
    });
    expect(output).toMatchObject({ output: [{}, true, 'key of a', 1, 'run-1'] });
  });

  it('has one signal, which tells of an abort also when it is asked for later', async () => {
    const controller = new AbortController();
    const run = new DrivenRun([node('a'), node('b')], { signal: controller.signal });
    await quiet();
    const early: NodeContext = run.attempt('a').context;
    const late: NodeContext = run.attempt('b').context;
    expect(early.signal).toBe(early.signal);
    expect(early.signal.aborted).toBe(false);
    controller.abort('stop');
    expect(early.signal).toMatchObject({ aborted: true, reason: 'stop' });
    expect(late.signal).toMatchObject({ aborted: true, reason: 'stop' });
  });
});

describe('what a handler returns or throws', () => {
  it.each([
    [undefined, null],
    [-0, 0],
    [{ a: undefined, b: [undefined] }, { b: [null] }],
    ['text', 'text'],
  ])('is stored as JSON carries it: %j', async (returned, output) => {
    expect(await resultOf(() => returned)).toMatchObject({ status: 'completed', output });
    expect(await resultOf(async () => returned)).toMatchObject({ status: 'completed', output });
  });

  it('makes the node fail when JSON cannot carry it', async () => {
    const result = await resultOf(() => ({ items: [0, 1, 2, { when: new Date(0) }] }));
    expect(result).toMatchObject({ status: 'failed', error: { code: 'OUTPUT_NOT_SERIALIZABLE' } });
    expect(JSON.stringify(result)).toContain('output.items[3].when is refused (a Date is not JSON)');
  });

  it('makes the node fail, not the run, when it cannot even be read', async () => {
    const unreadable = {
      get boom() {
        throw Object.create(null);
      },
    };
    expect(await resultOf(() => unreadable)).toMatchObject({ error: { code: 'OUTPUT_NOT_SERIALIZABLE' } });
  });

  it.each([
    [new TypeError('no'), { name: 'TypeError', message: 'no' }],
    [Object.assign(new Error('no'), { code: 429 }), { name: 'Error', message: 'no', code: '429' }],
    ['text', { name: 'Error', message: 'text' }],
    [undefined, { name: 'Error', message: 'undefined' }],
    [{ reason: 1 }, { name: 'Error', message: 'something without a message was thrown' }],
    [Object.create(null), { name: 'Error', message: 'something without a message was thrown' }],
  ])('makes the node fail with what is worth keeping of an error: %o', async (thrown, error) => {
    const throwing = () => {
      throw thrown;
    };
    const result = await resultOf(throwing);
    expect(result?.status === 'failed' && result.error).toStrictEqual(error);
    expect(await resultOf(async () => throwing())).toMatchObject({ status: 'failed', error });
  });
});
