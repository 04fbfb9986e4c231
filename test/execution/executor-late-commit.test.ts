import { expect, it } from 'vitest';
import { DrivenRun, quiet } from '../helpers/execution-driven-run.js';
import { HeldLog } from '../helpers/execution-logs.js';
import { node } from '../helpers/plan-builders.js';

it('announces no parent as completed of which a child could not be kept', async () => {
  const log = new HeldLog();
  const run = new DrivenRun([node('parent', { children: [node('lost'), node('kept')] })], { log });
  const step = async () => {
    log.release();
    await quiet();
  };
  await step();
  await run.settle('parent');
  await step();
  await run.settle('lost');
  await run.settle('kept');
  log.waiting.shift()?.reject(new Error('disk full'));
  await quiet();
  await step(); // what was under way is still kept, and announced
  await expect(run.ended).rejects.toThrow('disk full');
  expect(run.story).toContain('node_completed kept');
  expect(run.story).not.toContain('node_completed parent');
});
