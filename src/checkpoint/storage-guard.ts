import { PersistenceError, VibeError } from '../errors.js';
import { serializeError } from '../run/serialize-error.js';

/** Turns whatever a store's work throws into a PersistenceError; typed errors pass as they are. */
export async function guardStorage<T>(planId: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(planId, error);
  }
}

/** What a store has thrown, as the error that the caller is told. */
export function storageError(planId: string | undefined, error: unknown): unknown {
  if (VibeError.is(error)) return error;
  return new PersistenceError(planId, serializeError(error).message, undefined, { cause: error });
}
