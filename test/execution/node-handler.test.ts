import { describe, expect, it } from 'vitest';
import { type HandlerEntry, type Handlers, handlerLookup } from '../../src/execution/node-handler.js';
import { DrivenRun } from '../helpers/execution-driven-run.js';
import { composite, node } from '../helpers/plan-builders.js';

const all: Handlers = {
  generate: () => 'by type',
  default: () => 'by default',
  tools: { paint: () => 'by tool' },
};

function nameOf(handlers: Handlers, fields: Parameters<typeof node>[1]) {
  return handlerLookup(handlers)(node('a', fields))?.identity.name;
}

describe('handlerLookup', () => {
  it('asks for the tool first, then for the type, then for the default', () => {
    expect(nameOf(all, { parameters: { tool: 'paint' } })).toBe('tools.paint');
    expect(nameOf(all, { type: 'validate', parameters: { tool: 'paint' } })).toBe('tools.paint');
    expect(nameOf(all, { parameters: { tool: 'unknown' } })).toBe('generate');
    expect(nameOf(all, { parameters: { tool: ['paint'] } })).toBe('generate');
    expect(nameOf(all, {})).toBe('generate');
    expect(nameOf(all, { type: 'analyze' })).toBe('default');
    expect(nameOf(all, { type: 'composite' })).toBe('default');
  });

  it('finds none where none serves', () => {
    expect(nameOf({}, {})).toBeUndefined();
    expect(nameOf({ analyze: () => 1 }, {})).toBeUndefined();
    expect(nameOf({ tools: { paint: () => 1 } }, { parameters: { tool: 'constructor' } })).toBeUndefined();
    expect(nameOf({ tools: { paint: () => 1 } }, { parameters: { tool: '__proto__' } })).toBeUndefined();
  });

  it('knows a tool under any name', () => {
    const tools = JSON.parse('{"__proto__":0,"generate":0}', (key, value) => (key === '' ? value : () => key));
    expect(nameOf({ tools }, { parameters: { tool: '__proto__' } })).toBe('tools.__proto__');
    expect(nameOf({ tools }, { parameters: { tool: 'generate' } })).toBe('tools.generate');
  });
});

describe('a result', () => {
  async function resultOf(handlers: Handlers, fields: Parameters<typeof node>[1] = {}) {
    const run = new DrivenRun([node('a', fields)], { handlers });
    await run.ended;
    return run.result('a');
  }

  it('names the handler that made it', async () => {
    expect((await resultOf(all))?.handler).toStrictEqual({ name: 'generate' });
    const painted = await resultOf(all, { parameters: { tool: 'paint' } });
    expect(painted).toMatchObject({ output: 'by tool', handler: { name: 'tools.paint' } });
    expect((await resultOf(all, { type: 'analyze' }))?.handler).toStrictEqual({ name: 'default' });
  });

  it('names the version of the handler, also when it failed', async () => {
    const fails: HandlerEntry = { run: () => Promise.reject(new Error('no')), version: '2' };
    expect(await resultOf({ generate: { run: () => 1, version: '1' } })).toMatchObject({
      output: 1,
      handler: { name: 'generate', version: '1' },
    });
    expect(await resultOf({ default: fails })).toMatchObject({
      status: 'failed',
      handler: { name: 'default', version: '2' },
    });
    expect((await resultOf({ default: { run: () => 1 } }))?.handler).toStrictEqual({ name: 'default' });
  });

  it('comes from a method that finds its own object', async () => {
    class Painter {
      readonly version = '3';
      private readonly colour = 'red';
      run() {
        return this.colour;
      }
    }
    expect(await resultOf({ generate: new Painter() })).toMatchObject({ output: 'red', handler: { version: '3' } });
  });

  it('names no handler where none ran', async () => {
    const run = new DrivenRun([composite('all', [])], { handlers: {} });
    await run.ended;
    expect(run.result('all')).not.toHaveProperty('handler');
  });
});
