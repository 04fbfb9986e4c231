import type { JournalLine } from './journal-lines.js';

/** Lines that follow each other without a gap, each naming the sum of the one before. */
type Chain = [JournalLine, ...JournalLine[]];

/**
 * Of all intact lines that lie in a file, in whatever order and number, those that can have stood in one journal, by
 * number. Where two chains contradict each other, one of them is from elsewhere: the longer one counts.
 */
export function consistentLines(lines: readonly JournalLine[]): JournalLine[] {
  const kept: Chain[] = [];
  for (const chain of chainsOf(lines).sort((a, b) => b.length - a.length)) {
    if (kept.every((other) => isApart(chain, other))) kept.push(chain);
  }
  return kept.flat().sort((a, b) => a.number - b.number);
}

function chainsOf(lines: readonly JournalLine[]): Chain[] {
  const bySum = new Map(lines.map((line) => [line.sum, line])); // one that lies there twice counts once
  const chains: Chain[] = [];
  const endingIn = new Map<string, Chain>();
  for (const line of [...bySum.values()].sort((a, b) => a.number - b.number)) {
    const before = bySum.get(line.prev);
    const chain = before?.number === line.number - 1 ? endingIn.get(line.prev) : undefined;
    if (chain === undefined) {
      const begun: Chain = [line];
      chains.push(begun);
      endingIn.set(line.sum, begun);
    } else {
      chain.push(line);
      endingIn.delete(line.prev);
      endingIn.set(line.sum, chain);
    }
  }
  return chains;
}

/** With at least one line missing between them: side by side they would be one chain. */
function isApart(a: Chain, b: Chain): boolean {
  const [first, second] = a[0].number < b[0].number ? [a, b] : [b, a];
  return (first.at(-1) as JournalLine).number + 1 < second[0].number;
}
