import type { NodeContext } from '../execution/node-handler.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import { amountOf, pluralOf } from './numbers.js';
import { type Amounts, isPart, sumOf, textOf } from './part.js';
import type { Constraint, Rule } from './rules.js';
import { mentions } from './terms.js';
import { wishOf } from './wish.js';

export interface Check {
  readonly constraint: string;
  readonly verdict: 'kept' | 'broken' | 'not checked';
  /** What was measured, or why nothing could be. */
  readonly found: string;
}

/** What the parts amount to, and where words stand in them; the lines that repeat the constraints do not count. */
interface Draft {
  readonly amounts: Amounts;
  /** Nouns of which a part by another handler may have any number, with its title. */
  readonly unknown: ReadonlyMap<string, string>;
  readonly texts: readonly { readonly title: string; readonly text: string }[];
}

/** Checks what the brief plans. Whether the finished work keeps a constraint is not for a brief to claim. */
export function writeCheck(_node: WorkflowNode, context: NodeContext): Check[] {
  const draft = draftOf(context);
  const { constraints } = wishOf(context.vibe);
  return constraints.filter((constraint) => isOf(constraint, draft)).map((constraint) => checkOf(constraint, draft));
}

function draftOf({ inputs, plan }: NodeContext): Draft {
  const unknown = new Map<string, string>();
  const texts = Object.entries(inputs).map(([nodeId, output]) => {
    const { title, budget = {} } = plan.rootNodes.find(({ id }) => id === nodeId)?.parameters ?? {};
    if (isPart(output)) return { title: output.title, text: `${output.title}\n${output.text.replaceAll('\\', '')}` };
    for (const noun of Object.keys(budget as Amounts)) unknown.set(noun, String(title));
    return { title: String(title ?? nodeId), text: textOf(output) };
  });
  return {
    amounts: sumOf(
      Object.values(inputs)
        .filter(isPart)
        .map(({ amounts }) => amounts),
    ),
    unknown,
    texts,
  };
}

/** A number in the description counts only where the brief plans such a thing. */
function isOf({ isImplied, rules: [rule] }: Constraint, { amounts, unknown }: Draft): boolean {
  return !isImplied || (rule?.kind === 'limit' && (unknown.has(rule.noun) || amounts[rule.noun] !== undefined));
}

function checkOf({ text, isImplied, rules }: Constraint, draft: Draft): Check {
  const results = rules.map((rule) => resultOf(rule, draft));
  const verdict = (['broken', 'not checked'] as const).find((worst) => results.some(([found]) => found === worst));
  return {
    constraint: isImplied ? `${text} (in the description)` : text,
    verdict: verdict ?? 'kept',
    found: results.map(([, found]) => found).join('; '),
  };
}

function resultOf(rule: Rule, { amounts, unknown, texts }: Draft): [Check['verdict'], string] {
  if (rule.kind === 'open') return ['not checked', `whether “${rule.text}” holds takes a reader`];
  if (rule.kind === 'limit') {
    const { noun, min, max } = rule;
    const author = unknown.get(noun);
    if (author !== undefined)
      return ['not checked', `“${author}” is by another handler: ${pluralOf(noun)} in it are not counted`];
    const amount = Object.hasOwn(amounts, noun) ? amounts[noun] : undefined;
    if (amount === undefined) return ['not checked', `this brief plans no ${pluralOf(noun)}`];
    return [min <= amount && amount <= max ? 'kept' : 'broken', `planned: ${amountOf(amount, noun)}`];
  }
  const { kind, term, condition } = rule;
  const places = texts.filter(({ text }) => mentions(text, term)).map(({ title }) => title);
  if (places.length === 0) return [kind === 'forbid' ? 'kept' : 'broken', `“${term}” is in no part`];
  const found = `“${term}” is in ${placesText(places)}`;
  if (condition !== undefined) return ['not checked', `${found}; whether “${condition}” holds takes a reader`];
  return [kind === 'require' ? 'kept' : 'broken', found];
}

function placesText(titles: readonly string[]): string {
  const shown = titles.slice(0, 3).map((title) => `“${title}”`);
  return titles.length > 3 ? `${shown.join(', ')} and ${titles.length - 3} more` : shown.join(', ');
}
