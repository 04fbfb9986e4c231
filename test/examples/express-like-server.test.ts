import { join } from 'node:path';
import { WorkflowPersistenceManager } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { type RunningExample, readLedger, startExample, temporaryDirectory, until } from './run-example.js';

const json = { 'content-type': 'application/json' };
const tides = { description: 'A film about tides' };

interface Answer {
  readonly status: number;
  readonly body: {
    readonly planId: string;
    readonly state: string;
    readonly completed: number;
    readonly total: number;
    readonly error?: { readonly code: string; readonly message: string };
  };
}

/** The server of the example on a directory, and what a client asks of it. */
async function serve(directory: string) {
  const example = startExample('express-like-server', ['0', directory]);
  const url = await until(example, 'the server prints its address', () => addressOf(example));
  const ask = async (method: string, path: string, request: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, { method, ...request });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
  const look = (planId: string) => ask('GET', `/runs/${planId}`);
  return {
    example,
    url,
    ask,
    look,
    post: (vibe: unknown) => ask('POST', '/runs', { headers: json, body: JSON.stringify(vibe) }),
    untilState: (planId: string, state: string) =>
      until(example, `${planId} is ${state}`, async () => {
        const { body } = await look(planId);
        return body.state === state ? body : undefined;
      }),
    untilCompleted: (planId: string, nodes: number) =>
      until(example, `${nodes} nodes are completed`, async () =>
        (await look(planId)).body.completed >= nodes ? true : undefined,
      ),
    kill: async () => {
      example.kill('SIGKILL');
      await example.ended;
    },
  };
}

function addressOf(example: RunningExample): string | undefined {
  return /Listening on (\S+)\n/.exec(example.stdout())?.[1];
}

/** Nodes that any stored checkpoint of a plan has as completed, rolling saves included. */
async function savedNodes(directory: string, planId: string): Promise<string[]> {
  const store = new WorkflowPersistenceManager({ checkpointDir: join(directory, 'checkpoints') });
  const listed = await store.listCheckpoints({ planId });
  const loaded = await Promise.all(listed.map(({ checkpointId }) => store.loadCheckpoint(checkpointId)));
  return [...new Set(loaded.flatMap((checkpoint) => checkpoint?.completedNodes ?? []))];
}

describe('the server', () => {
  it('is killed in the middle of a run, and a new one finishes it without doing saved nodes again', async () => {
    const directory = await temporaryDirectory();
    const first = await serve(directory);
    const started = await first.post(tides);
    const { planId } = started.body;
    expect(started).toEqual({ status: 202, body: { planId: expect.stringMatching(/^a-film-about-tides-/) } });
    await first.untilCompleted(planId, 3);
    await first.kill();

    const saved = await savedNodes(directory, planId);
    expect(saved.length).toBeGreaterThanOrEqual(1); // the others are in the journal, their files may be under way
    expect(saved.length).toBeLessThan(8);

    const second = await serve(directory);
    expect(await second.untilState(planId, 'completed')).toEqual({
      planId,
      state: 'completed',
      completed: 8,
      total: 8,
    });
    expect(second.example.stdout()).toContain(`Resumed ${planId}\n`);
    const ledger = await readLedger(join(directory, 'ledger'));
    const again = ledger.begunBy(second.example.pid).filter((of) => saved.some((id) => of === `${id} of ${planId}`));
    expect(again).toEqual([]);
    expect(saved.filter((id) => ledger.timesDone(`${id} of ${planId}`) !== 1)).toEqual([]);
    expect(ledger.done).toHaveLength(8);

    const repeated = await second.post(tides);
    expect(repeated).toEqual({ status: 202, body: { planId } }); // it is complete, so nothing is run
    expect((await readLedger(join(directory, 'ledger'))).begunBy(second.example.pid)).toEqual(
      ledger.begunBy(second.example.pid),
    );
  });

  it('leaves a cancelled run alone until it is asked for again, and a crash does not lose that it was', async () => {
    const directory = await temporaryDirectory();
    const first = await serve(directory);
    const { planId } = (await first.post(tides)).body;
    await first.untilCompleted(planId, 1);
    expect(await first.ask('DELETE', `/runs/${planId}`)).toEqual({ status: 202, body: { planId } });
    const cancelled = await first.untilState(planId, 'cancelled');
    expect(cancelled.completed).toBeLessThan(8);
    expect((await first.ask('DELETE', `/runs/${planId}`)).status).toBe(409);
    await first.kill();

    const second = await serve(directory);
    const other = await second.post({ description: 'A film about dunes' });
    expect(other.status).toBe(202); // so whatever was to be resumed has been
    expect(second.example.stdout()).not.toContain('Resumed');
    expect((await second.look(planId)).body).toEqual(cancelled);
    expect((await second.post(tides)).status).toBe(202);
    await second.kill();

    const third = await serve(directory);
    await third.untilState(planId, 'completed');
    await third.untilState(other.body.planId, 'completed');
    expect(third.example.stdout().match(/Resumed /g)).toHaveLength(2);
    expect(third.example.stderr()).toBe('');
  });

  it('says what it refuses, and with which code', async () => {
    const server = await serve(await temporaryDirectory());
    const refused = async (answer: Promise<Answer>) => {
      const { status, body } = await answer;
      return `${status} ${body.error?.code}`;
    };
    expect(await refused(server.post({ description: ' ' }))).toBe('400 VIBE_INVALID');
    expect(await refused(server.post(null))).toBe('400 VIBE_INVALID');
    expect(await refused(server.post({ ...tides, colour: 'red' }))).toBe('400 VIBE_INVALID');
    expect(await refused(server.ask('POST', '/runs', { headers: json, body: '{"descr' }))).toBe('400 BAD_JSON');
    expect(await refused(server.ask('POST', '/runs', { body: JSON.stringify(tides) }))).toBe('415 NO_JSON');
    expect(await refused(server.post({ description: 'x'.repeat(70_000) }))).toBe('413 TOO_LARGE');
    expect(await refused(server.look('unknown'))).toBe('404 RUN_NOT_FOUND');
    expect(await refused(server.ask('DELETE', '/runs/unknown'))).toBe('409 NOT_RUNNING');
    expect(await refused(server.ask('GET', '/'))).toBe('404 NO_ROUTE');
    expect((await server.post(tides)).status).toBe(202);
    expect(await refused(server.post(tides))).toBe('409 PLAN_LOCKED');
    expect(new URL(server.url).hostname).toBe('127.0.0.1');
  });
});
