/** How much a fault test tries: `quick` with every change, `full` with `--mode full`. */
const isFull = (import.meta as ImportMeta & { env: { readonly MODE: string } }).env.MODE === 'full';

export function atLevel<T>(quick: T, full: T): T {
  return isFull ? full : quick;
}

/** The same choices with every change, others each time at the full level; `FAULT_SEED` repeats some that failed. */
export function testSeed(): number {
  const given = process.env.FAULT_SEED;
  return given === undefined ? atLevel(20_260_211, Math.floor(Math.random() * 2 ** 32)) : Number(given);
}
