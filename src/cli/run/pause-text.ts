import type { Pause } from 'vibe-aigc';
import { shortTime } from '../checkpoints/words.js';
import { oneLine, printable } from '../terminal/printable.js';

/** Why a run can do nothing more for now, in a few words. */
export function pauseText(pause: Pause): string {
  switch (pause.reason) {
    case 'rate_limit':
      return `the limit ${quoted(pause.limit)} allows nothing more before ${shortTime(pause.resumeAt)}`;
    case 'retry':
      return `${printable(pause.nodeId)} is tried again at ${shortTime(pause.resumeAt)}`;
    case 'sleep':
      return `${printable(pause.nodeId)} sleeps until ${shortTime(pause.resumeAt)}`;
    case 'signal':
      return `${printable(pause.nodeId)} waits for ${quoted(pause.name)}`;
    case 'budget': {
      const { cap, spent, limit, currency, needed } = pause;
      if (currency === '') return printable(cap); // a cost that nobody knows
      const wants = needed === undefined ? '' : `, and ${printable(pause.nodeId)} needs ${needed}`;
      return `${spent} of ${limit} ${printable(currency)} is spent${wants}`;
    }
    case 'ambiguous_job': {
      const { nodeId, name, message } = pause;
      const why = message === undefined ? '' : ` (${oneLine(message)})`;
      return `nobody knows whether job ${quoted(name)} of ${printable(nodeId)} was submitted${why}`;
    }
    case 'drain':
      return 'it was stopped';
    default:
      return pause satisfies never;
  }
}

function quoted(text: string): string {
  return JSON.stringify(printable(text));
}
