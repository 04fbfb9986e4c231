import type { ExecutionEvent, Progress } from 'vibe-aigc';
import { shortDuration } from '../checkpoints/words.js';
import { oneLine, printable } from '../terminal/printable.js';
import { cut, pad, widthOf } from '../terminal/width.js';
import { errorText, percent } from './event-line.js';

/** A node that something is under way for. Times are milliseconds since 1970. */
interface ActiveNode {
  readonly startedAt: number;
  readonly attempt: number;
  /** Told by its handler. */
  readonly report?: string;
  /** The name of the signal that it waits for. */
  readonly waitsFor?: string;
  readonly retry?: { readonly at: number; readonly error: string };
}

const widestName = 32;

/** What a terminal shows of a run: how far it is, and a line for each node that something is under way for. */
export class RunView {
  private readonly active = new Map<string, ActiveNode>();
  private progress: Progress = { completed: 0, total: 0, percent: 0 };
  private failed = 0;

  constructor(private readonly startedAt: number) {}

  apply(event: ExecutionEvent, now: number): void {
    this.progress = event.progress;
    switch (event.type) {
      case 'node_started':
        this.active.set(event.nodeId, { startedAt: now, attempt: event.attempt });
        return;
      case 'node_progress':
        this.change(event.nodeId, {
          report: [percent(event.fraction), ...(event.message ? [oneLine(event.message)] : [])].join('  '),
        });
        return;
      case 'node_waiting':
        this.change(event.nodeId, { waitsFor: event.name });
        return;
      case 'node_retry':
        this.change(event.nodeId, { retry: { at: now + event.delayMs, error: errorText(event.error) } });
        return;
      case 'node_failed':
        this.failed++;
        this.active.delete(event.nodeId);
        return;
      case 'node_completed':
      case 'node_skipped':
        this.active.delete(event.nodeId);
        return;
      default:
    }
  }

  /** @param spend what was spent so far, in words */
  lines(now: number, { columns, rows, spend }: { columns: number; rows: number; spend: string }): string[] {
    const { completed, total } = this.progress;
    const head = [
      total === 0 ? 'planning' : `${completed}/${total} nodes`,
      shortDuration(now - this.startedAt),
      ...(this.failed > 0 ? [`${this.failed} failed`] : []),
      ...(spend === '' ? [] : [spend]),
    ].join('  ');
    const room = Math.max(1, rows - 2);
    const shown = [...this.active].slice(0, this.active.size > room ? room - 1 : room);
    const width = Math.min(widestName, Math.max(0, ...shown.map(([id]) => widthOf(printable(id)))));
    const rest = this.active.size - shown.length;
    return [
      head,
      ...shown.map(([id, node]) => `  ${pad(cut(printable(id), width), width)}  ${stateOf(node, now)}`),
      ...(rest > 0 ? [`  and ${rest} more`] : []),
    ].map((line) => cut(line, columns));
  }

  private change(nodeId: string, change: Partial<ActiveNode>): void {
    const node = this.active.get(nodeId);
    if (node !== undefined) this.active.set(nodeId, { ...node, ...change });
  }
}

function stateOf({ startedAt, attempt, report, waitsFor, retry }: ActiveNode, now: number): string {
  if (retry !== undefined) {
    return `attempt ${attempt + 1} in ${shortDuration(Math.max(0, retry.at - now))}: ${retry.error}`;
  }
  if (waitsFor !== undefined) return `waits for ${JSON.stringify(printable(waitsFor))}`;
  return [
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    shortDuration(now - startedAt),
    ...(report === undefined ? [] : [report]),
  ].join('  ');
}
