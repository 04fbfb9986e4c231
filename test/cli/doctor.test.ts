import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { shownUrl } from '../../src/cli/doctor/model.js';
import { checkNode } from '../../src/cli/doctor/node.js';
import { runCli, runInTerminal } from './run-cli.js';
import { removeTemporaryDirectories, temporaryDirectory } from './stores.js';

const servers: { close(): void }[] = [];
afterAll(async () => {
  for (const server of servers) server.close();
  await removeTemporaryDirectories();
});

/** A real server on this machine; its base URL. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

describe.concurrent('vibe-aigc doctor', () => {
  it('finds everything well, without a model too, and leaves nothing behind', async () => {
    const cwd = await temporaryDirectory();
    const { code, stdout, stderr } = await runCli(['doctor'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ok {3}Node: \d+\.\d+\.\d+ /);
    expect(stdout).toContain(`ok   store ${cwd}/.vibe_checkpoints (to be made in ${cwd}): can be written\n`);
    for (const subject of ['flush', 'rename', 'link']) expect(stdout).toMatch(new RegExp(`^ok {3}${subject}: `, 'm'));
    expect(stdout).toMatch(/^- {4}model: none is set up/m);
    expect(await readdir(cwd)).toEqual([]);
  });

  it('prints one document with --json', async () => {
    const cwd = await temporaryDirectory();
    await mkdir(join(cwd, 'runs'));
    const { code, stdout } = await runCli(['doctor', '--dir', 'runs', '--json'], { cwd });
    expect(code).toBe(0);
    const { version, isHealthy, findings } = JSON.parse(stdout);
    expect({ version, isHealthy }).toEqual({ version: 1, isHealthy: true });
    expect(findings[1]).toEqual({ subject: `store ${cwd}/runs`, status: 'ok', found: 'can be written' });
    expect(await readdir(join(cwd, 'runs'))).toEqual([]);
  });

  it('ends with 5 for a folder that cannot be written', async () => {
    const cwd = await temporaryDirectory();
    await writeFile(join(cwd, 'file'), '');
    const { code, stdout, stderr } = await runCli(['doctor', '--dir', 'file'], { cwd });
    expect(code).toBe(5);
    expect(stdout).toContain(`BAD  store ${cwd}/file: cannot be written (ENOTDIR)\n`);
    expect(stderr).toContain(
      `error: Runs will not work as they should: store ${cwd}/file.\n  do:  give another folder`,
    );
  });

  it('asks a model that is set up, and shows no secret', async () => {
    const cwd = await temporaryDirectory();
    const url = await serve(({ url: path, headers }, response) => {
      response
        .writeHead(
          /^\/v1\/models(\?api-version=7)?$/.test(path ?? '') && headers.authorization === 'Bearer sk-secret'
            ? 200
            : 401,
        )
        .end('{}');
    });
    const withUser = url.replace('http://', 'http://me:word@');
    const env = { OPENAI_BASE_URL: url, OPENAI_API_KEY: 'sk-secret' };
    const well = await runCli(['doctor'], { cwd, env });
    expect(well.code).toBe(0);
    expect(well.stdout).toContain(`ok   model at ${url}: it answers\n`);

    const withQuery = await runCli(['doctor'], { cwd, env: { ...env, OPENAI_BASE_URL: `${url}?api-version=7` } });
    expect(withQuery.stdout).toContain(`ok   model at ${url}: it answers\n`);

    const refused = await runCli(['doctor', '--json'], { cwd, env: { ...env, OPENAI_API_KEY: 'sk-wrong' } });
    expect(refused.code).toBe(5);
    expect(refused.stdout).toContain('it answers 401, so the key is not taken');
    const urlOnly = await runCli(['doctor'], { cwd, env: { OPENAI_BASE_URL: withUser } });
    expect(urlOnly.code).toBe(5);
    for (const { stdout, stderr } of [well, refused, urlOnly]) expect(stdout + stderr).not.toMatch(/sk-|word/);
  });

  it('ends with 5 for a model that does not answer, and for handlers that do not load', async () => {
    const cwd = await temporaryDirectory();
    const url = await serve((request) => request.socket.destroy());
    await writeFile(join(cwd, 'handlers.mjs'), 'export const handlers = {');
    const { code, stdout } = await runCli(['doctor', '--handlers', 'handlers.mjs'], {
      cwd,
      env: { OPENAI_BASE_URL: url },
    });
    expect(code).toBe(5);
    expect(stdout).toMatch(/^BAD {2}model at .*: it does not answer \(/m);
    expect(stdout).toMatch(/^BAD {2}handlers of handlers\.mjs: handlers\.mjs cannot be loaded\./m);
  });

  it('works in a terminal', async () => {
    const cwd = await temporaryDirectory();
    const { code, screen } = await runInTerminal(['doctor'], { cwd });
    expect(code).toBe(0);
    expect(screen).toContain('\u001b[32mok  \u001b[39m Node: ');
  });
});

describe('the doctor', () => {
  it.each([
    ['20.18.3', 'bad'],
    ['18.20.0', 'bad'],
    ['20.19.0', 'ok'],
    ['26.0.0', 'ok'],
  ])('finds Node %s %s', (version, status) => {
    expect(checkNode(version).status).toBe(status);
  });

  it('shows of a URL what is no secret', () => {
    expect(shownUrl('https://me:word@example.com:8443/v1?key=secret#x')).toBe('https://example.com:8443/v1');
    expect(shownUrl('sk-secret')).toBe('(no URL)');
  });
});
