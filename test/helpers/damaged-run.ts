import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MetaPlanner, type WorkflowPlanInput } from 'vibe-aigc';
import { Provider, tides } from './scripted-run.js';
import { fileStore } from './stores.js';

/** A run that failed at a node, its files, and planners to go on with. */
export async function failedRun(plan: WorkflowPlanInput, failAt: string) {
  const store = await fileStore();
  const provider = new Provider().failAt(failAt);
  const make = () =>
    new MetaPlanner({ persistenceManager: store, concurrency: 1, handlers: { default: provider.handler } });
  const first = await make().executeWithResume(tides, { plan });
  const directory = join(store.checkpointDir, plan.id);
  const names = async () => (await readdir(directory)).filter((name) => !name.startsWith('.lock')).sort();
  return {
    store,
    provider,
    make,
    first,
    directory,
    names,
    /** Names of checkpoint files, oldest first. */
    files: async () => (await names()).filter((name) => name.endsWith('.json')),
    /** Resumes, and answers what that calls. */
    callsOfResume: async (fixed = true) => {
      if (fixed) provider.mend();
      provider.calls.length = 0;
      const result = await make().executeWithResume(tides, { planId: plan.id });
      return { result, calls: [...provider.calls] };
    },
    repair: (more: { dryRun?: boolean; onLostInput?: 'keep' | 'rerun' } = {}) =>
      make().repairCheckpoints({ planId: plan.id, ...more }),
    /** Leaves so many of the oldest checkpoint files. */
    keepFiles: async (count: number) => {
      const all = (await names()).filter((name) => name.endsWith('.json'));
      for (const name of all.slice(count)) await rm(join(directory, name));
    },
    ...fileChanges(directory),
  };
}

/** Ways to damage the files of a directory. */
export function fileChanges(directory: string) {
  const spoil = async (name: string, change: (bytes: Buffer) => Buffer) => {
    const path = join(directory, name);
    await writeFile(path, change(await readFile(path)));
  };
  const change = (name: string, changeLines: (lines: string[]) => string[]) =>
    spoil(name, (bytes) => {
      const lines = changeLines(bytes.toString().split('\n').slice(0, -1));
      return Buffer.from(lines.map((line) => `${line}\n`).join(''));
    });
  return { spoil, change };
}

export type FailedRun = Awaited<ReturnType<typeof failedRun>>;

/** One letter of the line that has this text, behind it. */
export function rotted(lines: string[], text: string): string[] {
  const at = lines.findIndex((line) => line.includes(text));
  if (at === -1) throw new Error(`no line has ${text}`);
  return lines.map((line, index) => (index === at ? `${line.slice(0, -3)}#${line.slice(-2)}` : line));
}
