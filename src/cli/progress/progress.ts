import type { ExecutionEvent, ExecutionState } from 'vibe-aigc';
import { canRedraw, LiveBlock } from '../terminal/live-block.js';
import { say } from '../terminal/output.js';
import { eventLine } from './event-line.js';
import { RunView } from './run-view.js';
import { spendText } from './spend-text.js';

/** Shows a run while it is under way, on stderr. */
export interface RunProgress {
  tell(event: ExecutionEvent): void;
  /** A line that stays. */
  say(line: string): void;
  /** Whole lines from elsewhere, such as what a handler prints. */
  write(text: string): void;
  /** Leaves nothing behind that moves. */
  end(): void;
}

type Ask = (planId: string) => ExecutionState | undefined;

/** @param stateOf asked for what was spent */
export function progressOf(stateOf: Ask, { isQuiet }: { readonly isQuiet: boolean }): RunProgress {
  if (!isQuiet && canRedraw(process.stderr)) return new LiveProgress(stateOf);
  const tell = isQuiet ? () => {} : (event: ExecutionEvent) => say(eventLine(event));
  return { tell, say, write: (text) => process.stderr.write(text), end: () => {} };
}

const redrawMs = 100;
/** Asking costs a copy of the state. */
const askMs = 1_000;

class LiveProgress implements RunProgress {
  private readonly block = new LiveBlock(process.stderr);
  private readonly view = new RunView(Date.now());
  private readonly timer = setInterval(() => this.draw(), redrawMs);
  private isOver = false;
  private planId = '';
  private spend = { text: '', askedAt: Date.now() };

  constructor(private readonly stateOf: Ask) {}

  tell(event: ExecutionEvent): void {
    this.planId = event.planId;
    this.view.apply(event, Date.now());
    if (stays(event)) this.say(eventLine(event));
  }

  say(line: string): void {
    this.write(`${line}\n`);
    this.draw();
  }

  write(text: string): void {
    this.block.write(text);
  }

  end(): void {
    this.isOver = true;
    clearInterval(this.timer);
    this.block.clear();
  }

  private draw(): void {
    if (this.isOver) return;
    const now = Date.now();
    if (now - this.spend.askedAt >= askMs) {
      this.spend = { text: spendText(this.stateOf(this.planId)?.spend ?? []), askedAt: now };
    }
    const { columns, rows } = process.stderr; // 0 where the terminal does not say, as in some containers
    const size = { columns: Math.max(1, (columns || 80) - 1), rows: rows || 24 };
    this.block.draw(this.view.lines(now, { ...size, spend: this.spend.text }));
  }
}

/** What somebody should still see when the run is over. */
function stays({ type }: ExecutionEvent): boolean {
  return ['node_failed', 'node_retry', 'node_waiting', 'node_reopened', 'checkpoint_corrupt', 'lock_waiting'].includes(
    type,
  );
}
