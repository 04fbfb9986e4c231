import { join } from 'node:path';
import { buildState } from '../helpers/disk-state.js';
import { posterPlanner } from '../helpers/poster-planner.js';
import { paidNodes, posterOutputs, posterVibe } from '../helpers/poster-run.js';
import type { Sound } from './expectations.js';
import { type LeftStore, leaveStores } from './left-stores.js';

export interface SoundStore extends LeftStore, Sound {}

/** Stores that killed processes left, and what resuming on them is like before anything is damaged. */
export async function soundStores(base: string): Promise<SoundStore[]> {
  const outputs = await posterOutputs();
  const stores: SoundStore[] = [];
  for (const left of await leaveStores()) {
    const checkpointDir = join(base, left.name);
    buildState(checkpointDir, left.files);
    const calls: string[] = [];
    const planner = posterPlanner({ checkpointDir, onCall: (nodeId) => calls.push(nodeId) });
    const checkpoints = new Map<string, string>();
    for (const { checkpointId } of await planner.listCheckpoints()) {
      checkpoints.set(checkpointId, JSON.stringify(await planner.getCheckpoint(checkpointId)));
    }
    await planner.executeWithResume(posterVibe);
    await planner.close();
    stores.push({ ...left, outputs, checkpoints, known: paidNodes.filter((nodeId) => !calls.includes(nodeId)) });
  }
  return stores;
}
