import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowPlanInput } from 'vibe-aigc';
import { temporaryDirectory } from './stores.js';

/** A working directory with a module of handlers and a plan for them. */
export interface Project {
  readonly cwd: string;
  /** Arguments that run the plan with the handlers. */
  readonly args: readonly string[];
}

/** @param source of `handlers.mjs` */
export async function makeProject(source: string, rootNodes: WorkflowPlanInput['rootNodes']): Promise<Project> {
  const cwd = await temporaryDirectory();
  await writeFile(join(cwd, 'handlers.mjs'), source);
  const plan: WorkflowPlanInput = { id: 'plan-001', sourceVibe: { description: 'A haiku' }, rootNodes };
  await writeFile(join(cwd, 'plan.json'), JSON.stringify(plan));
  return { cwd, args: ['--plan', 'plan.json', '--handlers', 'handlers.mjs'] };
}

/** One after the other. */
export function chain(...ids: string[]): WorkflowPlanInput['rootNodes'] {
  return ids.map((id, index) => ({
    id,
    type: 'generate',
    description: `Write ${id}`,
    dependencies: index === 0 ? [] : [ids[index - 1] as string],
  }));
}

/** Node `b` takes as long as it is let: until a file `go` is there. It does not look at its signal. */
export const waitingForFile = `
  import { access, appendFile } from 'node:fs/promises';
  const isThere = () => access('go').then(() => true, () => false);
  export const handlers = {
    default: async (node) => {
      await appendFile('ran', node.id + '\\n');
      console.log(node.id + ' is under way');
      if (node.id === 'b') while (!(await isThere())) await new Promise((wake) => setTimeout(wake, 10));
      return node.id + ' is written';
    },
  };
`;
