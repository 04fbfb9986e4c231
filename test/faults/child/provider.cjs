'use strict';

/**
 * A provider of paid jobs: an HTTP server, and a file with a line for each job that it took. It takes whatever is
 * submitted, also under a key that it has seen: nothing but its customers keeps it from being paid twice.
 *
 *   POST /<bank>/<drop>/jobs       { what } -> { id }; drop: none, before, during, after
 *   GET  /<bank>/<drop>/jobs?key=  { id } or 404
 *   GET  /<bank>/<drop>/jobs/<id>  { status, result }; pending when it is asked for the first time
 *
 * The first submission of each key meets the drop: the connection is cut before the job is taken, while it is, or in the
 * middle of the answer.
 */
const { appendFileSync } = require('node:fs');
const { createServer } = require('node:http');

const ledger = process.argv[2];
const jobs = new Map();
const submitted = new Set();

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => serve(request, response, Buffer.concat(chunks).toString()));
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit());

function serve(request, response, body) {
  const url = new URL(request.url, 'http://localhost');
  const [bank, drop, , id] = url.pathname.split('/').slice(1);
  if (request.method === 'POST') return submit(request, response, { bank, drop, what: JSON.parse(body).what });
  if (id !== undefined) return tell(response, jobs.get(id));
  const key = url.searchParams.get('key');
  const found = [...jobs.values()].find((job) => job.bank === bank && job.key === key);
  return found === undefined ? answer(response, 404, {}) : answer(response, 200, { id: found.id });
}

function submit(request, response, { bank, drop, what }) {
  const key = request.headers['idempotency-key'];
  const isFirst = !submitted.has(`${bank} ${key}`);
  submitted.add(`${bank} ${key}`);
  const cut = isFirst ? drop : 'none';
  if (cut === 'before') return request.socket.destroy();
  if (cut === 'during') request.socket.destroy();
  const job = { id: `job-${jobs.size + 1}`, bank, key, what, polls: 0 };
  appendFileSync(ledger, `${JSON.stringify({ bank, key, id: job.id })}\n`);
  jobs.set(job.id, job);
  if (cut === 'during') return undefined;
  if (cut === 'none') return answer(response, 201, { id: job.id });
  response.writeHead(201, { 'content-length': 1_000 });
  return response.write('{"id":', () => request.socket.destroy());
}

function tell(response, job) {
  if (job === undefined) return answer(response, 404, {});
  job.polls += 1;
  return answer(response, 200, { status: job.polls > 1 ? 'ready' : 'queued', result: { made: job.what } });
}

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}
