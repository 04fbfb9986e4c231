import { type DecomposeContext, MemoryPersistenceManager, MetaPlanner, type WorkflowPlanInput } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const size = z.object({ size: z.enum(['small', 'large']), count: z.number().int().min(1).default(1) });

function plannerWith(
  paid: unknown[],
  parameters: z.ZodType = size,
  persistenceManager = new MemoryPersistenceManager(),
) {
  return new MetaPlanner({
    persistenceManager,
    handlers: {
      tools: {
        paint: {
          description: 'Paints a picture',
          parameters,
          run: (node) => {
            paid.push(node.parameters);
            return node.id;
          },
        },
      },
      default: (node) => node.id,
    },
  });
}

function planOf(...parameters: Array<Record<string, unknown>>): WorkflowPlanInput {
  return {
    id: 'pictures',
    sourceVibe: { description: 'Two pictures' },
    rootNodes: parameters.map((given, index) => ({
      id: `picture-${index + 1}`,
      type: 'generate',
      description: 'Paint it',
      parameters: { tool: 'paint', ...given },
    })),
  };
}

describe('the parameters of a tool', () => {
  it('are checked before anything runs, in a plan made by hand, every problem at once', async () => {
    const paid: unknown[] = [];
    const plan = planOf({ size: 'small' }, { size: 'huge' }, { size: 'large', count: 0 });
    await expect(plannerWith(paid).executePlan(plan)).rejects.toMatchObject({
      code: 'PLAN_INVALID',
      issues: [
        { path: 'picture-2', message: expect.stringContaining('parameters.size: ') },
        { path: 'picture-3', message: expect.stringContaining('parameters.count: ') },
      ],
    });
    expect(paid).toEqual([]);
  });

  it('are checked in the plan of a decomposer, also by plan()', async () => {
    const planner = new MetaPlanner({
      decomposer: () => ({ rootNodes: planOf({ size: 'huge' }).rootNodes }),
      handlers: { tools: { paint: { parameters: size, run: () => null } } },
    });
    const refused = { code: 'PLAN_INVALID', message: expect.stringContaining('picture-1: parameters.size') };
    await expect(planner.plan({ description: 'A picture' })).rejects.toMatchObject(refused);
    await expect(planner.execute({ description: 'A picture' })).rejects.toMatchObject(refused);
  });

  it('are checked in nodes that a handler adds', async () => {
    const paid: unknown[] = [];
    const planner = new MetaPlanner({
      handlers: {
        generate: async (node, { spawn }) => {
          await spawn(planOf({ size: 'huge' }).rootNodes);
          return node.id;
        },
        tools: { paint: { parameters: size, run: () => paid.push('painted') } },
      },
    });
    const result = await planner.executePlan({
      ...planOf(),
      rootNodes: [{ id: 'series', type: 'generate', description: 'Paint a series' }],
    });
    expect(result.failures).toMatchObject([{ nodeId: 'series', error: { code: 'PLAN_INVALID' } }]);
    expect(paid).toEqual([]);
  });

  it('reach the handler with defaults filled in, and the name of the tool', async () => {
    const paid: unknown[] = [];
    await plannerWith(paid).executePlan(planOf({ size: 'small' }));
    expect(paid).toEqual([{ tool: 'paint', size: 'small', count: 1 }]);
  });

  it('may leave out nothing that a strict schema knows, and the name of the tool is no part of them', async () => {
    const paid: unknown[] = [];
    await plannerWith(paid, z.strictObject({ size: z.string() })).executePlan(planOf({ size: 'any' }));
    expect(paid).toEqual([{ tool: 'paint', size: 'any' }]);
  });

  it('of a stored plan fail their node, and do not call its handler, when the schema has changed since', async () => {
    const store = new MemoryPersistenceManager();
    const vibe = { description: 'Two pictures' };
    const stops = z.object({ size: z.string() });
    const plan = planOf({ size: 'small' }, { size: 'huge' });
    const first = new MetaPlanner({
      persistenceManager: store,
      handlers: {
        tools: { paint: { parameters: stops, run: (node) => (node.id === 'picture-2' ? fail() : node.id) } },
      },
    });
    expect((await first.executeWithResume(vibe, { plan })).status).toBe('failed');
    const paid: unknown[] = [];
    const result = await plannerWith(paid, size, store).executeWithResume(vibe);
    expect(paid).toEqual([]);
    expect(result.outputs).toEqual({ 'picture-1': 'picture-1' });
    expect(result.failures).toMatchObject([
      { nodeId: 'picture-2', error: { name: 'FatalError', message: expect.stringContaining('parameters.size') } },
    ]);
  });

  it('are told to the decomposer, with the names and descriptions of the tools and the bound of the plan', async () => {
    const seen: DecomposeContext[] = [];
    const planner = new MetaPlanner({
      maxNodes: 7,
      decomposer: (_vibe, context) => {
        seen.push(context);
        return { rootNodes: planOf({ size: 'small' }).rootNodes };
      },
      handlers: {
        tools: { paint: { description: 'Paints a picture', parameters: size, run: () => null }, sing: () => null },
      },
    });
    await planner.plan({ description: 'A picture' });
    expect(seen[0]).toMatchObject({
      tools: [{ name: 'paint', description: 'Paints a picture', parameters: size }, { name: 'sing' }],
      maxNodes: 7,
    });
  });

  it.each([
    ['no schema', { parameters: { size: 'string' } }],
    ['no text', { description: 7 }],
  ])('are refused as an option when there is %s', (_, wrong) => {
    const handlers = { tools: { paint: { run: () => null, ...wrong } } };
    expect(() => new MetaPlanner({ handlers: handlers as never })).toThrow(TypeError);
  });
});

function fail(): never {
  throw new Error('no paint');
}
