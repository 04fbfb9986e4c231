import { MemoryPersistenceManager, MetaPlanner, type NodeHandler, renderPlan } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { chainOf, composite, node, nodeAfter, planOf } from '../helpers/plan-builders.js';

const formats = ['ascii', 'mermaid', 'svg'] as const;

/** A run of a plan up to where it can do nothing more. */
async function stateOf(plan: ReturnType<typeof planOf>, handler: NodeHandler) {
  const planner = new MetaPlanner({
    persistenceManager: new MemoryPersistenceManager(),
    handlers: { default: handler },
  });
  await planner.executeWithResume(plan.sourceVibe, { plan, planId: plan.id });
  const [newest] = await planner.listCheckpoints();
  return planner.getCheckpoint(newest?.checkpointId ?? '');
}

describe('a picture with a state', () => {
  const plan = planOf(
    node('script'),
    nodeAfter('approval', 'script'),
    nodeAfter('master', 'approval'),
    node('trailer'),
    nodeAfter('poster', 'trailer'),
    composite('extras', [nodeAfter('outtakes', 'script'), nodeAfter('commentary', 'approval')]),
    nodeAfter('music', 'script'),
  );
  const handler: NodeHandler = async ({ id }, ctx) => {
    if (id === 'script') await ctx.spawn([node('scene-1'), node('scene-2')]);
    if (id === 'approval') await ctx.waitFor('rough-cut');
    if (id === 'trailer') throw new Error('no light');
    if (id === 'music') {
      await ctx.step('theme', () => 'a theme');
      await ctx.sleepUntil(Date.now() + 3_600_000);
    }
    return id;
  };

  it('marks how each node stands, and shows what handlers added', async () => {
    const state = await stateOf(plan, handler);
    expect(
      renderPlan(plan, { state }),
    ).toBe(`plan-1, 11 nodes: 4 completed, 1 failed, 1 skipped, 2 waiting, 1 started, 2 pending

o----- [x] script (generate): makes script
|        [x] scene-1 (generate): makes scene-1
|        [x] scene-2 (generate): makes scene-2
>-o--- [?] approval (generate): makes approval
| >--- [ ] master (generate): makes master
| | o- [!] trailer (generate): makes trailer
| | >- [-] poster (generate): makes poster
| |    [~] extras (composite): makes extras
>-|---   [x] outtakes (generate): makes outtakes
| >---   [ ] commentary (generate): makes commentary
>----- [?] music (generate): makes music

[x] completed   [!] failed   [-] skipped   [?] waiting   [~] started   [ ] pending   o leads to each > on its line
`);
  });

  it('says the same in all formats', async () => {
    const state = await stateOf(plan, handler);
    for (const format of formats) {
      const picture = renderPlan(plan, { state, format });
      expect(picture).toBe(renderPlan(state.workflowPlan, { state: structuredClone(state), format }));
      for (const text of ['scene', 'outtakes', 'commentary']) expect(picture).toContain(text);
    }
    expect(renderPlan(plan, { state, format: 'mermaid' })).toMatch(/class n5 failed\n/);
    expect(renderPlan(plan, { state, format: 'svg' })).toContain('>generate, failed<');
  });

  it('shows a wait of a run that is under way', async () => {
    const waiting = planOf(node('ask'), nodeAfter('then', 'ask'));
    const planner = new MetaPlanner({
      persistenceManager: new MemoryPersistenceManager(),
      handlers: { default: ({ id }, ctx) => (id === 'ask' ? ctx.waitFor('answer') : new Promise<void>(() => {})) },
    });
    const seen: string[] = [];
    await planner.executeWithResume(waiting.sourceVibe, {
      plan: waiting,
      planId: waiting.id,
      onProgress: ({ type, planId }) => {
        const state = planner.getExecutionState(planId);
        if (type === 'node_waiting' && state !== undefined) seen.push(renderPlan(state.workflowPlan, { state }));
      },
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain('[?] ask');
  });

  it.each(formats)(
    'refuses, as %s, a state of another plan, and one whose added nodes have no place',
    async (format) => {
      const state = await stateOf(plan, handler);
      const other = { ...plan, id: 'plan-2' };
      expect(() => renderPlan(other, { state, format })).toThrow(/state of plan "plan-1", not of plan "plan-2"/);
      const changed = planOf(node('nothing else'));
      expect(() => renderPlan(changed, { state, format })).toThrow(TypeError);
      expect(() => renderPlan(planOf(...plan.rootNodes, node('scene-1')), { state, format })).toThrow(TypeError);
    },
  );
});

describe('a large plan', () => {
  const shots = (scene: string, count: number) =>
    Array.from({ length: count }, (_, index) => node(`${scene}-${index}`));
  const scenes = (...sizes: number[]) =>
    sizes.map((size, index) => composite(`scene-${index}`, shots(`s${index}`, size)));
  const foldedIn = (...rootNodes: Parameters<typeof planOf>) =>
    [...renderPlan(planOf(...rootNodes)).matchAll(/(\S+) \(\w+\): .*? \[(\d+) folded\]/g)].map(([, id, count]) => [
      id,
      count,
    ]);

  it('is not folded up to 50 nodes', () => {
    expect(foldedIn(...scenes(9, 9, 9, 9, 9))).toEqual([]);
  });

  it('folds what is largest, until no more than 50 are to be seen', () => {
    expect(foldedIn(...scenes(150, 10, 10, 10))).toEqual([['scene-0', '150']]);
  });

  it('folds what is equally large together', () => {
    const sizes = Array.from({ length: 10 }, () => 19);
    expect(foldedIn(...scenes(...sizes))).toEqual(sizes.map((size, index) => [`scene-${index}`, String(size)]));
  });

  it('folds the deepest first, and leaves open a root that is all there is', () => {
    expect(foldedIn(composite('film', scenes(60, 60)))).toEqual([
      ['scene-0', '60'],
      ['scene-1', '60'],
    ]);
    expect(foldedIn(composite('film', shots('shot', 60)))).toEqual([]);
  });

  it('folds as far as it is told', () => {
    const plan = planOf(...scenes(3, 3));
    expect(renderPlan(plan, { foldAbove: 2 }).split('\n').slice(2, 4)).toEqual([
      'scene-0 (composite): makes scene-0 [3 folded]',
      'scene-1 (composite): makes scene-1 [3 folded]',
    ]);
    expect(renderPlan(planOf(...scenes(99, 99)), { foldAbove: Number.POSITIVE_INFINITY })).not.toContain('folded]');
  });

  it('draws what depends on folded nodes once, from where they are folded into', () => {
    const [first, second] = scenes(40, 40) as [ReturnType<typeof composite>, ReturnType<typeof composite>];
    for (const shot of second.children) shot.dependencies = ['s0-1', 's0-2'];
    for (const format of formats) {
      const picture = renderPlan(planOf(first, second, nodeAfter('cut', 's0-0', 's1-0')), { format });
      if (format === 'mermaid') expect(picture.match(/n\d --> n\d/g)).toEqual(['n0 --> n1', 'n0 --> n2', 'n1 --> n2']);
      if (format === 'svg') expect(picture.match(/<path/g)).toHaveLength(3);
      if (format === 'ascii') expect(picture.match(/^\S+/gm)).toEqual(['plan-1,', 'o---', '>-o-', '>->-', 'o']);
    }
  });

  it('is drawn where folding makes a circle of its groups', () => {
    const [first, second] = scenes(40, 40) as [ReturnType<typeof composite>, ReturnType<typeof composite>];
    (second.children[0] as typeof first).dependencies = ['s0-0'];
    (first.children[1] as typeof first).dependencies = ['s1-0'];
    for (const format of formats) expect(renderPlan(planOf(first, second), { format })).toContain('40 folded');
    const open = renderPlan(planOf(first, second), { format: 'svg', foldAbove: 100 });
    expect(open.match(/<path/g)).toHaveLength(2);
  });

  it('says how the folded ones stand', async () => {
    const plan = planOf(...scenes(2, 2));
    const state = await stateOf(plan, ({ id }) => {
      if (id === 's1-1') throw new Error('no');
      return id;
    });
    expect(renderPlan(plan, { state, foldAbove: 2 })).toMatch(/scene-1 .* \[2 folded: 1 completed, 1 failed\]\n/);
  });

  it.each(formats)('of ten thousand nodes is drawn, as %s', (format) => {
    const plan = planOf(...chainOf(5_000), ...shots('x', 4_999), nodeAfter('z', ...chainOf(5_000).map(({ id }) => id)));
    expect(renderPlan(plan, { format }).length).toBeGreaterThan(100_000);
  });
});

describe('renderPlan', () => {
  it('takes a plan as it is written, without defaults', () => {
    const rootNodes = [{ id: 'a', type: 'generate' as const, description: '' }];
    expect(renderPlan({ id: 'mine', sourceVibe: { description: 'x' }, rootNodes })).toBe(
      'mine, 1 node\n\na (generate)\n',
    );
  });

  it('refuses a plan that could not run', () => {
    expect(() => renderPlan(planOf(nodeAfter('a', 'a')))).toThrow(/cycle/);
    expect(() => renderPlan({} as never)).toThrow(/cannot be run/);
  });

  it('refuses what it does not know', () => {
    const plan = planOf(node('a'));
    expect(() => renderPlan(plan, { formt: 'svg' } as never)).toThrow('renderPlan has no option "formt"');
    expect(() => renderPlan(plan, { format: 'png' as never })).toThrow("must be 'ascii', 'mermaid', 'svg'");
    for (const foldAbove of [0, Number.NaN, '9' as never]) {
      expect(() => renderPlan(plan, { foldAbove })).toThrow(/"foldAbove" .* at least 1/);
    }
  });
});
