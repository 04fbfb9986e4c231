import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { checkpointSchema } from '../checkpoint/checkpoint-schema.js';

/**
 * A small checkpoint to save: plan `plan-001`, one node completed and one pending, and what is passed.
 *
 * @example
 * await store.saveCheckpoint(sampleCheckpoint({ checkpointId: 'cp-a', planId: 'plan-002' }));
 */
export function sampleCheckpoint(fields: Partial<Checkpoint> = {}): Checkpoint {
  const vibe = { description: 'A film about tides', style: 'noir', constraints: ['under 2 minutes'], metadata: {} };
  const planId = fields.planId ?? 'plan-001';
  const nodes = ['script', 'cut'].map((id) => ({ id, type: 'generate' as const, description: `Do ${id}` }));
  const at = '2026-02-05T10:30:00.000Z';
  const times = { attempts: 1, startedAt: at, completedAt: at, durationMs: 0, handler: { name: 'generate' } };
  return checkpointSchema.parse({
    checkpointId: 'cp-0sample0000-1',
    createdAt: at,
    planId,
    runId: 'run-1',
    state: 'running',
    vibe,
    workflowPlan: { id: planId, sourceVibe: vibe, rootNodes: nodes },
    completedNodes: ['script'],
    pendingNodes: ['cut'],
    nodeResults: { script: { nodeId: 'script', status: 'completed', output: { text: 'Fog.' }, ...times } },
    vibeKey: 'v1:tides',
    epoch: 1,
    seq: 2,
    startedAt: at,
    activeMs: 0,
    ...fields,
  });
}

export function madeAt(minute: number, fields: Partial<Checkpoint> = {}): Checkpoint {
  const createdAt = new Date(Date.UTC(2026, 1, 5, 10, minute)).toISOString();
  return sampleCheckpoint({ checkpointId: `cp-made-${minute}`, createdAt, seq: minute, ...fields });
}
