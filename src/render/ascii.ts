import { drawLanes } from './lanes.js';
import type { NodeStatus } from './node-status.js';
import { nodeStatuses } from './node-status.js';
import type { Picture, PictureNode } from './picture.js';
import { cut } from './plain-text.js';

const marks: Record<NodeStatus, string> = {
  completed: '[x]',
  failed: '[!]',
  skipped: '[-]',
  waiting: '[?]',
  started: '[~]',
  pending: '[ ]',
};
/** Columns that the text of a row may take, without its lines. */
const maxColumns = 100;
const maxLanes = 16;
const maxNamed = 5;

/** One row for each node, children indented below their parent, dependencies as lines on the left. */
export function drawAscii({ title, nodes }: Picture): string {
  const { gutters, left } = drawLanes(nodes, maxLanes);
  const rows = nodes.map((node) => {
    const text = '  '.repeat(node.depth) + rowText(node, left.get(node.row));
    const gutter = gutters[node.row] as string;
    return (gutter === '' ? text : `${gutter} ${text}`).trimEnd();
  });
  return `${[cut(title, maxColumns, '...'), '', ...rows, ...legendOf(nodes, gutters)].join('\n')}\n`;
}

function rowText({ id, type, description, status, folded }: PictureNode, unlined: readonly PictureNode[] = []): string {
  const mark = status === undefined ? '' : `${marks[status]} `;
  const about = description === '' || description === id ? '' : `: ${description}`;
  const hidden = folded === undefined ? '' : ` [${folded}]`;
  const named = unlined.slice(0, maxNamed).map((node) => cut(node.id, 30, '...'));
  const more = unlined.length > maxNamed ? `, and ${unlined.length - maxNamed} more` : '';
  const after = unlined.length === 0 ? '' : ` <- ${named.join(', ')}${more}`;
  return cut(`${mark}${id} (${type})${about}`, maxColumns, '...') + hidden + after;
}

function legendOf(nodes: readonly PictureNode[], gutters: readonly string[]): string[] {
  const shown = new Set(nodes.map(({ status }) => status));
  const statuses = nodeStatuses.filter((status) => shown.has(status)).map((status) => `${marks[status]} ${status}`);
  const lines = gutters.some((gutter) => gutter.includes('o')) ? ['o leads to each > on its line'] : [];
  const legend = [...statuses, ...lines];
  return legend.length === 0 ? [] : ['', legend.join('   ')];
}
