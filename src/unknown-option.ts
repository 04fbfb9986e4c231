/**
 * What to say of an option that nobody knows: its name, the nearest of those that there are, and all of them.
 * @param inside where in the options it stands, for those that have parts
 */
export function unknownOption(
  of: string,
  option: string,
  known: readonly string[],
  inside: readonly PropertyKey[] = [],
): TypeError {
  const nameOf = (one: string) => [...inside, one].map(String).join('.');
  const problem = `${of} has no option "${nameOf(option)}".`;
  const [nearest] = known.toSorted((a, b) => distance(a, option) - distance(b, option));
  if (nearest === undefined) return new TypeError(problem);
  const isNear = distance(nearest, option) <= Math.max(2, option.length / 3);
  const hint = isNear ? ` Did you mean "${nameOf(nearest)}"?` : '';
  return new TypeError(`${problem}${hint} Known: ${known.join(', ')}.`);
}

/** Edits from one word to the other (Levenshtein). */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] as number) + 1, (current[column - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}
