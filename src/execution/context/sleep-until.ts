import type { AttemptControl } from '../attempt-control.js';

/** Waits until a time: the one that is recorded first counts, also after a crash. */
export type SleepUntil = (until: Date | string | number) => Promise<void>;

/** `setTimeout` fires at once for anything longer. */
const maxTimerMs = 2 ** 31 - 1;

/** The n-th sleep of an attempt is the n-th of every other attempt. */
export async function sleepUntil(control: AttemptControl, ...[given]: Parameters<SleepUntil>): Promise<void> {
  const name = `sleep ${control.countCall('sleepUntil')}`;
  const { id: nodeId } = control.placed.node;
  const known = control.state.progress.get(nodeId)?.sleeps.get(name);
  const until = known ?? isoOf(given);
  if (known === undefined) {
    await control.record({ kind: 'sleep_started', nodeId, name, until, at: control.isoNow() });
  }
  await undefined; // a handler that sleeps at once is known as under way first
  if (Date.parse(until) > control.now()) await sleep(control, { nodeId, name, until });
}

async function sleep(
  control: AttemptControl,
  { nodeId, name, until }: { readonly nodeId: string; readonly name: string; readonly until: string },
): Promise<void> {
  let cancel = () => {};
  let parked: Promise<void> = Promise.resolve();
  /** Busy until the handler really goes on, so that no pause comes in between. */
  const goOn = async (resolve: () => void) => {
    resolve();
    await parked.catch(() => {});
  };
  const over = new Promise<void>((resolve) => {
    const wake = () => {
      const leftMs = Date.parse(until) - control.now();
      if (leftMs > 0) cancel = control.setTimer(wake, Math.min(leftMs, maxTimerMs));
      else void control.whileBusy(() => goOn(resolve)).catch(() => {}); // the attempt is over
    };
    wake();
  });
  try {
    parked = control.park({ reason: 'sleep', nodeId, name, resumeAt: until }, over);
    await parked;
  } finally {
    cancel();
  }
}

/** @throws TypeError */
function isoOf(given: Date | string | number): string {
  const date = new Date(given);
  if (Number.isNaN(date.getTime())) throw new TypeError(`sleepUntil takes a time, got ${String(given).slice(0, 80)}.`);
  return date.toISOString();
}
