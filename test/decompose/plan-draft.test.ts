import { describe, expect, it } from 'vitest';
import { planOfDraft } from '../../src/decompose/plan-draft.js';
import { DecompositionError, PlanInvalidError } from '../../src/errors.js';
import { parseVibe } from '../../src/plan/vibe.js';
import { parsePlan } from '../../src/plan/workflow-plan.js';
import { nestOf, node, planOf } from '../helpers/plan-builders.js';

const vibe = parseVibe({ description: 'a film' });
const createdAt = '2026-01-01T00:00:00.000Z';
const rootNodes = [{ id: 'a', type: 'generate' as const, description: 'makes a' }];

function planFrom(draft: unknown) {
  return planOfDraft(draft, 'plan-1', vibe, createdAt);
}

function refusal(draft: unknown): DecompositionError & { cause: PlanInvalidError } {
  try {
    planFrom(draft);
  } catch (error) {
    if (error instanceof DecompositionError && error.cause instanceof PlanInvalidError) return error as never;
    throw error;
  }
  throw new Error('accepted');
}

describe('planOfDraft', () => {
  it('makes a draft the plan of this vibe, under our id', () => {
    expect(planFrom({ rootNodes, estimatedTotalDuration: 60 })).toStrictEqual({
      id: 'plan-1',
      sourceVibe: vibe,
      rootNodes: [node('a')],
      estimatedTotalDuration: 60,
      createdAt,
    });
    expect(planFrom({ rootNodes })).not.toHaveProperty('estimatedTotalDuration');
  });

  it('never uses the id, the vibe and the date of a draft', () => {
    const foreign = { id: '../../etc', sourceVibe: { description: 'another' }, createdAt: 'yesterday' };
    expect(planFrom({ rootNodes, ...foreign })).toEqual(planFrom({ rootNodes }));
    expect(planFrom({ rootNodes, id: 7, sourceVibe: null, createdAt: {} })).toEqual(planFrom({ rootNodes }));
  });

  it('takes a whole plan', () => {
    expect(planFrom(parsePlan(planOf(node('a'))))).toEqual(planFrom({ rootNodes }));
  });

  it('refuses unknown keys of drafts and nodes, and names them', () => {
    const error = refusal({ rootNodes: [{ ...rootNodes[0], prompt: 'x' }], title: 'x' });
    expect(error).toMatchObject({ code: 'DECOMPOSITION_FAILED', planId: 'plan-1' });
    expect(error.cause).toMatchObject({ code: 'PLAN_INVALID', planId: 'plan-1' });
    expect(error.cause.issues.map(({ path }) => path).sort()).toEqual(['rootNodes[0].prompt', 'title']);
    expect(error.message).toMatch(/prompt/);
    expect(error.message).toMatch(/title/);
  });

  it('refuses with every problem at once', () => {
    const draft = {
      rootNodes: [
        { id: '', type: 'paint' },
        { ...rootNodes[0], dependencies: 'b' },
      ],
    };
    expect(
      refusal(draft)
        .cause.issues.map(({ path }) => path)
        .sort(),
    ).toEqual(['rootNodes[0].description', 'rootNodes[0].id', 'rootNodes[0].type', 'rootNodes[1].dependencies']);
  });

  it.each([[undefined], [null], ['{"rootNodes":[]}'], [[]], [{}], [{ rootNodes: {} }], [{ rootNodes: [null] }]])(
    'refuses %j',
    (draft) => {
      expect(refusal(draft).cause.issues.length).toBeGreaterThan(0);
    },
  );

  it('refuses children that nest too deep, however deep', () => {
    for (const levels of [202, 100_000]) {
      expect(refusal({ rootNodes: [nestOf(levels)] }).cause.issues).toMatchObject([{ path: 'rootNodes' }]);
    }
  });

  it('keeps parameters as they are, __proto__ included', () => {
    const parameters = JSON.parse('{"__proto__":{"polluted":true},"size":2}');
    const plan = planFrom({ rootNodes: [{ ...rootNodes[0], parameters }] });
    expect(JSON.stringify(plan.rootNodes[0]?.parameters)).toBe('{"__proto__":{"polluted":true},"size":2}');
  });
});
