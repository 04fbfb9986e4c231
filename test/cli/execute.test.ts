import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chain, makeProject } from './handlers.js';
import { finalScreen, runCli, runInTerminal } from './run-cli.js';
import { removeTemporaryDirectories, temporaryDirectory } from './stores.js';

afterAll(removeTemporaryDirectories);

const words = ['execute', 'a noir short film about tides', '--style', 'rainy', '--constraint', 'under 2 minutes'];

describe.concurrent('vibe-aigc execute', () => {
  it('writes a brief with no key and no configuration, says that no model is used, and keeps the run', async () => {
    const cwd = await temporaryDirectory();
    const { code, stdout, stderr } = await runCli(words, { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Film brief: Tides\n/);
    expect(stdout).toContain('under 2 minutes');
    expect(stderr).toMatch(/^No model is used: /);
    expect(stderr).toMatch(/^\[1\/10\] analysis completed in /m);
    expect(stderr).toMatch(/^completed: 10\/10 nodes, in /m);
    const listed = await runCli(['checkpoints', 'list', '--json'], { cwd });
    expect(JSON.parse(listed.stdout).checkpoints[0]).toMatchObject({ state: 'completed', completedNodes: 10 });
  });

  it('gives the result of a run that is complete, does nothing again, and starts over with --fresh', async () => {
    const cwd = await temporaryDirectory();
    const first = await runCli(words, { cwd });
    const second = await runCli(words, { cwd });
    expect(second).toMatchObject({ code: 0, stdout: first.stdout });
    expect(second.stderr).toContain('nothing was done again');
    expect(second.stderr).not.toContain('started');
    const fresh = await runCli([...words, '--fresh'], { cwd });
    expect(fresh).toMatchObject({ code: 0, stdout: first.stdout });
    expect(fresh.stderr).toContain('analysis started');
  });

  it('shows its progress on a terminal that does not say how large it is', async () => {
    const cwd = await temporaryDirectory();
    const { code, screen } = await runInTerminal(words, { cwd, columns: 0 });
    expect(code).toBe(0);
    expect(screen).toMatch(/planning {2}\d/);
    expect(screen).not.toMatch(/^…$/m);
  });

  it('takes a vibe as a file and on stdin, and adds what the options say of it', async () => {
    const cwd = await temporaryDirectory();
    const vibe = { description: 'A postcard', style: 'loud', constraints: ['no adjectives'] };
    await writeFile(join(cwd, 'vibe.json'), JSON.stringify(vibe));
    const more = ['--style', 'quiet', '--constraint', 'under 90 words', '--quiet', '--plan-id', 'card', '--json'];
    const ofFile = await runCli(['execute', '--vibe', 'vibe.json', ...more], { cwd });
    expect(ofFile.code).toBe(0);
    const asked = { description: 'A postcard', style: 'quiet', constraints: ['no adjectives', 'under 90 words'] };
    const shown = await runCli(['checkpoints', 'show', 'latest', '--json'], { cwd });
    expect(JSON.parse(shown.stdout)).toMatchObject({ planId: 'card', vibe: asked });
    const onStdin = await runCli(['execute', '--vibe', '-', ...more], { cwd, input: JSON.stringify(vibe) });
    expect(JSON.parse(onStdin.stdout).runId).toBe(JSON.parse(ofFile.stdout).runId);
  });

  it('runs a plan from a file and from stdin, also as "plan --json" prints it', async () => {
    const cwd = await temporaryDirectory();
    const planned = await runCli(['plan', 'A postcard', '--plan-id', 'card', '--json'], { cwd });
    const document = JSON.parse(planned.stdout);
    await writeFile(join(cwd, 'plan.json'), JSON.stringify(document.plan));
    const onStdin = await runCli(['execute', '--plan', '-', '--json'], { cwd, input: planned.stdout });
    expect(onStdin.code).toBe(0);
    expect(JSON.parse(onStdin.stdout)).toMatchObject({ status: 'completed', planId: 'card' });
    const ofFile = await runCli(['execute', '--plan', 'plan.json', '--json'], { cwd });
    expect(JSON.parse(ofFile.stdout).runId).toBe(JSON.parse(onStdin.stdout).runId);
  });

  it('runs the handlers of a module, keeps stdout for data, and prints the outputs that no node needs', async () => {
    const { cwd, args } = await makeProject(
      `export const handlers = { default: async (node, ctx) => {
        console.log('made', node.id);
        await ctx.spend({ amount: 0.25, tokens: 1200 });
        return node.id === 'c' ? { of: Object.keys(ctx.inputs) } : node.id;
      } };`,
      chain('a', 'b', 'c'),
    );
    const { code, stdout, stderr } = await runCli(['execute', ...args], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{\n  "of": [\n    "b"\n  ]\n}\n' });
    expect(stderr).toContain('made a\n');
    expect(stderr).toMatch(/^completed: 3\/3 nodes, 0\.75 USD, 3,600 tokens, in /m);
    expect(stderr).not.toContain('No model is used');
  });

  it('names each output where several are what the plan was for', async () => {
    const { cwd, args } = await makeProject(
      'export default { handlers: { default: (node) => node.id + " is written" } };',
      ['one', 'two'].flatMap((id) => chain(id)),
    );
    const { stdout } = await runCli(['execute', ...args, '--quiet'], { cwd });
    expect(stdout).toBe('one:\none is written\n\ntwo:\ntwo is written\n');
  });

  it('prints nothing but one document with --json, and one event a line with --stream', async () => {
    const cwd = await temporaryDirectory();
    const json = await runCli([...words, '--json', '--interval', '2', '--concurrency', '1'], { cwd });
    const result = JSON.parse(json.stdout);
    expect(result).toMatchObject({ version: 1, status: 'completed', next: [] });
    const listed = await runCli(['checkpoints', 'list', '--json'], { cwd });
    expect(JSON.parse(listed.stdout).checkpoints.length).toBeGreaterThanOrEqual(6);

    const stream = await runCli([...words, '--fresh', '--stream'], { cwd });
    const lines = stream.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ version: 1, type: 'run_started' });
    expect(lines.filter(({ type }) => type === 'node_completed')).toHaveLength(10);
    expect(lines.at(-1)).toMatchObject({ version: 1, type: 'result', status: 'completed', outputs: result.outputs });
    expect(stream.stderr).not.toContain('[1/10]');
  });

  it('ends quietly when the reader of its stream leaves: what is under way is saved', async () => {
    const cwd = await temporaryDirectory();
    const { code, stderr } = await runIntoHead(cwd);
    expect(code).toBe(0);
    expect(stderr).not.toContain('error');
    const listed = JSON.parse((await runCli(['checkpoints', 'list', '--json'], { cwd })).stdout).checkpoints;
    expect(['paused', 'completed']).toContain(listed[0].state);
  });

  it.each([
    [['execute'], 2, 'There is no vibe.'],
    [['execute', 'a', '--vibe', 'b.json'], 2, 'The vibe is given twice'],
    [['execute', 'a', 'noir', 'film'], 2, 'do:  put the vibe in quotes: vibe-aigc execute "a film about tides"'],
    [['plan', 'a', 'film', '--style', 'loud'], 2, 'do:  put the vibe in quotes: vibe-aigc plan "a film about tides"'],
    [
      ['execute', '--vibe', 'none.json'],
      3,
      'There is no file none.json for --vibe.\n  do:  look at the path: it starts in ',
    ],
    [['execute', '--plan', 'none.json'], 3, 'There is no file none.json for --plan.'],
    [['execute', '--plan', '-', '--style', 'loud'], 2, 'A plan has its vibe in itself'],
    [['execute', '--vibe', '-'], 2, '--vibe on stdin is not JSON.'],
    [['execute', '   '], 2, 'This vibe cannot be used: description: expected some text'],
    [['execute', 'a', '--plan-id', 'x'.repeat(201)], 2, 'cannot be used as an id'],
    [['execute', 'a', '--dir', ''], 2, '--dir is empty.'],
    [['execute', 'a', '--json', '--stream'], 2, 'cannot be used with option'],
    [['execute', 'a', '--budget', 'much'], 2, 'It must be an amount'],
    [['execute', 'a', '--on-corrupt', 'ignore'], 2, 'Allowed choices are throw, fallback'],
    [
      ['execute', 'a', '--handlers', 'none.mjs'],
      3,
      'There is no file none.mjs for --handlers.\n  do:  look at the path: it starts in ',
    ],
    [['execute', 'a', '--dir', '/dev/null/x'], 1, 'store'],
  ])('ends as it says for %j', async (args, code, message) => {
    const cwd = await temporaryDirectory();
    const ended = await runCli(args, { cwd, input: '' });
    expect(ended.stderr).toContain(message);
    expect(ended).toMatchObject({ code, stdout: '' });
  });

  it.each([
    ['export const handlers = {', 5, 'handlers.mjs cannot be loaded.'],
    ['export const handler = () => 1;', 5, 'handlers.mjs exports no handlers.'],
    ['export const handlers = { default: 7 };', 5, 'What handlers.mjs exports cannot be used.'],
    ['export const decomposer = () => { throw new Error("no idea"); };', 1, 'no idea'],
  ])('says what is wrong with a module: %s', async (source, code, message) => {
    const { cwd } = await makeProject(source, []);
    const ended = await runCli(['execute', 'a', '--handlers', 'handlers.mjs'], { cwd });
    expect(ended.stderr).toContain(message);
    expect(ended).toMatchObject({ code, stdout: '' });
  });

  it('ends with 1 when a node fails, and with the command that tries it again', async () => {
    const { cwd, args } = await makeProject(
      `export const handlers = { default: (node) => {
        if (node.id === 'b') throw Object.assign(new Error('no such\\nvoice'), { code: 'NO_VOICE' });
        return 'fine';
      } };`,
      chain('a', 'b', 'c'),
    );
    const { code, stdout, stderr } = await runCli(['execute', ...args, '--dir', 'my runs'], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^failed: 1\/3 nodes, 1 failed, 1 skipped, in /m);
    expect(stderr).toContain(
      'error: The run failed: b (NO_VOICE: no such voice).\n' +
        "  do:  vibe-aigc resume plan-001 --dir 'my runs' --handlers handlers.mjs   tries again what failed\n",
    );
  });

  it('ends with 4 when the vibe is not that of the plan', async () => {
    const cwd = await temporaryDirectory();
    await runCli(['execute', 'A postcard', '--plan-id', 'card'], { cwd });
    const other = await runCli(['execute', 'A poster', '--plan-id', 'card'], { cwd });
    expect(other.code).toBe(4);
    expect(other.stderr).toContain('it belongs to another vibe');
  });
});

