import type { Format } from '../terminal/output.js';

/** A time as people read it: `2026-11-24 16:03:48Z`, UTC. */
export function shortTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '-';
  return time.toISOString().replace('T', ' ').replace(/\.\d+/, '');
}

/** `850 ms`, `1.2 s`, `2 min 5 s`, `3 h 10 min`. */
export function shortDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The colour of a state of a run, of a node, or of damage. What it says is always said in words as well. */
export function formatOfStatus(status: string): Format {
  if (status === 'completed') return 'green';
  if (status === 'failed' || status === 'damaged') return 'red';
  return status === 'running' ? 'cyan' : 'yellow';
}
