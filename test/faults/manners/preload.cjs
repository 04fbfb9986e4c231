'use strict';

/**
 * Loaded before anything else in a child process (`--require`): notes who reads the environment, and who listens to the
 * process. Only the places in the code are noted, so that looking changes nothing.
 */
const { syncBuiltinESMExports } = require('node:module');

const reads = new Set();
const listens = new Set();

process.env = new Proxy(process.env, {
  get: (env, name) => note(reads, name) ?? Reflect.get(env, name),
  has: (env, name) => note(reads, name) ?? Reflect.has(env, name),
  ownKeys: (env) => note(reads, '*') ?? Reflect.ownKeys(env),
  getOwnPropertyDescriptor: (env, name) => note(reads, name) ?? Reflect.getOwnPropertyDescriptor(env, name),
});
for (const name of ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener']) {
  const original = process[name];
  process[name] = function (event, listener) {
    note(listens, event);
    return Reflect.apply(original, this, [event, listener]);
  };
}
syncBuiltinESMExports();
globalThis[Symbol.for('vibe-aigc.test.manners')] = { reads, listens };

/** `<what> <file>`, of the innermost file that is neither of Node nor this one; of Node when there is none. */
function note(notes, what) {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const frames = new Error().stack.split('\n').slice(2);
  Error.stackTraceLimit = stackTraceLimit;
  const frame = frames.find((one) => /[/\\]/.test(one) && !/\(?node:/.test(one) && !one.includes(__filename));
  const file = frame === undefined ? 'node' : frame.replace(/^.*?(file:\/\/)?([^ (]*?)(:\d+)*\)?$/, '$2');
  notes.add(`${String(what)} ${file}`);
  return undefined;
}
