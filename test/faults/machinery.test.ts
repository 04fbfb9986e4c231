import { describe, expect, it } from 'vitest';
import { callsOf } from './helpers/laws.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { operationsOf } from './helpers/victim-process.js';

const task: Task = { plan: 'short', planner: { checkpointInterval: 2, concurrency: 3 } };

describe('x', () => {
  it('counts', async () => {
    await Scratch.during(async (s) => {
      const t = performance.now();
      const p = await s.run(task);
      console.log(performance.now() - t, p.exitCode, p.printed, callsOf(p).length);
      console.log(p.entries.map((e) => JSON.stringify(e)).join('\n'));
      console.log(operationsOf(p).length, await s.files());
      const t2 = performance.now();
      const q = await s.run(task);
      console.log(performance.now() - t2, q.entries);
    });
  });
});
