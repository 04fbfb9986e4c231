import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MetaPlanner } from 'vibe-aigc';
import { afterAll, describe, expect, it } from 'vitest';
import { chain, makeProject } from './handlers.js';
import { finalScreen, runCli, runInTerminal } from './run-cli.js';
import { makeStore, removeTemporaryDirectories, type Store, temporaryDirectory } from './stores.js';

const original = await makeStore();
afterAll(removeTemporaryDirectories);

/** Handlers that finish what failed in the store. */
async function withHandlers(store: Store): Promise<Store> {
  await writeFile(join(store.cwd, 'h.mjs'), 'export const handlers = { default: (node) => node.id + " at last" };');
  return store;
}

const resume = ({ cwd }: { cwd: string }, ...args: string[]) => runCli(['resume', ...args], { cwd });

describe.concurrent('vibe-aigc resume', () => {
  it('goes on with a plan by its id or the beginning of it, and does nothing again', async () => {
    const store = await withHandlers(await original.copy());
    const { code, stdout, stderr } = await resume(store, 'plan-0', '--handlers', 'h.mjs', '--json');
    expect(code).toBe(0);
    const { status, executionSummary, outputs, persistenceInfo } = JSON.parse(stdout);
    expect({ status, outputs }).toMatchObject({ status: 'completed', outputs: { check: 'check at last' } });
    expect(outputs['line-1']).toBe('some text');
    expect(executionSummary.reused).toBeGreaterThan(0);
    expect(persistenceInfo.resumedFrom).toBeDefined();
    expect(stderr).not.toContain('idea started');
  });

  it('takes the latest plan when it is told no other', async () => {
    const store = await original.copy(); // others copy the original meanwhile
    for (const args of [[], ['latest']]) {
      const { code, stdout } = await resume(store, ...args, '--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ planId: 'Kunde Müller/Film 1', status: 'completed' });
    }
  });

  it('returns to a checkpoint in a new run, and says what that means', async () => {
    const store = await withHandlers(await original.copy());
    const [first] = (await store.planner.listCheckpoints({ planId: 'plan-001' })).slice(-1);
    const id = first?.checkpointId as string;
    const { code, stdout, stderr } = await resume(store, id.slice(0, -4), '--handlers', 'h.mjs', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ planId: 'plan-001', outputs: { idea: 'idea at last' } });
    expect(JSON.parse(stdout).runId).not.toBe(first?.runId);
    expect(stderr).toContain(`A new run from checkpoint ${id}: what was done after it is done again.`);
  });

  it.each([
    [['nothing'], 3, 'There is no plan and no checkpoint "nothing".'],
    [['cp-0'], 2, 'is the beginning of'],
    [['plan-001', '--jobs', '{'], 2, '--jobs is not JSON.'],
    [['plan-001', '--jobs', '{"idea":{"x":"maybe"}}'], 2, "'submit again'"],
    [
      ['plan-001', '--jobs', '{"idea":{"x":"submit again"}}', '--handlers', 'h.mjs'],
      2,
      'There is nothing to decide about job "x"',
    ],
    [['plan-001'], 2, 'no handler serves type'],
  ])('ends as it says for %j', async (args, code, message) => {
    const ended = await resume(await withHandlers(await original.copy()), ...args);
    expect(ended.stderr).toContain(message);
    expect(ended).toMatchObject({ code, stdout: '' });
  });

  it('ends with 3 where nothing is stored', async () => {
    const { code, stderr } = await resume({ cwd: await temporaryDirectory() });
    expect(code).toBe(3);
    expect(stderr).toContain('There is no run at all.');
  });

  it('ends with 4 when the latest state is damaged, and goes on from what is intact when told to', async () => {
    const store = await withHandlers(await original.copy());
    await writeFile(join(store.checkpointDir, 'plan-001', '.journal-1'), 'rubbish\n');
    for (const { checkpointId } of (await store.planner.listCheckpoints({ planId: 'plan-001' })).slice(0, 1)) {
      await store.spoil(checkpointId, (text) => text.slice(0, 300));
    }
    const refused = await resume(store, 'plan-001', '--handlers', 'h.mjs');
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('vibe-aigc checkpoints repair plan-001   saves all that is intact of the plan');
    const fallback = await resume(store, 'plan-001', '--handlers', 'h.mjs', '--on-corrupt', 'fallback', '--json');
    expect(fallback.code).toBe(0);
    expect(JSON.parse(fallback.stdout).status).toBe('completed');
  });

  it('ends with 4 while another process runs the plan', async () => {
    const store = await withHandlers(await original.copy());
    const holder = new MetaPlanner({
      checkpointDir: store.checkpointDir,
      handlers: { default: (_, { signal }) => new Promise((done) => signal.addEventListener('abort', done)) },
    });
    const { vibe } = await holder.getCheckpoint(
      (await holder.listCheckpoints({ planId: 'plan-001' }))[0]!.checkpointId,
    );
    let running: Promise<unknown> = Promise.resolve();
    await new Promise<void>((isStarted) => {
      running = holder.executeWithResume(vibe, {
        planId: 'plan-001',
        onProgress: ({ type }) => (type === 'node_started' ? isStarted() : undefined),
      });
    });
    const { code, stderr } = await resume(store, 'plan-001', '--handlers', 'h.mjs');
    await holder.close();
    await running;
    expect(code).toBe(4);
    expect(stderr).toContain('is being run by');
  });

  it('pauses at a budget with 6, and the command that it prints goes on', async () => {
    const project = await makeProject(
      `export const handlers = { default: async (node, ctx) => {
        await ctx.reserve({ amount: 2 });
        await ctx.spend({ amount: 2 });
        return node.id;
      } };`,
      chain('a', 'b', 'c'),
    );
    const paused = await runCli(['execute', ...project.args, '--budget', '3'], project);
    expect(paused).toMatchObject({ code: 6, stdout: '' });
    expect(paused.stderr).toContain('paused: 2 of 3 USD is spent, and b needs 2.\n');
    const command = /do: {2}vibe-aigc (resume .*?) {3}with more to spend/.exec(paused.stderr)?.[1] as string;
    expect(command).toBe('resume plan-001 --handlers handlers.mjs --budget 6');
    const resumed = await runCli(command.split(' '), project);
    expect(resumed).toMatchObject({ code: 0, stdout: 'c\n' });
    expect(resumed.stderr).toMatch(/^completed: 3\/3 nodes, 1 of them done before, 6 USD, in /m);
  });

  it('pauses with 6 until a time, and for a job that nobody knows of', async () => {
    const later = await makeProject(
      `export const handlers = { default: (node, ctx) => ctx.sleepUntil('2099-01-01T00:00:00Z') };`,
      chain('a'),
    );
    const slept = await runCli(['execute', ...later.args], later);
    expect(slept.code).toBe(6);
    expect(slept.stderr).toContain('paused: a sleeps until 2099-01-01 00:00:00Z.\n  do:  vibe-aigc resume plan-001');

    const job = await makeProject(
      `export const handlers = { default: (node, ctx) => ctx.job({
        name: 'clip',
        start: () => { throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } }); },
        poll: () => ({ status: 'done' }),
        collect: () => 'a clip',
      }) };`,
      chain('a'),
    );
    const unknown = await runCli(['execute', ...job.args], job);
    expect(unknown.code).toBe(6);
    expect(unknown.stderr).toContain('paused: nobody knows whether job "clip" of a was submitted');
    expect(unknown.stderr).toContain(
      `vibe-aigc resume plan-001 --handlers handlers.mjs --jobs '{"a":{"clip":{"skip":"..."}}}'`,
    );
    const decided = await runCli(
      ['resume', 'plan-001', '--handlers', 'handlers.mjs', '--jobs', '{"a":{"clip":{"skip":"no clip"}}}'],
      job,
    );
    expect(decided).toMatchObject({ code: 0, stdout: 'no clip\n' });
  });
});

describe.concurrent('vibe-aigc resume in a terminal', () => {
  it('goes on with a run', async () => {
    const { cwd } = await withHandlers(await original.copy());
    const { code, screen } = await runInTerminal(['resume', 'plan-001', '--handlers', 'h.mjs'], { cwd });
    expect(code).toBe(0);
    expect(finalScreen(screen)).toMatch(/^check at last\ncompleted: 5\/5 nodes, 2 of them done before, in /m);
  });
});
