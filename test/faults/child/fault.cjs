'use strict';

/**
 * Counts the file operations of a process under one directory, tells the ledger of each, and at one of them does what
 * it was told: kill the process, stop it, or let the operation fail. `FaultOrder` in `protocol.ts` says what may be asked.
 */
const { readSync, writeSync } = require('node:fs');
const { constants } = require('node:os');
const { relative, resolve, sep } = require('node:path');

const ledger = 3;
const order = JSON.parse(process.env.VIBE_TEST_FAULT ?? '{"directory":"/"}');
let isLifted = false;
let counted = 0;
let matched = 0;
/** Told here, and not to the ledger, when the order is one that `renew` gave. */
let told;

/** What a path is called in the ledger: its way from the directory; `undefined` when it does not lie there. */
function nameOf(path) {
  const text = path instanceof URL ? path.pathname : String(path);
  const way = relative(order.directory, resolve(text));
  return way === '..' || way.startsWith(`..${sep}`) ? undefined : way || '.';
}

/**
 * An operation is about to happen: may not return.
 * @returns the error that it is to fail with, 'SHORT' for a write of half the bytes, or `undefined`
 */
function begin(operation) {
  operation.n = ++counted;
  note({ type: 'operation', n: counted, kind: operation.kind, file: operation.file });
  if (isLifted || !isMeant(operation)) return undefined;
  operation.isChosen = true;
  if (order.action === 'fail') return failureOf(operation);
  if (order.when === 'after') return undefined;
  if (order.when === 'in') operation.writeHalf?.();
  interrupt(operation);
}

/** An operation has happened, and its caller does not know yet: may not return. */
function end(operation) {
  if (operation.isChosen && order.when === 'after' && !isLifted) interrupt(operation);
}

/** The disk is repaired: no operation fails any more. */
function lift() {
  isLifted = true;
}

/** Counts anew, with another order. Answers the list in which the operations will be told. */
function renew(next) {
  for (const key of Object.keys(order)) delete order[key];
  Object.assign(order, next);
  isLifted = false;
  counted = matched = 0;
  told = [];
  return told;
}

/** Whether an operation is one of those that the order counts. */
function counts(isChange) {
  return order.counts === 'all' || (order.counts === 'looks') !== isChange;
}

function isMeant({ kind, file }) {
  if (order.at === undefined) return false;
  if (order.only?.kind !== undefined && order.only.kind !== kind) return false;
  if (order.only?.file !== undefined && !file.includes(order.only.file)) return false;
  matched += 1;
  if (matched === order.at) return true;
  return Boolean(order.isLasting) && matched > order.at && (order.lastingKinds?.includes(kind) ?? true);
}

function interrupt({ n }) {
  if (order.action === 'stop') {
    note({ type: 'stopped', n });
    readSync(ledger, Buffer.alloc(1)); // until whoever reads the ledger has sent a SIGSTOP, and then a byte
    note({ type: 'continued', n });
  } else {
    process.kill(process.pid, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // a thread may see the signal a moment later
  }
}

/** What writes in a loop by itself cannot be short: it ends with an error in the middle. */
function failureOf(operation) {
  if (order.code !== 'SHORT') return errorOf(operation, order.code);
  if (operation.shorten !== undefined) return 'SHORT';
  operation.writeHalf?.();
  return errorOf(operation, 'ENOSPC');
}

function errorOf({ kind, file, path }, code) {
  const error = new Error(`${code}: made to fail by a test, ${kind} '${file}'`);
  return Object.assign(error, { code, errno: -constants.errno[code], syscall: kind, path });
}

function note(entry) {
  if (told !== undefined) told.push(entry);
  else writeSync(ledger, `${JSON.stringify(entry)}\n`);
}

module.exports = { order, nameOf, begin, end, lift, renew, counts };
