/** Between two turns of the event loop, work takes so many milliseconds. */
const workMs = 2;

/** Does work that is made of steps, and lets everything else have its turn when some have taken their time. */
export async function inTurns<T>(steps: Iterator<void, T>): Promise<T> {
  let begun = performance.now();
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    if (performance.now() - begun < workMs) continue;
    await nextTurn();
    begun = performance.now();
  }
}

/** The same in one go. */
export function atOnce<T>(steps: Iterator<void, T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

/** Lets everything else of this process have its turn. Node's own way takes microseconds, a timer a millisecond. */
export function nextTurn(): Promise<void> {
  const { setImmediate = (resolve: () => void) => setTimeout(resolve, 0) } = globalThis;
  return new Promise((resolve) => void setImmediate(resolve));
}
