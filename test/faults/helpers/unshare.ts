import { execFileSync } from 'node:child_process';

/**
 * What a command is started with to be in a PID namespace of its own, as in a container. The shell is the first process
 * there, which cannot be killed from inside.
 */
export const inPidNamespace: [string, ...string[]] = [
  'unshare',
  ...['--map-root-user', '--pid', '--fork', '--mount-proc', '--kill-child'],
  ...['sh', '-c', '"$@"; exit $?', 'sh'],
];

/** What a command is started with to find a disk of 64 KiB at a directory. */
export function onSmallDisk(directory: string): [string, ...string[]] {
  const mount = 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"';
  return ['unshare', '--map-root-user', '--mount', 'sh', '-c', mount, directory];
}

/** Why a command cannot be started so, here; `undefined` when it can. */
export function whyNot([program, ...args]: readonly [string, ...string[]]): string | undefined {
  try {
    execFileSync(program, [...args, 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n').filter(Boolean).join(' ');
  }
}
