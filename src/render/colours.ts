import type { NodeStatus } from './node-status.js';

export interface Colours {
  readonly fill: string;
  readonly stroke: string;
  readonly text: string;
}

const text = '#1f2933';

/** Of nodes without a status, and of those that are pending. */
export const plainColours: Colours = { fill: '#ffffff', stroke: '#8a94a6', text };

/** Light enough for dark text. A picture says the status in words too. */
export const colours: Record<NodeStatus, Colours> = {
  completed: { fill: '#e3f4e7', stroke: '#2e7d32', text },
  failed: { fill: '#fde7e5', stroke: '#c62828', text },
  skipped: { fill: '#eceff1', stroke: '#78838f', text },
  waiting: { fill: '#fff1d6', stroke: '#b26a00', text },
  started: { fill: '#e3eefc', stroke: '#1a5fb4', text },
  pending: plainColours,
};
