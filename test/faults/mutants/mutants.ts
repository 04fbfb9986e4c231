/** A protection switched off, and the tests that must notice. */
export interface Mutant {
  readonly name: string;
  /** Below src/. */
  readonly file: string;
  /** Occurs there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Below test/. */
  readonly caughtBy: string;
}

const file = (name: string) => `stores/file/${name}.ts`;

export const mutants: readonly Mutant[] = [
  {
    name: 'no flush of a record',
    file: file('journal-writer'),
    find: 'await this.file.datasync();\n      this.flushed = number;',
    replace: 'this.flushed = number;',
    caughtBy: 'faults/power-loss',
  },
  {
    name: 'no flush of what a journal begins with',
    file: file('documents'),
    find: 'await writing;\n    await file.sync();',
    replace: 'await writing;',
    caughtBy: 'faults/power-loss',
  },
  {
    name: 'no flush of a directory',
    file: file('documents'),
    find: 'await handle.sync();',
    replace: '',
    caughtBy: 'faults/power-loss',
  },
  {
    name: 'acknowledged before it is flushed',
    file: file('journal-writer'),
    find: 'this.written = number;\n    if (this.durability',
    replace: 'this.written = number;\n    group.resolve();\n    if (this.durability',
    caughtBy: 'faults/power-loss',
  },
  {
    name: 'no checksum of a record',
    file: file('journal-lines'),
    find: 'found !== sum) return undefined;',
    replace: 'found === noLine) return undefined;',
    caughtBy: 'faults/damage/flips.test.ts',
  },
  {
    name: 'no checksum of a checkpoint',
    file: 'checkpoint/sealed-document.ts',
    find: "return sha256(covered) === line[1] ? version : damaged('its checksum does not match');",
    replace: 'return version;',
    caughtBy: 'lifecycle/damaged-checkpoints.test.ts',
  },
  {
    name: 'no chain of records',
    file: file('journal-reader'),
    find: 'line.number !== number + 1 || line.prev !== sum',
    replace: 'line.number !== number + 1',
    caughtBy: 'stores/file/journal.test.ts',
  },
  {
    name: 'no word of what was flushed',
    file: file('journal-reader'),
    find: 'this.flushed = Math.max(this.flushed, line.flushed);',
    replace: '',
    caughtBy: 'faults/damage/damage.test.ts',
  },
  {
    name: 'no fence before an acknowledgement',
    file: file('journal-writer'),
    find: 'if (checkNow === undefined) await this.lease.check();\n    else checkNow();',
    replace: '',
    caughtBy: 'lifecycle/journaled-runs.test.ts',
  },
  {
    name: 'no fence before an acknowledgement at relaxed',
    file: file('journal-writer'),
    find: 'checkNow();\n    this.checkedAt = now;',
    replace: 'this.checkedAt = now;',
    caughtBy: 'stores/conformance.test.ts',
  },
  {
    name: 'no lock',
    file: file('lock'),
    find: "if (holding.verdict === 'alive') throw",
    replace: "if (holding.verdict === ('never' as string)) throw",
    caughtBy: 'faults/six-processes.test.ts',
  },
  {
    name: 'no reading back of a checkpoint file',
    file: file('documents'),
    find: 'if (!(await isInFile(temporary, bytes))) throw new Error(notWhole);',
    replace: '',
    caughtBy: 'faults/failing-operations.test.ts',
  },
  {
    name: 'no sweeping',
    file: file('lock'),
    find: 'for (const name of names) if (isTemporary(name)) await remove(name);',
    replace: '',
    caughtBy: 'faults/crash-points.test.ts',
  },
  {
    name: 'process ids of another namespace taken for ours',
    file: file('lock-owner'),
    find: "if (owner.pidNamespace !== here.pidNamespace) return 'unknown';",
    replace: '',
    caughtBy: 'stores/file/lock.test.ts',
  },
  {
    name: 'no encoding of a plan id that is no safe name',
    file: file('names'),
    find: 'return isSafe(planId) ? { encoded, literal: planId } : { encoded };',
    replace: 'return { encoded, literal: planId };',
    caughtBy: 'stores',
  },
  {
    name: 'links followed',
    file: file('documents'),
    find: 'constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)',
    replace: 'constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)',
    caughtBy: 'stores/file/journal.test.ts',
  },
  {
    name: 'the old journal removed before the new one is complete',
    file: file('journal'),
    find: 'const framer = await this.writeOpening(directory, path, opening.lines);',
    replace:
      'for (const epoch of opening.replaces) await unlink(join(directory, journalName(epoch))).catch(ignoreMissing);\n    const framer = await this.writeOpening(directory, path, opening.lines);',
    caughtBy: 'stores/file/journal.test.ts',
  },
  {
    name: 'no heartbeat',
    file: file('lock'),
    find: 'lease.start();',
    replace: '',
    caughtBy: 'stores/file/lock.test.ts',
  },
  {
    name: 'a lock that was made again taken for ours',
    file: file('lease'),
    find: 'if (isSame(identity, this.identity) && next === undefined) return;',
    replace: 'if (identity !== undefined && next === undefined) return;',
    caughtBy: 'stores/file/lock.test.ts',
  },
  {
    name: 'a lock that cannot be read just now taken for a stranger’s',
    file: file('lock-owner'),
    find: 'if (error instanceof ForeignFile) return undefined;',
    replace: 'return undefined;',
    caughtBy: 'stores/file/lock.test.ts',
  },
  {
    name: 'a short write taken for a whole one',
    file: file('documents'),
    find: 'written += bytesWritten;',
    replace: 'written = bytes.length + bytesWritten;',
    caughtBy: 'stores/file/journal.test.ts',
  },
  {
    name: 'a journal written on after a failed write',
    file: file('journal-writer'),
    find: 'if (failed !== undefined) throw failed.error;\n    const { number }',
    replace: 'const { number }',
    caughtBy: 'stores/file/journal.test.ts',
  },
  {
    name: 'an error without the results that could not be saved',
    file: 'lifecycle/run-vibe.ts',
    find: 'return new PersistenceError<ExecutionState>(state.planId, reason, executionStateOf(state), { cause });',
    replace: 'return new PersistenceError<ExecutionState>(state.planId, reason, undefined, { cause });',
    caughtBy: 'faults/failing-calls',
  },
  {
    name: 'a file of another plan taken for ours',
    file: file('listing'),
    find: "if (!isAtHome) return 'it is the file of another plan';",
    replace: '',
    caughtBy: 'faults/damage/damage.test.ts',
  },
  {
    name: 'lines of another journal taken for the end of this one',
    file: file('journal-reader'),
    find: 'return isChained ? numbers.at(-1) : undefined;',
    replace: 'return isChained || numbers.length > 0 ? numbers.at(-1) : undefined;',
    caughtBy: 'stores/file/journal.test.ts',
  },
  {
    name: 'no flush of a blob',
    file: file('blobs'),
    find: '    await file.sync();\n    return { sha256',
    replace: '    return { sha256',
    caughtBy: 'faults/power-loss',
  },
  {
    name: 'no hash of a blob that is opened',
    file: 'lifecycle/open-blob.ts',
    find: "if (sum.digest('hex') !== sha256) throw",
    replace: "if (sum.digest('hex') === '') throw",
    caughtBy: 'lifecycle/media.test.ts',
  },
  {
    name: 'no hash of a blob when a run goes on',
    file: 'lifecycle/run-blobs.ts',
    find: "sum.digest('hex') === sha256 ? undefined",
    replace: "sum.digest('hex') !== '' ? undefined",
    caughtBy: 'lifecycle/media.test.ts',
  },
  {
    name: 'what looks like a reference counts as one',
    file: 'run/blob-ref.ts',
    find: 'sha256 !== undefined && known.has(sha256) &&',
    replace: 'sha256 !== undefined &&',
    caughtBy: 'lifecycle/media.test.ts',
  },
  {
    name: 'an older checkpoint wins over what was made again',
    file: 'lifecycle/find-latest.ts',
    find: 'if (isCounted && provenNodes(a) !== provenNodes(b)) return provenNodes(b) - provenNodes(a);',
    replace: 'if (isCounted && a.completedNodes !== b.completedNodes) return b.completedNodes - a.completedNodes;',
    caughtBy: 'lifecycle/media.test.ts',
  },
];
