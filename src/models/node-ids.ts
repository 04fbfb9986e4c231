import type { PlanDraftInput } from '../decompose/plan-draft.js';

/**
 * The same draft under ids that we made of those of the model: lower-case letters, digits and `-`, at most 40 of them,
 * each once, and never the name of something that every object has. Dependencies follow.
 */
export function ourIds({ rootNodes, ...rest }: PlanDraftInput): PlanDraftInput {
  const given = new Map<string, string>();
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  for (const { id } of rootNodes) {
    const base = slugOf(id);
    let own = base;
    for (let count = counts.get(base) ?? 2; taken.has(own); count++) {
      own = `${base}-${count}`;
      counts.set(base, count + 1);
    }
    taken.add(own);
    given.set(id, own);
  }
  const idOf = (id: string) => given.get(id) as string;
  return {
    ...rest,
    rootNodes: rootNodes.map((node) => ({
      ...node,
      id: idOf(node.id),
      dependencies: node.dependencies?.map(idOf),
    })),
  };
}

function slugOf(id: string): string {
  const plain = id.normalize('NFKD').toLowerCase();
  const slug = plain
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  if (slug === '') return 'node';
  return slug in {} || slug === 'prototype' ? `node-${slug}` : slug;
}
