import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, MetaPlanner, type WorkflowPlanInput } from 'vibe-aigc';

const made: string[] = [];

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vibe-aigc-cli-'));
  made.push(directory);
  return directory;
}

export async function removeTemporaryDirectories(): Promise<void> {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true, force: true });
}

const haiku: WorkflowPlanInput = {
  id: 'plan-001',
  sourceVibe: { description: '海の俳句 🌊 about\nthe tides', style: 'noir', constraints: ['three lines'] },
  rootNodes: [
    { id: 'idea', type: 'analyze', description: 'Find the idea' },
    {
      id: 'text',
      type: 'generate',
      description: 'Write it',
      dependencies: ['idea'],
      children: [
        { id: 'line-1', type: 'generate', description: 'The first line' },
        { id: 'line-2', type: 'generate', description: 'The second line' },
      ],
    },
    { id: 'check', type: 'validate', description: 'Count the syllables', dependencies: ['text'] },
  ],
};

/**
 * A working directory with the checkpoints of two runs: one that failed (0, 1, 2 and again 2 of 5 nodes), and a newer one
 * of the plan "Kunde Müller/Film 1" that completed (0 and 1 of 1 nodes).
 */
export async function makeStore(host: Partial<Host> = {}): Promise<Store> {
  const cwd = await temporaryDirectory();
  const checkpointDir = join(cwd, '.vibe_checkpoints');
  const planner = new MetaPlanner({
    checkpointDir,
    checkpointInterval: 1,
    concurrency: 1,
    host,
    handlers: {
      default: (node) => {
        if (node.id === 'line-2') throw Object.assign(new Error('the model\nanswered 429'), { code: 'RATE_LIMITED' });
        return node.id === 'idea' ? { text: `\u001b[31m${'潮'.repeat(200)}` } : 'some text';
      },
    },
  });
  await planner.executePlan(haiku);
  const { sourceVibe, rootNodes } = haiku;
  await planner.executePlan({ id: 'Kunde Müller/Film 1', sourceVibe, rootNodes: rootNodes.slice(0, 1) });
  return new Store(cwd, checkpointDir);
}

export class Store {
  constructor(
    readonly cwd: string,
    readonly checkpointDir: string,
  ) {}

  get planner(): MetaPlanner {
    return new MetaPlanner({ checkpointDir: this.checkpointDir });
  }

  /** Newest first. */
  async ids(): Promise<string[]> {
    return (await this.planner.listCheckpoints()).map(({ checkpointId }) => checkpointId);
  }

  /** Paths of all files, from the checkpoint directory. */
  async files(): Promise<string[]> {
    return (await readdir(this.checkpointDir, { recursive: true })).filter((name) => name.endsWith('.json'));
  }

  async copy(): Promise<Store> {
    const cwd = await temporaryDirectory();
    await cp(this.cwd, cwd, { recursive: true });
    return new Store(cwd, join(cwd, '.vibe_checkpoints'));
  }

  /** Changes the text of a stored checkpoint. */
  async spoil(checkpointId: string, change: (text: string) => string): Promise<void> {
    const file = join(
      this.checkpointDir,
      (await this.files()).find((name) => name.endsWith(`${checkpointId}.json`)) as string,
    );
    await writeFile(file, change(await readFile(file, 'utf8')));
  }
}
