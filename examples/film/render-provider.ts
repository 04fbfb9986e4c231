/**
 * The render provider of examples/film.ts, in a process of its own: it takes orders over HTTP, bills each of them in its
 * ledger, and renders a clip between the first and the second time that somebody asks for it. Then the clip is there to
 * be downloaded, a megabyte for each dollar.
 *
 * It is not a kind one. It bills every order, also one that it has seen before, and its answer to the second order is
 * lost on the way.
 */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Order {
  readonly id: string;
  readonly reference: string;
  readonly clip: string;
  readonly price: number;
  timesAsked: number;
}

const ledger = process.argv[2] as string;
const orders: Order[] = [];

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url as string, 'http://provider');
  const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));

  if (request.method === 'POST') {
    const order: Order = { ...JSON.parse(await text(request)), id: `job-${orders.length + 1}`, timesAsked: 0 };
    orders.push(order);
    appendFileSync(ledger, `${order.id}  ${order.clip}  $${order.price}\n`);
    console.log(`${order.id} is ${order.clip}`);
    if (orders.length !== 2) answer(201, { id: order.id });
    return;
  }
  const clip = orders.find(({ id }) => pathname === `/${id}/clip`);
  if (clip !== undefined) return response.end(Buffer.alloc(clip.price * 1_000_000, clip.clip));
  const reference = searchParams.get('reference');
  const order = orders.find((one) => (reference === null ? pathname === `/${one.id}` : one.reference === reference));
  if (order === undefined) return answer(404, {});
  if (reference === null) order.timesAsked++;
  answer(200, { id: order.id, isReady: order.timesAsked > 1, clip: `${order.clip}.mp4`, price: order.price });
});

server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.stdin.resume().on('end', () => process.exit()); // its customers have gone
