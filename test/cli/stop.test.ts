import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chain, makeProject, type Project, waitingForFile } from './handlers.js';
import { ctrlC, runCli, runCliAndAct, runInTerminal } from './run-cli.js';
import { removeTemporaryDirectories } from './stores.js';

afterAll(removeTemporaryDirectories);

const nodes = chain('a', 'b', 'c');
const started = /b is under way/;
const resumeLine = 'vibe-aigc resume plan-001 --handlers handlers.mjs --interval 1';

/** The nodes whose handlers were called, in order. */
async function ran({ cwd }: Project): Promise<string[]> {
  return (await readFile(join(cwd, 'ran'), 'utf8')).trimEnd().split('\n');
}

const letGo = ({ cwd }: Project) => writeFile(join(cwd, 'go'), '');

describe.concurrent('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s lets what is under way finish, saves it, ends with %i and the exact command that goes on',
    async (signal, code) => {
      const project = await makeProject(waitingForFile, nodes);
      const run = ['execute', ...project.args, '--interval', '1'];
      const stopped = await runCliAndAct(
        run,
        [
          { when: started, act: (child) => child.kill(signal) },
          { when: /^Stopping: /m, act: () => letGo(project) },
        ],
        project,
      );
      expect(stopped).toMatchObject({ code, stdout: '' });
      expect(stopped.stderr).toContain(`stopped: Stopped with 2/3 nodes done and saved.\n  do:  ${resumeLine}\n`);
      expect(await ran(project)).toEqual(['a', 'b']);

      const resumed = await runCli(resumeLine.split(' ').slice(1), project);
      expect(resumed).toMatchObject({ code: 0, stdout: 'c is written\n' });
      expect(await ran(project)).toEqual(['a', 'b', 'c']);
    },
  );

  it('aborts what does not finish within --grace, and what was done before is saved', async () => {
    const project = await makeProject(waitingForFile, nodes);
    const run = ['execute', ...project.args, '--grace', '1s', '--json'];
    const begun = Date.now();
    const acts = [{ when: started, act: (child: { kill(signal: 'SIGINT'): void }) => child.kill('SIGINT') }];
    const stopped = await runCliAndAct(run, acts, project);
    expect(stopped.code).toBe(130);
    const document = JSON.parse(stopped.stdout);
    expect(document).toMatchObject({ version: 1, status: 'paused', executionSummary: { completed: 1 } });
    expect(document.next).toEqual(['vibe-aigc resume plan-001 --handlers handlers.mjs --grace 1s']);
    expect(Date.now() - begun).toBeLessThan(25_000); // not the 30 s that handlers have otherwise
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s a second time ends at once with %i, and what had finished is there', async (signal, code) => {
    const project = await makeProject(waitingForFile, nodes);
    const stopped = await runCliAndAct(
      ['execute', ...project.args],
      [
        { when: started, act: (child) => child.kill(signal) },
        { when: /^Stopping: /m, act: (child) => child.kill(signal) },
      ],
      project,
    );
    expect(stopped.code).toBe(code);
    expect(stopped.stderr).toContain(
      'Stopped at once. What had finished is saved. Go on with: vibe-aigc resume plan-001 --handlers handlers.mjs\n',
    );
    await letGo(project);
    expect(await runCli(['resume', 'latest', '--handlers', 'handlers.mjs'], project)).toMatchObject({ code: 0 });
    expect(await ran(project)).toEqual(['a', 'b', 'b', 'c']);
  });

  it('ends with 0 when everything finished all the same', async () => {
    const project = await makeProject(waitingForFile, chain('a', 'b'));
    const acts = [
      { when: started, act: (child: { kill(signal: 'SIGINT'): void }) => child.kill('SIGINT') },
      { when: /^Stopping: /m, act: () => letGo(project) },
    ];
    const ended = await runCliAndAct(['execute', ...project.args], acts, project);
    expect(ended).toMatchObject({ code: 0, stdout: 'b is written\n' });
  });

  it('ends a run that is still planned, and says that nothing was run', async () => {
    const source = `
      export const decomposer = (vibe, { signal }) =>
        new Promise((_, reject) => {
          console.log('planning');
          const timer = setInterval(() => {}, 1000);
          signal.addEventListener('abort', () => (clearInterval(timer), reject(signal.reason)));
        });`;
    const project = await makeProject(source, nodes);
    const ended = await runCliAndAct(
      ['execute', 'a film', '--handlers', 'handlers.mjs', '--grace', '1s'],
      [{ when: /^planning$/m, act: (child) => child.kill('SIGTERM') }],
      project,
    );
    expect(ended).toMatchObject({ code: 143, stdout: '' });
    expect(ended.stderr).toContain('stopped: Stopped before there was a plan: nothing was run.');
  });
});

describe.concurrent('Ctrl-C in a terminal', () => {
  it('stops in order, and the second one at once', async () => {
    const project = await makeProject(waitingForFile, nodes);
    const run = ['execute', ...project.args, '--interval', '1'];
    const twice = await runInTerminal(run, {
      ...project,
      typed: [
        { when: started, keys: ctrlC },
        { when: /Stopping: /, keys: ctrlC },
      ],
    });
    expect(twice.code).toBe(130);
    expect(twice.screen).toContain(`Stopped at once. What had finished is saved. Go on with: ${resumeLine}\n`);

    const once = await runInTerminal(['resume', ...resumeLine.split(' ').slice(2)], {
      ...project,
      columns: 120,
      typed: [{ when: started, keys: ctrlC }],
      afterwards: { when: /Stopping: /, act: () => letGo(project) },
    });
    expect(once.code).toBe(130);
    expect(once.screen).toMatch(/Stopped with 2\/3 nodes done and saved\.\n {2}do: {2}vibe-aigc resume plan-001 /);
    expect(await ran(project)).toEqual(['a', 'b', 'b']);
  });
});
