import { execFileSync } from 'node:child_process';

/** What a command is started with to be in namespaces of its own, as in a container. */
export const inPidNamespace = [
  'unshare',
  '--map-root-user',
  '--pid',
  '--fork',
  '--mount-proc',
  '--kill-child',
] as const;
/** The same, with a disk of 64 KiB at a directory: `$0`, and the command behind it. */
export const onSmallDisk = (directory: string) =>
  [
    ...['unshare', '--map-root-user', '--mount', 'sh', '-c'],
    ...['mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"', directory],
  ] as const;

/** Why a command cannot be started so, here; `undefined` when it can. */
export function whyNot([program, ...args]: readonly [string, ...string[]]): string | undefined {
  try {
    execFileSync(program, [...args, 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n').filter(Boolean).join(' ');
  }
}
