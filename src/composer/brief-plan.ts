import type { PlanDraftInput } from '../decompose/plan-draft.js';
import type { Vibe } from '../plan/vibe.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import { domains } from './domains/domains.js';
import { clip } from './markdown.js';
import { marker } from './marker.js';
import { amountsText } from './part.js';
import { wishOf } from './wish.js';

/** A plan for a brief: analysis, outline, one node a part, a check of the constraints, and the brief itself. */
export function draftBriefPlan(vibe: Vibe): PlanDraftInput {
  const wish = wishOf(vibe);
  const { heading, plan } = domains[wish.domain];
  const { parts, sizes } = plan(wish);
  const partIds = parts.map(({ id }) => `section-${id}`);
  const keep = wish.keep.length === 0 ? '' : ` Keep to: ${wish.keep.join('; ')}.`;
  const context = ` Wanted: ${clip(vibe.description, 300)}${keep}`;
  return {
    rootNodes: [
      nodeOf('analysis', 'analyze', 'Read the vibe: medium, subject, motifs', [], {}),
      nodeOf('outline', 'generate', `Lay out the parts of the ${heading.toLowerCase()}.${context}`, ['analysis'], {
        sizes,
        parts: parts.map(({ title, purpose, budget }) => ({ title, purpose, budget })),
      }),
      ...parts.map((part) => {
        const amount = amountsText(part.budget);
        const what = `Write “${part.title}” of the ${heading.toLowerCase()}${amount && ` (${amount})`}: ${part.purpose}.`;
        return nodeOf(`section-${part.id}`, 'generate', what + context, ['analysis', 'outline'], { ...part });
      }),
      nodeOf('check', 'validate', `Check every constraint.${keep}`, partIds, {}),
      nodeOf('brief', 'transform', 'Put the brief together', ['analysis', 'outline', ...partIds, 'check'], {}),
    ],
  };
}

function nodeOf(
  id: string,
  type: WorkflowNode['type'],
  description: string,
  dependencies: string[],
  parameters: object,
) {
  return { id, type, description, parameters: { ...parameters, composer: marker }, dependencies };
}
