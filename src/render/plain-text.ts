/** What a reader would obey instead of showing: control characters, changes of direction, halves of characters. */
const unprintable = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/gu;
/** No picture shows more of a text. */
const maxLength = 2_000;

/** Two columns wide: Hangul, CJK and what goes with it, full-width forms, and the planes beyond. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const ascii = /^[\x20-\x7e]*$/;

/** Text from anywhere on one line: white space is one space, and what would be obeyed is written out, as `\u001b`. */
export function plainText(text: string): string {
  return text
    .slice(0, maxLength)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The text, or as much of its beginning as fits into so many columns with the dots after it. */
export function cut(text: string, columns: number, dots = '…'): string {
  return splitAfter(text, columns)[1] === '' ? text : `${splitAfter(text, columns - dots.length)[0].trimEnd()}${dots}`;
}

/** The text on so many lines at most, broken between words where it has any; the last one is cut. */
export function wrap(text: string, columns: number, maxLines: number): string[] {
  const [head, rest] = splitAfter(text, columns);
  if (rest === '') return text === '' ? [] : [text];
  if (maxLines === 1) return [cut(text, columns)];
  const space = rest.startsWith(' ') ? head.length : head.lastIndexOf(' ');
  const at = space > 0 ? space : head.length;
  return [text.slice(0, at), ...wrap(text.slice(at).trimStart(), columns, maxLines - 1)];
}

/** As much of the beginning as fits into so many columns, and the rest. */
function splitAfter(text: string, columns: number): [string, string] {
  if (ascii.test(text)) return [text.slice(0, columns), text.slice(columns)];
  let at = 0;
  let width = 0;
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
    width += wide.test(segment) ? 2 : 1;
    if (width > columns) break;
    at += segment.length;
  }
  return [text.slice(0, at), text.slice(at)];
}
