'use strict';

/**
 * Loaded before anything else in a child process (`--require`): puts `fault.cjs` in front of every file operation, in
 * whichever of the ways it is called: `fs.write`, `fs.writeSync`, `fs.promises.writeFile`, `fileHandle.write`.
 */
const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks');
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');
const os = require('node:os');
const { begin, end, lift, order, renew } = require('./fault.cjs');
const { describeHandle, describers } = require('./operations.cjs');

/** Set while a function of `fs` runs: what it calls of its own kind is part of the same operation. */
const inside = new AsyncLocalStorage();

for (const [name, describe] of Object.entries(describers)) {
  wrap(fs, name, describe, throughCallback);
  wrap(fs, `${name}Sync`, describe, directly);
  wrap(fs.promises, name, describe, throughPromise);
}
if (order.hostname !== undefined) os.hostname = () => order.hostname;
syncBuiltinESMExports();
globalThis[Symbol.for('vibe-aigc.test.fault')] = { lift, renew };

function wrap(object, name, describe, through) {
  const original = object[name];
  if (typeof original !== 'function') return;
  object[name] = function (...args) {
    const operation = inside.getStore() ? undefined : describe(args);
    if (operation === undefined) return Reflect.apply(original, this, args);
    const proceed = (given) => inside.run(true, () => Reflect.apply(original, this, given));
    return through(operation, args, proceed);
  };
  // util.promisify finds here what a callback with two values resolves to.
  Object.defineProperties(object[name], Object.getOwnPropertyDescriptors(original));
}

function directly(operation, args, proceed) {
  const { given, error } = prepare(operation, args);
  if (error !== undefined && operation.kind === 'exists') return false; // it cannot say that it does not know
  if (error !== undefined && operation.kind !== 'close') throw error;
  const result = proceed(given);
  if (error !== undefined) throw error;
  operation.opened?.(result);
  end(operation);
  return result;
}

function throughCallback(operation, args, proceed) {
  const { given, error } = prepare(operation, args.slice(0, -1));
  const callback = args.at(-1);
  const done = AsyncResource.bind((failure, ...results) => {
    if (failure == null && error === undefined) {
      operation.opened?.(results[0]);
      end(operation);
    }
    callback(failure ?? error ?? null, ...results);
  });
  if (error !== undefined && operation.kind !== 'close') process.nextTick(done, error);
  else proceed([...given, done]);
}

async function throughPromise(operation, args, proceed) {
  const { given, error } = prepare(operation, args);
  if (error !== undefined && operation.kind !== 'close') throw error;
  const result = await proceed(given);
  if (error !== undefined) throw error;
  operation.opened?.(result);
  if (typeof result?.fd === 'number') wrapHandle(result, operation);
  end(operation);
  return result;
}

/** May not return. A `close` that fails has closed all the same, as on Linux. */
function prepare(operation, args) {
  const fault = operation.isCounted ? begin(operation) : undefined;
  if (fault === 'SHORT') return { given: operation.shorten(args) };
  return { given: args, error: fault };
}

/** The methods of a FileHandle, `close` among them, which is none of its prototype. */
function wrapHandle(handle, opening) {
  for (const [name, describe] of Object.entries(describeHandle(handle, opening))) {
    wrap(handle, name, describe, throughPromise);
  }
}
