import { colours, plainColours } from './colours.js';
import { type Box, type Layout, type Line, layOut } from './layout.js';
import type { Picture, PictureNode } from './picture.js';
import { cut, plainText, wrap } from './plain-text.js';

/** Pixels. Columns are those of a text, as many as surely fit. */
const box = { width: 240, padding: 12, top: 8 };
const lineHeight = 17;
const margin = 24;
const headingHeight = 28;

interface TextLine {
  readonly text: string;
  readonly size: number;
  readonly isBold?: boolean;
}

/** An image on white ground. No styles, scripts, ids or links, so that it can stand within any page. */
export function drawSvg(picture: Picture): string {
  const layout = layOut(picture, (node) => ({
    width: box.width,
    height: 2 * box.top + lineHeight * linesOf(node).length,
  }));
  const title = cut(picture.title, 200);
  const width = Math.ceil(Math.max(layout.width, 320) + 2 * margin);
  const height = Math.ceil(layout.height + 2 * margin + headingHeight);
  const frames = [...layout.boxes.values()];
  const isGroup = ({ node }: Box) => node.children.length > 0;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${margin}" y="${margin + 8}" font-size="14" fill="${plainColours.text}">${escaped(title)}</text>`,
    `<g transform="translate(${margin} ${margin + headingHeight})">`,
    ...frames.filter(isGroup).sort(byDepth).map(drawBox),
    `<g fill="none" stroke="#66717f" stroke-width="1.5">`,
    ...layout.lines.map((line) => drawLine(line, layout)),
    '</g>',
    ...frames.filter((frame) => !isGroup(frame)).map(drawBox),
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

function byDepth(a: Box, b: Box): number {
  return a.node.depth - b.node.depth || a.node.row - b.node.row;
}

function linesOf({ id, description, type, status, folded }: PictureNode): TextLine[] {
  const about = description === id ? [] : wrap(description, 34, 2);
  const kind = status === undefined ? type : `${type}, ${status}`;
  const hidden = wrap(folded ?? '', 36, 2);
  return [
    { text: cut(id, 27), size: 13, isBold: true },
    ...about.map((text) => ({ text, size: 12 })),
    ...[kind, ...hidden].map((text) => ({ text, size: 11 })),
  ];
}

/** An image of its own, so that what does not fit is cut off at its border. */
function drawBox({ node, x, y, width, height }: Box): string {
  const { fill, stroke, text } = node.status === undefined ? plainColours : colours[node.status];
  const isGroup = node.children.length > 0;
  const dashes = node.status === 'skipped' ? ' stroke-dasharray="5 3"' : '';
  const lines = linesOf(node).map(({ text: line, size, isBold }, index) => {
    const weight = isBold ? ' font-weight="600"' : '';
    const baseline = box.top + 13 + index * lineHeight;
    return `<text x="${box.padding}" y="${baseline}" font-size="${size}"${weight} fill="${text}">${escaped(line)}</text>`;
  });
  const about = plainText(`${node.id}: ${node.description}`);
  return [
    `<svg x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}">`,
    `<title>${escaped(about)}</title>`,
    `<rect x="1" y="1" width="${round(width - 2)}" height="${round(height - 2)}" rx="7" fill="${fill}"${isGroup ? ' fill-opacity="0.45"' : ''} stroke="${stroke}" stroke-width="1.5"${dashes}/>`,
    ...lines,
    '</svg>',
  ].join('');
}

function drawLine({ from, to, through }: Line, { boxes }: Layout): string {
  const [start, end] = [boxes.get(from) as Box, boxes.get(to) as Box];
  let [x, y] = [start.x + start.width, start.y + start.height / 2];
  let path = `M${round(x)} ${round(y)}`;
  const curveTo = (toX: number, toY: number) => {
    const reach = Math.max(20, Math.abs(toX - x) / 2);
    path += `C${round(x + reach)} ${round(y)} ${round(toX - reach)} ${round(toY)} ${round(toX)} ${round(toY)}`;
    [x, y] = [toX, toY];
  };
  for (const passage of through) {
    curveTo(passage.x, passage.y);
    path += `H${round(passage.right)}`;
    x = passage.right;
  }
  curveTo(end.x - 1, end.y + end.height / 2);
  return `<path d="${path}m-7 -4l7 4l-7 4"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
