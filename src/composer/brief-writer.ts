import type { NodeContext } from '../execution/node-handler.js';
import { isPlainObject } from '../plan/json-value.js';
import type { Vibe } from '../plan/vibe.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import type { Section } from './brief-plan.js';

interface Analysis {
  readonly subject: string;
  readonly keywords: readonly string[];
  readonly styleWords: readonly string[];
}

interface Check {
  readonly constraint: string;
  readonly carriedInto: readonly string[];
}

const commonWords = new Set(
  'a an and about above after all also am are as at be been but by can create do does for from get give has have how i in into is it its just like make me more my no not of on one or our out over please short so some something that the their them then there these they this those to under up us very want was we what when where which who will with write you your'.split(
    ' ',
  ),
);

export function writeAnalysis(_node: WorkflowNode, { vibe }: NodeContext): Analysis {
  return analyze(vibe);
}

function analyze(vibe: Vibe): Analysis {
  return {
    subject: sentence(vibe.description),
    keywords: wordsOf(vibe.description).slice(0, 8),
    styleWords: (vibe.style ?? '')
      .split(/[,;/]+/)
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  };
}

export function writeOutline(node: WorkflowNode, _context: NodeContext): string[] {
  return (node.parameters.sections as Section[]).map(({ title, purpose }) => `${title}: ${purpose}`);
}

export function writeSection(node: WorkflowNode, { vibe, input }: NodeContext): string {
  const section = node.parameters.section as Section;
  const analysis = analysisOf(input('analysis'), vibe);
  return [`## ${section.title}`, '', ...bodyOf(section, vibe, analysis), ...reminders(vibe)].join('\n');
}

/** A constraint is carried into every part; whether the finished work keeps it is not for a brief to claim. */
export function writeCheck(_node: WorkflowNode, { vibe, inputs }: NodeContext): Check[] {
  return vibe.constraints.map((constraint) => ({
    constraint,
    carriedInto: Object.entries(inputs)
      .filter(([, text]) => typeof text === 'string' && text.includes(constraint))
      .map(([nodeId]) => nodeId),
  }));
}

export function writeBrief(_node: WorkflowNode, { vibe, inputs, input }: NodeContext): string {
  const { keywords, subject } = analysisOf(input('analysis'), vibe);
  const sections = Object.entries(inputs).filter(([nodeId]) => nodeId.startsWith('section-'));
  return [
    `# Creative brief: ${subject}`,
    '',
    '> Written by the offline composer: no model was used. Pass a `decomposer` and `handlers` to use one.',
    '',
    `**Wanted:** ${vibe.description}  `,
    `**Style:** ${vibe.style ?? 'not given'}  `,
    `**Domain:** ${vibe.domain ?? 'not given'}  `,
    `**Keywords:** ${keywords.join(', ') || 'none'}`,
    '',
    '## Outline',
    '',
    ...linesOf(input('outline')),
    '',
    ...sections.flatMap(([, text]) => [textOf(text), '']),
    '## Constraints',
    '',
    ...checkLines(input('check')),
    '',
  ].join('\n');
}

/** Any part may have been written by a handler that the host put in place of ours: then it is text, or anything. */
function analysisOf(written: unknown, vibe: Vibe): Analysis {
  const isOurs = isPlainObject(written) && Array.isArray(written.keywords) && Array.isArray(written.styleWords);
  return isOurs ? (written as unknown as Analysis) : analyze(vibe);
}

function linesOf(outline: unknown): string[] {
  return Array.isArray(outline) ? outline.map((line, index) => `${index + 1}. ${textOf(line)}`) : [textOf(outline)];
}

function checkLines(checks: unknown): string[] {
  const isOurs = Array.isArray(checks) && checks.every((check) => isPlainObject(check) && 'carriedInto' in check);
  return isOurs ? constraintTable(checks as Check[]) : [textOf(checks)];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

function bodyOf({ id }: Section, vibe: Vibe, { subject, keywords, styleWords }: Analysis): string[] {
  const focus = keywords.slice(0, 3).join(', ') || subject;
  const manner = styleWords.length === 0 ? 'a style still to be chosen' : styleWords.join(', ');
  switch (id) {
    case 'idea':
      return [`${subject} Everything in it serves ${focus}; what does not is left out.`];
    case 'audience':
      return [
        `For people who care about ${focus}. After it they should remember one thing: ${keywords[0] ?? subject}.`,
        vibe.domain === undefined ? 'The field is open.' : `They come to it expecting ${vibe.domain}.`,
      ];
    case 'style':
      return [
        `Keep to ${manner} from first to last.`,
        ...styleWords.map((word) => `- ${word}: in every part, not once`),
      ];
    case 'content':
      return [
        ...keywords.slice(0, 5).map((word, index) => `${index + 1}. ${word}`),
        '',
        `In this order, each in ${manner}.`,
      ];
    default:
      return [
        '1. Draft each part on its own.',
        '2. Compare the drafts with the style.',
        '3. Check the constraints below, then finish.',
      ];
  }
}

function reminders({ constraints }: Vibe): string[] {
  return constraints.length === 0 ? [] : ['', `_Keep to: ${constraints.join('; ')}._`];
}

function constraintTable(checks: readonly Check[]): string[] {
  if (checks.length === 0) return ['None were given.'];
  const rows = checks.map(({ constraint, carriedInto }) => {
    const where = carriedInto.length === 0 ? 'nowhere' : `${carriedInto.length} parts`;
    return `| ${constraint.replaceAll('|', '\\|')} | ${where} | when the work is made |`;
  });
  return ['| constraint | carried into | to be checked |', '| --- | --- | --- |', ...rows];
}

function wordsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+(?:['-][\p{L}\p{N}]+)*/gu) ?? [];
  return [...new Set(words)].filter((word) => word.length > 2 && !commonWords.has(word));
}

function sentence(text: string): string {
  const trimmed = text.trim().replace(/\s+/g, ' ');
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
