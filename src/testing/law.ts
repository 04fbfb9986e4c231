import type { LockRequest, PersistenceManager, PlanLease } from '../checkpoint/persistence-manager.js';
import { VibeError } from '../errors.js';

/** Makes an empty store; called anew for every law. */
export type CreateStore = () => PersistenceManager | Promise<PersistenceManager>;

/** Something that every store does. */
export interface PersistenceLaw {
  /** A sentence about behaviour, to be used as the name of a test. */
  readonly name: string;
  /** Rejects when the store does otherwise. */
  check(create: CreateStore): Promise<void>;
}

export function law(name: string, check: (store: PersistenceManager) => Promise<void>): PersistenceLaw {
  return {
    name,
    async check(create) {
      const store = await create();
      try {
        await check(store);
      } finally {
        await store.close?.();
      }
    },
  };
}

/** The capability of a store that laws are about. @throws Error when the store lacks it */
export function capabilityOf<Name extends 'blobs' | 'inbox' | 'journal' | 'locks' | 'repair'>(
  store: PersistenceManager,
  name: Name,
): NonNullable<PersistenceManager[Name]> {
  const capability = store[name];
  if (capability === undefined) throw new Error(`The store has no "${name}", which these laws are about.`);
  return capability;
}

/** Takes a plan, as a run would. @throws Error when the store has no locks */
export function takePlan(
  store: PersistenceManager,
  planId: string,
  more: Partial<LockRequest> = {},
): Promise<PlanLease> {
  const request = { planId, runId: 'run-1', since: '2026-02-05T10:30:00.000Z', log: () => {}, ...more };
  return capabilityOf(store, 'locks').acquire(request);
}

/** Rejects unless this rejects with such a code. */
export async function rejectsWith(code: string, promise: Promise<unknown>): Promise<void> {
  const failure = await promise.then(
    () => new Error(`it resolved, instead of rejecting with ${code}`),
    (error: unknown) => (VibeError.is(error) && error.code === code ? undefined : error),
  );
  if (failure !== undefined) throw failure;
}
