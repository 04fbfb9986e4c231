import { colours } from './colours.js';
import { nodeStatuses } from './node-status.js';
import type { Picture, PictureNode } from './picture.js';
import { cut } from './plain-text.js';

const maxColumns = 60;

/** A flowchart of Mermaid. Ids are ours and texts are quoted, so that none of them can mean anything to it. */
export function drawMermaid({ nodes }: Picture): string {
  const lines = ['flowchart LR'];
  for (const node of nodes) if (node.parent === undefined) addNode(lines, node, '  ');
  for (const node of nodes) for (const { row } of node.dependencies) lines.push(`  n${row} --> n${node.row}`);
  for (const status of nodeStatuses) {
    const having = nodes.filter((node) => node.status === status).map(({ row }) => `n${row}`);
    if (having.length === 0) continue;
    const { fill, stroke, text } = colours[status];
    lines.push(`  classDef ${status} fill:${fill},stroke:${stroke},color:${text}`);
    lines.push(`  class ${having.join(',')} ${status}`);
  }
  return `${lines.join('\n')}\n`;
}

function addNode(lines: string[], node: PictureNode, indent: string): void {
  const label = `n${node.row}["${labelOf(node)}"]`;
  if (node.children.length === 0) {
    lines.push(indent + label);
    return;
  }
  lines.push(`${indent}subgraph ${label}`);
  for (const child of node.children) addNode(lines, child, `${indent}  `);
  lines.push(`${indent}end`);
}

function labelOf({ id, description, type, status, folded }: PictureNode): string {
  const about = description === '' || description === id ? [] : [description];
  const kind = status === undefined ? type : `${type}, ${status}`;
  const hidden = folded === undefined ? [] : [folded];
  return [id, ...about, kind, ...hidden].map((line) => quoted(cut(line, maxColumns))).join('<br/>');
}

/** Where Mermaid looks for formulas, icons, new lines and codes of its own, also after it has read the numbers. */
const meaningful = /\$(?=\$)|:(?=fa-)|\\(?=n)|ﬂ(?=°)|¶(?=ß)/g;

/**
 * Each ASCII character that is no letter, digit, space or comma as its number: Mermaid, Markdown and HTML see text. A word
 * joiner, which nobody sees, parts what would mean something all the same.
 */
function quoted(text: string): string {
  return text
    .replace(meaningful, '$&\u2060')
    .replace(/[!-+\--/:-@[-`{-~]/g, (character) => `#${character.charCodeAt(0)};`);
}
