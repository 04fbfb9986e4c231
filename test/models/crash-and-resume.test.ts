import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MetaPlanner } from 'vibe-aigc';
import { openaiCompatible, withModel } from 'vibe-aigc/models';
import { describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/built-package.js';
import { completion, startChatServer } from '../helpers/chat-server.js';
import { fileStore } from '../helpers/stores.js';

const program = builtProgram(new URL('../helpers/killed-while-modelling.ts', import.meta.url));
const vibe = { description: 'A poem about tides' };
const parts = ['ideas', 'draft', 'poem'];
const plan = JSON.stringify({
  nodes: parts.map((id, index) => ({
    id,
    type: 'generate',
    description: `Do ${id}`,
    dependencies: parts.slice(0, index).slice(-1),
  })),
});

describe('a run with a model that was killed', () => {
  it.each([0, 1, 2])('with %i nodes complete pays for the plan and for each node once', async (dieAfter) => {
    await using server = await startChatServer(({ body, prompt }) =>
      body.response_format !== undefined
        ? completion(plan)
        : completion(`Done: ${/Your part:\n(.*)/.exec(prompt)?.[1]}`),
    );
    const store = await fileStore();
    const child = [program, store.checkpointDir, server.baseURL, String(dieAfter), vibe.description];
    const [, signal] = await once(spawn(process.execPath, child, { stdio: 'ignore' }), 'close');
    expect(signal).toBe('SIGKILL');
    const paidBefore = server.calls.length;
    expect(paidBefore).toBeGreaterThanOrEqual(1 + dieAfter);
    expect(paidBefore).toBeLessThanOrEqual(1 + dieAfter + 1); // one that was under way

    const model = openaiCompatible({ baseURL: server.baseURL, model: 'test-model' });
    const planner = new MetaPlanner({ ...withModel(model), persistenceManager: store });
    const result = await planner.executeWithResume(vibe);
    expect(result.outputs).toEqual({ ideas: 'Done: Do ideas', draft: 'Done: Do draft', poem: 'Done: Do poem' });
    expect(result.executionSummary).toMatchObject({ reused: dieAfter });

    const keys = server.calls.map(({ headers, body }) => (body.response_format ? 'plan' : headers['idempotency-key']));
    expect(keys.filter((key) => key === 'plan')).toHaveLength(1);
    expect(new Set(keys).size).toBe(4); // what was asked twice was asked under the same key
    const asked = server.calls.slice(paidBefore).map(({ prompt }) => /Your part:\nDo (.*)/.exec(prompt)?.[1]);
    expect(asked).toEqual(parts.slice(dieAfter));
    expect(result.executionSummary.spend?.USD?.tokens).toBe(3 * 120);
  });
});
