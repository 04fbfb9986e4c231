import { MetaPlanner } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { PlanInvalidError } from '../../src/errors.js';
import { isSameWork, maxNodeLevels, parsePlan } from '../../src/plan/workflow-plan.js';
import { nestOf, node, nodeAfter, planOf } from '../helpers/plan-builders.js';

function refusal(input: unknown): PlanInvalidError {
  try {
    parsePlan(input);
  } catch (error) {
    if (error instanceof PlanInvalidError) return error;
    throw error;
  }
  throw new Error('accepted');
}

const tooDeep = [{ path: 'rootNodes', message: `children nest deeper than ${maxNodeLevels} levels` }];

describe('parsePlan', () => {
  it('fills in what may be left out of a node', () => {
    const rootNodes = [
      { id: 'a', type: 'generate', description: '', children: [{ id: 'b', type: 'validate', description: '' }] },
    ];
    const plan = parsePlan({ id: 'p', sourceVibe: { description: 'a film' }, rootNodes });
    const filled = { parameters: {}, dependencies: [], description: '' };
    expect(plan.rootNodes).toStrictEqual([
      { ...filled, id: 'a', type: 'generate', children: [{ ...filled, id: 'b', type: 'validate', children: [] }] },
    ]);
  });

  it('takes what it returned', () => {
    const plan = parsePlan(planOf(node('a', { children: [node('b')], estimatedDuration: 2 })));
    expect(parsePlan(plan)).toStrictEqual(plan);
  });

  it('names all problems of shape at once, nested ones too', () => {
    const { code, planId, issues } = refusal({
      id: 'p',
      sourceVibe: { description: '' },
      rootNodes: [
        { id: '', type: 'paint', description: 'a' },
        { id: 'b', type: 'generate', children: [{ id: 'x'.repeat(201), type: 'generate', description: '', extra: 1 }] },
        { id: 'c', type: 'generate', description: '', parameters: { when: new Date(0) }, estimatedDuration: -1 },
      ],
      title: 'unknown',
    });
    expect({ code, planId }).toEqual({ code: 'PLAN_INVALID', planId: 'p' });
    expect(issues.map(({ path }) => path).sort()).toEqual([
      'rootNodes[0].id',
      'rootNodes[0].type',
      'rootNodes[1].children[0].extra',
      'rootNodes[1].children[0].id',
      'rootNodes[1].description',
      'rootNodes[2].estimatedDuration',
      'rootNodes[2].parameters',
      'sourceVibe.description',
      'title',
    ]);
  });

  it('takes ids of 200 characters and refuses longer ones', () => {
    const long = 'ä'.repeat(200);
    expect(parsePlan({ ...planOf(node(long)), id: long }).id).toBe(long);
    expect(refusal({ ...planOf(node(`${long}x`)), id: `${long}x` }).issues).toEqual([
      { path: 'id', message: 'expected 1 to 200 characters' },
      { path: 'rootNodes[0].id', message: 'expected 1 to 200 characters' },
    ]);
  });

  it('refuses unknown keys of plans and nodes, __proto__ included', () => {
    expect(refusal({ ...planOf(node('a')), nodes: [] }).message).toContain('nodes');
    const polluted = JSON.parse('{"id":"a","type":"generate","description":"","__proto__":{"children":[]}}');
    expect(() => parsePlan(planOf(polluted))).toThrow(PlanInvalidError);
  });

  it.each([[undefined], [null], ['plan'], [[]], [{}]])('refuses %j', (input) => {
    expect(refusal(input).planId).toBe('(without an id)');
  });

  it(`takes ${maxNodeLevels} levels of nodes, also when it reads them again`, () => {
    const plan = parsePlan(planOf(nestOf(maxNodeLevels)));
    expect(parsePlan(plan)).toStrictEqual(plan);
  });

  it.each([maxNodeLevels + 2, 100_000])('refuses %i levels of nodes', (levels) => {
    expect(refusal(planOf(nestOf(levels))).issues).toEqual(tooDeep);
  });

  it('draws the line at the same level whether the last node has a list of children or none', () => {
    const isTaken = (levels: number, isListed: boolean) => {
      const { children, ...last } = node('last');
      let top: object = isListed ? { ...last, children } : last;
      for (let level = 1; level < levels; level++) top = { ...node(`level-${level}`), children: [top] };
      try {
        return parsePlan({ ...planOf(), rootNodes: [top] }) !== undefined;
      } catch {
        return false;
      }
    };
    for (let levels = maxNodeLevels - 1; levels <= maxNodeLevels + 2; levels++) {
      expect([levels, isTaken(levels, true)]).toEqual([levels, isTaken(levels, false)]);
    }
  });

  it('refuses a node that is its own child', () => {
    const looped = node('a');
    looped.children.push(looped);
    expect(refusal(planOf(looped)).issues).toEqual(tooDeep);
  });
});

describe('a plan with problems of shape and of the graph', () => {
  it('is refused with all of them in one error', async () => {
    const plan = planOf(node('x'.repeat(201)), node('a', { dependencies: ['nobody'] }));
    await using planner = new MetaPlanner({ handlers: { default: () => 1 } });
    const error = await planner.executePlan(plan).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'PLAN_INVALID' });
    const { message } = error as PlanInvalidError;
    expect(message).toContain('expected 1 to 200 characters');
    expect(message).toContain('"nobody", which no node is called');
  });

  it('is not said to lack a node that is there, below one without a usable id', () => {
    const plan = planOf(nodeAfter('a', 'below'));
    const { issues } = refusal({
      ...plan,
      rootNodes: [...plan.rootNodes, { ...node('x'), id: 7, children: [node('below')] }],
    });
    expect(issues.map(({ path }) => path)).toEqual(['rootNodes[1].id']);
  });

  it('names cycles and duplicate ids beside a field that does not fit', () => {
    const nodes = [nodeAfter('a', 'b'), nodeAfter('b', 'a'), node('c', { estimatedDuration: -1 }), node('c')];
    expect(refusal(planOf(...nodes)).issues.map(({ path }) => path)).toEqual([
      'rootNodes[2].estimatedDuration',
      'c',
      'a',
    ]);
  });
});

describe('the work that a plan asks for', () => {
  const plan = planOf(node('a', { parameters: { x: 1, y: 2 }, children: [node('b')] }));

  it('is the same whatever the ids of plans, dates, estimates and the order of keys', () => {
    const nested = node('b', { estimatedDuration: 3, unknownFields: { note: 1 } });
    const other = planOf(node('a', { parameters: { y: 2, x: 1 }, children: [nested], estimatedDuration: 9 }));
    expect(isSameWork({ ...other, id: 'other', createdAt: 'then', estimatedTotalDuration: 1 }, plan)).toBe(true);
  });

  it.each([
    planOf(node('a', { parameters: { x: 1, y: 3 }, children: [node('b')] })),
    planOf(node('a', { parameters: { x: 1, y: 2 }, children: [node('b', { dependencies: ['a'] })] })),
    planOf(node('a', { parameters: { x: 1, y: 2 } }), node('b')),
    planOf(node('a', { parameters: { x: 1, y: [2] }, children: [node('b')] })),
    planOf(node('a', { parameters: { x: 1 }, children: [node('b')] })),
    planOf(node('a', { parameters: { x: 1, y: null }, children: [node('b')] })),
  ])('differs when nodes do', (other) => {
    expect(isSameWork(other, plan)).toBe(false);
    expect(isSameWork(plan, other)).toBe(false);
  });
});
