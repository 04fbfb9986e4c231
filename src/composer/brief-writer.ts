import type { NodeContext } from '../execution/node-handler.js';
import { isPlainObject } from '../plan/json-value.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import type { Check } from './check.js';
import { domains } from './domains/domains.js';
import { inline, table } from './markdown.js';
import { marker } from './marker.js';
import { amountsText, isPart, type Part, type PlannedPart, sumOf, textOf } from './part.js';
import { type Analysis, wishOf } from './wish.js';

export interface Outline {
  /** A line of Markdown for each part. */
  readonly parts: readonly string[];
  /** The numbers of the plan, and where they come from. */
  readonly sizes: readonly string[];
}

export function writeAnalysis(_node: WorkflowNode, { vibe }: NodeContext): Analysis {
  const { domain, because, kind, core, motifs } = wishOf(vibe);
  return { domain, because, kind, core, motifs };
}

export function writeOutline(node: WorkflowNode, _context: NodeContext): Outline {
  const { sizes, parts } = node.parameters as unknown as { sizes: string[]; parts: PlannedPart[] };
  const lines = parts.map(({ title, purpose, budget }) => {
    const amounts = amountsText(budget);
    return `**${inline(title)}**${amounts && ` (${amounts})`}: ${inline(purpose)}`;
  });
  return { parts: lines, sizes };
}

export function writePart(node: WorkflowNode, { vibe, inputs }: NodeContext): Part {
  const part = node.parameters as unknown as PlannedPart;
  const wish = wishOf(vibe, inputs.analysis);
  const { lines, amounts = {} } = domains[wish.domain].write(part, wish);
  return { composer: marker, title: part.title, text: lines.join('\n'), keep: wish.keep, amounts };
}

export function writeBrief(_node: WorkflowNode, { vibe, plan, inputs }: NodeContext): string {
  const wish = wishOf(vibe, inputs.analysis);
  const { heading } = domains[wish.domain];
  const parts = Object.entries(inputs).filter(([nodeId]) => nodeId.startsWith('section-'));
  const titles = new Map(plan.rootNodes.map(({ id, parameters }) => [id, String(parameters.title ?? id)]));
  const others = Object.entries(inputs).flatMap(([nodeId, output]) =>
    isOurs(output) ? [] : [titles.get(nodeId) ?? nodeId],
  );
  const totals = amountsText(sumOf(parts.flatMap(([, output]) => (isPart(output) ? [output.amounts] : []))));
  return [
    `# ${heading}: ${inline(wish.core, 100)}`,
    '',
    others.length === 0
      ? noModel
      : `> By other handlers: ${inline(others.join(', '), 500)}. The rest is by the offline composer, without a model.`,
    '',
    `**Wanted:** ${inline(vibe.description, 1_000)}  `,
    `**Style:** ${vibe.style === undefined ? 'not given' : inline(vibe.style)}  `,
    `**Medium:** ${wish.domain === 'generic' ? 'open' : wish.domain}, since ${inline(wish.because)}  `,
    `**In focus:** ${wish.motifs.map((motif) => inline(motif)).join(', ')}`,
    '',
    '## Outline',
    '',
    ...outlineLines(inputs.outline),
    ...(totals === '' || others.length > 0 ? [] : ['', `Planned in all: ${totals}.`]),
    '',
    ...parts.flatMap(([nodeId, output]) => [...partLines(titles.get(nodeId) ?? nodeId, output), '']),
    '## Constraints',
    '',
    ...checkLines(inputs.check),
    '',
  ].join('\n');
}

const noModel =
  '> Written by the offline composer: no model was used. To use one, pass a `decomposer` and `handlers` to `MetaPlanner`.';

function isOurs(output: unknown): boolean {
  return isPart(output) || isOutline(output) || isChecks(output) || (isPlainObject(output) && 'because' in output);
}

// Each of these may have been written by a handler that the host put in place of ours.

function outlineLines(outline: unknown): string[] {
  if (!isOutline(outline)) return [textOf(outline)];
  const { parts, sizes } = outline;
  const numbered = parts.map((part, index) => `${index + 1}. ${part}`);
  return sizes.length === 0 ? numbered : [...numbered, '', ...sizes.map((size) => `- ${inline(size, 500)}`)];
}

function isOutline(outline: unknown): outline is Outline {
  return isPlainObject(outline) && Array.isArray(outline.parts) && Array.isArray(outline.sizes);
}

function partLines(title: string, output: unknown): string[] {
  if (!isPart(output)) {
    const text = textOf(output);
    return text.startsWith('#') ? [text] : [`## ${inline(title)}`, '', text];
  }
  const keep = output.keep.length === 0 ? [] : ['', `_Keep to: ${output.keep.map((line) => inline(line)).join('; ')}_`];
  return [`## ${inline(output.title)}`, '', output.text, ...keep];
}

function checkLines(checks: unknown): string[] {
  if (!isChecks(checks)) return [textOf(checks)];
  if (checks.length === 0) return ['None were given.'];
  const rows = checks.map(({ constraint, verdict, found }) => [inline(constraint), verdict, inline(found, 400)]);
  const head = ['constraint', 'in this brief', 'found'];
  return [...table(head, rows), '', 'What is checked is this brief, not the work made from it.'];
}

function isChecks(checks: unknown): checks is Check[] {
  return Array.isArray(checks) && checks.every((check) => isPlainObject(check) && typeof check.verdict === 'string');
}