describe.concurrent('vibe-aigc execute in a terminal', () => {
  it('shows a line for each node under way while it works, and leaves a summary and the brief', async () => {
    const { cwd, args } = await makeProject(
      `export const handlers = { default: async (node, ctx) => {
        ctx.report(0.5, 'mixing');
        await new Promise((wake) => setTimeout(wake, 400));
        if (node.id === 'b' && ctx.attempt === 1) throw Object.assign(new Error('busy'), { status: 503 });
        console.log('made ' + node.id);
        return node.id + ' \\u001b[2Jis written';
      } };
      export const retry = { maxAttempts: 2, delayMs: 300 };`,
      chain('a', 'b'),
    );
    const { code, screen } = await runInTerminal(['execute', ...args], { cwd });
    expect(code).toBe(0);
    expect(screen).toMatch(/^ {2}a {2}\d+ ms {2}50 % {2}mixing$/m);
    expect(screen).toMatch(/^ {2}b {2}attempt 2 in \d+ ms: Error: busy$/m);
    expect(screen).toMatch(/^ {2}b {2}attempt 2 {2}\d+ ms {2}50 % {2}mixing$/m);
    const left = finalScreen(screen);
    expect(left).not.toContain('mixing');
    expect(left).toContain('[1/2] b failed and is tried again in 300 ms: Error: busy\n');
    expect(left).toContain('made b\n');
    expect(left).toContain('b \\u001b[2Jis written\n');
    expect(left).toMatch(/completed: 2\/2 nodes, in [^\n]+\nplan plan-001, checkpoint cp-\S+\n$/);
  });

  it.each([{ TERM: 'dumb' }, { CI: 'true' }])('draws nothing over with %j', async (env) => {
    const cwd = await temporaryDirectory();
    const { code, screen } = await runInTerminal(words, { cwd, env });
    expect(code).toBe(0);
    expect(screen).toContain('[1/10] analysis completed in ');
    expect(screen).not.toContain('\u001b[0J');
  });

  it.each([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ TERM: 'dumb' }, false],
  ])('colours an error with %j: %s', async (env, isColoured) => {
    const cwd = await temporaryDirectory();
    const { code, screen } = await runInTerminal(['execute'], { cwd, env });
    expect(code).toBe(2);
    expect(screen.includes('\u001b[31merror:')).toBe(isColoured);
  });
});

/** Through a shell, as people do it. */
async function runIntoHead(cwd: string) {
  const { spawn } = await import('node:child_process');
  const { inject } = await import('vitest');
  const line = `"$0" "$1" execute "A postcard" --stream | head -n 1 > first; exit "\${PIPESTATUS[0]}"`;
  const child = spawn('bash', ['-c', line, process.execPath, inject('builtCli')], { cwd });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(JSON.parse(await readFile(join(cwd, 'first'), 'utf8'))).toMatchObject({ type: 'run_started' });
  return { code, stderr };
}
