import type { NodeHandler } from 'vibe-aigc';
import type { JobShop } from './protocol.js';

/** Buys what a node describes, as an app would: with nothing in it against buying twice but `ctx.job`. */
export function paidHandler({ url, find, pollEveryMs = 1 }: JobShop): NodeHandler {
  return ({ id }, ctx) =>
    ctx.job<string, unknown>({
      name: 'make',
      start: async ({ idempotencyKey, signal }) => {
        const headers = { 'idempotency-key': idempotencyKey };
        const body = JSON.stringify({ what: id });
        const response = await fetch(`${url}/jobs`, { method: 'POST', body, headers, signal });
        return ((await response.json()) as { id: string }).id;
      },
      poll: async (job) => ((await stateOf(url, job)).status === 'ready' ? { status: 'done' } : { status: 'pending' }),
      collect: async (job) => (await stateOf(url, job)).result,
      ...(find && {
        find: async ({ idempotencyKey }) => {
          const response = await fetch(`${url}/jobs?key=${encodeURIComponent(idempotencyKey)}`);
          return response.status === 404 ? undefined : ((await response.json()) as { id: string }).id;
        },
      }),
      pollEveryMs,
    });
}

async function stateOf(url: string, job: string): Promise<{ status: string; result: unknown }> {
  const response = await fetch(`${url}/jobs/${job}`);
  return (await response.json()) as { status: string; result: unknown };
}
