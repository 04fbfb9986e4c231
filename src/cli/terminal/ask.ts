import { createInterface } from 'node:readline';
import { CommandError } from '../command-error.js';
import { exit } from '../exit-codes.js';

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks on the terminal, beside the data on stdout. Anything but yes is no, also the end of the input. */
export function askYesNo(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve, reject) => {
    terminal.on('SIGINT', () => {
      reject(new CommandError(exit.interrupted, { what: 'Interrupted. Nothing was done.' }));
      terminal.close();
    });
    terminal.on('close', () => resolve(false));
    terminal.question(`${question} [y/N] `, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()));
      terminal.close();
    });
  });
}
