#!/usr/bin/env node
import { endQuietlyOnClosedPipe } from './terminal/output.js';
import { packageVersion } from './version.js';

endQuietlyOnClosedPipe();
const args = process.argv.slice(2);

// Before anything else is loaded: a version is asked for by scripts, again and again.
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  process.stdout.write(`${packageVersion()}\n`);
} else {
  const { run } = await import('./program.js');
  const code = await run(args);
  // A handler of the user's may have left something open that would keep the process alive.
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
