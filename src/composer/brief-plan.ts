import type { PlanDraftInput } from '../decompose/plan-draft.js';
import type { Vibe } from '../plan/vibe.js';
import type { WorkflowNode } from '../plan/workflow-node.js';

/** One part of a brief. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** What the part has to answer. */
  readonly purpose: string;
}

const marker = 'vibe-aigc-composer';

const genericSections: readonly Section[] = [
  { id: 'idea', title: 'Core idea', purpose: 'what it is about, in one breath' },
  { id: 'audience', title: 'Audience and effect', purpose: 'whom it is for and what should stay with them' },
  { id: 'style', title: 'Style', purpose: 'how it looks, sounds or reads' },
  { id: 'content', title: 'Content', purpose: 'what must be in it, in order' },
  { id: 'production', title: 'Production', purpose: 'how to get it made, and in which steps' },
];

/** A plan for a brief: analysis, outline, one node a section, a check of the constraints, and the brief itself. */
export function draftBriefPlan(vibe: Vibe): PlanDraftInput {
  const sections = sectionsFor(vibe);
  const sectionIds = sections.map(({ id }) => `section-${id}`);
  return {
    rootNodes: [
      nodeOf('analysis', 'analyze', 'Read the vibe: subject, style, constraints', 'analysis', []),
      nodeOf('outline', 'generate', 'Lay out the parts of the brief', 'outline', ['analysis'], { sections }),
      ...sections.map((section) =>
        nodeOf(
          `section-${section.id}`,
          'generate',
          `Write the part "${section.title}"`,
          'section',
          ['analysis', 'outline'],
          { section },
        ),
      ),
      nodeOf('check', 'validate', 'Check every constraint', 'check', sectionIds),
      nodeOf('brief', 'transform', 'Put the brief together', 'brief', ['analysis', 'outline', ...sectionIds, 'check']),
    ],
  };
}

/** Whether a node was planned here, in this process or in an earlier one. */
export function isComposed({ parameters }: WorkflowNode): boolean {
  return parameters.composer === marker;
}

function sectionsFor(_vibe: Vibe): readonly Section[] {
  return genericSections;
}

function nodeOf(
  id: string,
  type: WorkflowNode['type'],
  description: string,
  part: string,
  dependencies: readonly string[],
  more: Record<string, unknown> = {},
) {
  return { id, type, description, parameters: { composer: marker, part, ...more }, dependencies: [...dependencies] };
}
