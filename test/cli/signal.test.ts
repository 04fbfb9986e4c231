import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chain, makeProject, type Project } from './handlers.js';
import { runCli, runCliAndAct, runInTerminal } from './run-cli.js';
import { removeTemporaryDirectories } from './stores.js';

afterAll(removeTemporaryDirectories);

const asking = `export const handlers = { default: (node, ctx) => ctx.waitFor('approval') };`;

/** A run that waits for somebody, and ended because nothing else can be done. */
async function paused(source = asking): Promise<Project> {
  const project = await makeProject(source, chain('ask'));
  const { code, stderr } = await runCli(['execute', ...project.args], project);
  expect(code).toBe(6);
  expect(stderr).toContain('paused: ask waits for "approval".\n  do:  vibe-aigc signal plan-001 approval --node ask ');
  return project;
}

describe.concurrent('vibe-aigc signal', () => {
  it('answers a node that waits, and the run goes on with the answer', async () => {
    const project = await paused();
    const sent = await runCli(['signal', 'plan-0', 'approval', '--payload', '{"ok":true}'], project);
    expect(sent).toMatchObject({ code: 0, stdout: 'kept for node ask of plan plan-001\n' });
    expect(sent.stderr).toContain('vibe-aigc resume plan-001\n');
    const { code, stdout } = await runCli(['resume', 'latest', '--handlers', 'handlers.mjs'], project);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{\n  "ok": true\n}\n' });
  });

  it('takes the answer from a file or from stdin, and tells a script what became of it', async () => {
    const project = await paused();
    await writeFile(join(project.cwd, 'answer.json'), '"by file"');
    const sent = await runCli(['signal', 'latest', 'approval', '--payload-file', 'answer.json', '--json'], project);
    expect(JSON.parse(sent.stdout)).toEqual({
      version: 1,
      planId: 'plan-001',
      name: 'approval',
      nodeId: 'ask',
      signalId: expect.stringMatching(/^signal-/),
      isTaken: false,
    });
    const other = await paused();
    await runCli(['signal', 'latest', 'approval', '--payload-file', '-'], { ...other, input: '[1]' });
    for (const [{ cwd }, answer] of [
      [project, '"by file"'],
      [other, '[1]'],
    ] as const) {
      const { stdout } = await runCli(['resume', '--handlers', 'handlers.mjs', '--json'], { cwd });
      expect(JSON.stringify(JSON.parse(stdout).outputs.ask)).toBe(answer);
    }
  });

  it('is taken by a run that is under way', async () => {
    const source = `export const handlers = { default: (node, ctx) =>
      node.id === 'ask' ? ctx.waitFor('approval') : new Promise((done) => setTimeout(done, 30_000)) };`;
    const project = await makeProject(source, [...chain('ask'), ...chain('other')]);
    const running = runCliAndAct(
      ['execute', ...project.args],
      [
        {
          when: /ask waits for/,
          act: () => runCli(['signal', 'plan-001', 'approval', '--payload', '1'], project),
        },
        { when: /ask completed/, act: (child) => child.kill('SIGKILL') },
      ],
      project,
    );
    expect((await running).stderr).toContain('[1/2] ask completed');
  });

  it.each([
    [['signal', 'nothing', 'approval'], 3, 'There is no plan and no checkpoint "nothing".'],
    [['signal', 'plan-001', 'applause'], 1, 'no node waits for it'],
    [['signal', 'plan-001', 'approval', '--node', 'nobody'], 1, 'no node is called nobody'],
    [['signal', 'plan-001', 'approval', '--payload', 'yes'], 2, '--payload is not JSON.'],
    [['signal', 'plan-001', 'approval', '--payload', '1', '--payload-file', 'x'], 2, 'The answer is given twice'],
    [['signal', 'plan-001'], 2, "missing required argument 'name'"],
  ])('ends as it says for %j', async (args, code, message) => {
    const ended = await runCli(args, await paused());
    expect(ended.stderr).toContain(message);
    expect(ended).toMatchObject({ code, stdout: '' });
  });

  it('works in a terminal', async () => {
    const project = await paused();
    const { code, screen } = await runInTerminal(['signal', 'latest', 'approval'], project);
    expect(code).toBe(0);
    expect(screen).toMatch(/^kept for node ask of plan plan-001\n/);
  });
});
