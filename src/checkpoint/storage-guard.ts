import { PersistenceError, VibeError } from '../errors.js';

/** Turns whatever a store's work throws into a PersistenceError; typed errors pass as they are. */
export async function guardStorage<T>(planId: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (VibeError.is(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PersistenceError(planId, reason, undefined, { cause: error });
  }
}
