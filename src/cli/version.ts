import { createRequire } from 'node:module';

/** The version of the package that this command line belongs to. */
export function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('vibe-aigc/package.json') as { version: string };
  return version;
}
