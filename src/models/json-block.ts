/** Characters of an answer that are looked through. */
const maxCharacters = 4 * 1024 * 1024;
const maxLevels = 64;
/** Brackets in prose that turn out to begin no JSON. */
const maxTries = 20;

/**
 * The first JSON object in a text, or list of objects: the whole of it, or what stands in prose, in a code fence, or behind
 * a model's thinking aloud. `undefined` when there is none, or when what begins like one is cut off or no JSON: a part of
 * it is never taken for the whole. Keys called `__proto__` are left out.
 *
 * Brackets of prose are passed over, so many of them that no text makes it slow.
 */
export function firstJsonBlock(text: string): unknown {
  const bounded = withoutThinking(text.slice(0, maxCharacters));
  let from = 0;
  for (let tries = 0; tries < maxTries; tries++) {
    const start = indexOfBracket(bounded, from);
    if (start === -1) return undefined;
    const end = endOfBlock(bounded, start);
    const found = end === undefined ? undefined : parse(bounded.slice(start, end));
    if (isObjects(found)) return found;
    if (found === undefined && beginsLikeJson.test(bounded.slice(start, start + 100))) return undefined;
    from = found === undefined ? start + 1 : (end as number);
  }
  return undefined;
}

const beginsLikeJson = /^(\{\s*"|\[\s*\{)/;

function isObjects(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every((item) => typeof item === 'object' && item !== null);
  return typeof value === 'object' && value !== null;
}

function withoutThinking(text: string): string {
  const end = /^\s*<think(?:ing)?>/.test(text) ? /<\/think(?:ing)?>/.exec(text) : null;
  return end === null ? text : text.slice(end.index + end[0].length);
}

function indexOfBracket(text: string, from: number): number {
  const places = [text.indexOf('{', from), text.indexOf('[', from)].filter((place) => place !== -1);
  return places.length === 0 ? -1 : Math.min(...places);
}

/** Behind the bracket that closes the one at `start`; `undefined` when none does, or what is between nests too deep. */
function endOfBlock(text: string, start: number): number | undefined {
  let level = 0;
  let isInText = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (isInText) {
      if (character === '\\') at++;
      else if (character === '"') isInText = false;
    } else if (character === '"') {
      isInText = true;
    } else if (character === '{' || character === '[') {
      if (++level > maxLevels) return undefined;
    } else if (character === '}' || character === ']') {
      if (--level === 0) return at + 1;
    }
  }
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value));
  } catch {
    return undefined; // brackets of prose
  }
}
