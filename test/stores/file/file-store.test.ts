import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MetaPlanner, WorkflowPersistenceManager } from 'vibe-aigc';
import { sampleCheckpoint } from 'vibe-aigc/testing';
import { describe, expect, it } from 'vitest';
import { planDirectoryNames } from '../../../src/stores/file/names.js';
import { filmPlan, Provider, tides } from '../../helpers/scripted-run.js';
import { fileStore, temporaryDirectory } from '../../helpers/stores.js';

const sampleId = 'cp-0sample0000-1';

async function saved(fields: Parameters<typeof sampleCheckpoint>[0] = {}) {
  const store = await fileStore();
  const checkpoint = sampleCheckpoint(fields);
  await store.saveCheckpoint(checkpoint);
  const path = join(store.checkpointDir, checkpoint.planId, `${checkpoint.checkpointId}.json`);
  return { store, checkpoint, path };
}

describe('a checkpoint file', () => {
  it('is pretty-printed JSON with what a list needs first, the names of the guide, and the checksum last', async () => {
    const { path } = await saved({ parent: { runId: 'run-0', checkpointId: 'cp-parent' } });
    const text = await readFile(path, 'utf8');
    const document = JSON.parse(text);
    expect(text).toBe(`${JSON.stringify(document, null, 2)}\n`);
    expect(Object.keys(document)).toEqual([
      'schema_version',
      'run_id',
      'state',
      'epoch',
      'seq',
      'vibe_key',
      'vibe_description',
      'progress',
      'parent',
      'checkpoint_id',
      'plan_id',
      'created_at',
      'head_checksum',
      'vibe',
      'workflow_plan',
      'completed_nodes',
      'node_results',
      'pending_nodes',
      'started_at',
      'active_ms',
      'checksum',
    ]);
    expect(document).toMatchObject({
      schema_version: '2.0',
      progress: { completed: 1, total: 2 },
      parent: { run_id: 'run-0', checkpoint_id: 'cp-parent' },
      created_at: '2026-02-05T10:30:00.000Z',
      vibe: { description: 'A film about tides', style: 'noir', constraints: ['under 2 minutes'] },
      completed_nodes: ['script'],
      node_results: {
        script: { node_id: 'script', status: 'completed', output: { text: 'Fog.' }, handler: { name: 'generate' } },
      },
      pending_nodes: ['cut'],
    });
  });

  it('has a checksum that anybody can check by hand', async () => {
    const { path } = await saved();
    const { checksum } = JSON.parse(await readFile(path, 'utf8'));
    const byHand = execFileSync('sh', ['-c', `head -n -2 "$1" | sha256sum`, 'sh', path], { encoding: 'utf8' });
    expect(checksum).toBe(`sha256:${byHand.split(' ')[0]}`);
  });

  it('and its directory are for the owner alone, and nothing else is left beside it', async () => {
    const { store, path } = await saved();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
    expect((await stat(store.checkpointDir)).mode & 0o777).toBe(0o700);
    expect(await readdir(join(path, '..'))).toEqual([`${sampleId}.json`]);
  });

  it('keeps fields that a newer version wrote, at every level', async () => {
    const { store, path } = await saved();
    const { createHash } = await import('node:crypto');
    const document = JSON.parse(await readFile(path, 'utf8'));
    delete document.checksum;
    document.future = { a: 1 };
    document.workflow_plan.future = 'plan';
    document.workflow_plan.root_nodes[0].retry_policy = { max: 3 };
    document.node_results.script.cost = 0.5;
    const covered = `${JSON.stringify(document, null, 2).slice(0, -2)},\n`;
    const sum = createHash('sha256').update(covered).digest('hex');
    await writeFile(path, `${covered}  "checksum": "sha256:${sum}"\n}\n`);
    const loaded = await store.loadCheckpoint(sampleId);
    await store.saveCheckpoint({ ...(loaded as NonNullable<typeof loaded>), checkpointId: 'cp-again' });
    const again = JSON.parse(await readFile(join(path, '..', 'cp-again.json'), 'utf8'));
    expect(again.future).toEqual({ a: 1 });
    expect(again.workflow_plan.future).toBe('plan');
    expect(again.workflow_plan.root_nodes[0].retry_policy).toEqual({ max: 3 });
    expect(again.node_results.script.cost).toBe(0.5);
  });

  it('only names the outputs of children in a composite without a handler', async () => {
    const store = await fileStore();
    const inner = {
      id: 'inner',
      type: 'composite' as const,
      description: '',
      children: [{ id: 'a', type: 'generate' as const, description: '' }],
    };
    const plan = {
      id: 'nested',
      sourceVibe: tides,
      rootNodes: [
        {
          id: 'outer',
          type: 'composite' as const,
          description: '',
          children: [inner, { id: 'b', type: 'generate' as const, description: '' }],
        },
      ],
    };
    const planner = new MetaPlanner({ persistenceManager: store, handlers: { generate: (node) => `made ${node.id}` } });
    const result = await planner.executeWithResume(tides, { plan });
    const outputs = {
      a: 'made a',
      b: 'made b',
      inner: { a: 'made a' },
      outer: { inner: { a: 'made a' }, b: 'made b' },
    };
    expect(result.outputs).toEqual(outputs);
    const checkpointId = result.persistenceInfo.lastCheckpointId as string;
    const document = JSON.parse(await readFile(join(store.checkpointDir, 'nested', `${checkpointId}.json`), 'utf8'));
    expect(document.node_results.outer).toMatchObject({ output: ['inner', 'b'], output_from_children: true });
    expect((await planner.executeWithResume(tides, { plan })).outputs).toEqual(outputs);
  });

  it('carries __proto__ as data in ids, metadata, parameters and outputs', async () => {
    const store = await fileStore();
    const odd = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}');
    const planner = new MetaPlanner({ persistenceManager: store, handlers: { default: () => odd } });
    const node = { id: '__proto__', type: 'generate' as const, description: '', parameters: odd };
    const vibe = { ...tides, metadata: odd };
    const plan = { id: '__proto__', sourceVibe: vibe, rootNodes: [node] };
    await planner.executeWithResume(vibe, { plan });
    const result = await planner.executeWithResume(vibe, { planId: '__proto__' });
    expect(JSON.stringify(result.outputs)).toBe(`{"__proto__":${JSON.stringify(odd)}}`);
    const checkpoint = await planner.getCheckpoint(result.persistenceInfo.lastCheckpointId as string);
    expect(JSON.stringify(checkpoint.vibe.metadata)).toBe(JSON.stringify(odd));
    expect(JSON.stringify(checkpoint.workflowPlan.rootNodes[0]?.parameters)).toBe(JSON.stringify(odd));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('a plan directory', () => {
  it('has the name of the plan when that is safe everywhere, and a slug with a hash otherwise', () => {
    for (const planId of ['plan-001', 'A.b_c-9', 'x'.repeat(80)])
      expect(planDirectoryNames(planId).literal).toBe(planId);
    const hostile = [
      '',
      '.',
      '..',
      '.hidden',
      'end.',
      'a/b',
      'a\\b',
      'C:',
      'nul',
      'NUL.txt',
      'com1',
      'é',
      'a b',
      '~x',
      'x\0',
      'x'.repeat(81),
    ];
    for (const planId of hostile.slice(1)) {
      const { literal, encoded } = planDirectoryNames(planId);
      expect(literal, planId).toBeUndefined();
      expect(encoded).toMatch(/^~[a-z0-9-]{0,40}~[0-9a-f]{32}$/);
    }
    expect(() => planDirectoryNames('')).toThrow(expect.objectContaining({ code: 'INVALID_ID' }));
  });

  it('never lies outside the checkpoint directory, whatever the plan is called', async () => {
    const parent = await temporaryDirectory();
    const store = new WorkflowPersistenceManager({ checkpointDir: join(parent, 'checkpoints') });
    for (const planId of ['../escape', '/tmp/escape', '..\\escape', 'a/../../escape', 'escape\0', '.']) {
      await store.saveCheckpoint(sampleCheckpoint({ planId }));
      expect((await store.listCheckpoints({ planId })).map((summary) => summary.planId)).toEqual([planId]);
    }
    expect(await readdir(parent)).toEqual(['checkpoints']);
  });

  it('is encoded for the second of two plans that differ by case alone', async () => {
    const store = await fileStore();
    await store.saveCheckpoint(sampleCheckpoint({ planId: 'Film', checkpointId: 'cp-a' }));
    await store.saveCheckpoint(sampleCheckpoint({ planId: 'film', checkpointId: 'cp-b' }));
    const names = await readdir(store.checkpointDir);
    expect(names.toSorted()).toEqual(['Film', expect.stringMatching(/^~film~/)]);
    expect((await store.loadCheckpoint('cp-b'))?.planId).toBe('film');
  });

  it('that is a link is neither read nor written through', async () => {
    const store = await fileStore();
    const elsewhere = await temporaryDirectory();
    await store.saveCheckpoint(sampleCheckpoint({ planId: 'first' }));
    await symlink(elsewhere, join(store.checkpointDir, 'plan-001'));
    await expect(store.saveCheckpoint(sampleCheckpoint())).rejects.toMatchObject({ code: 'PERSISTENCE_FAILED' });
    await writeFile(join(elsewhere, 'cp-planted.json'), '{}');
    expect(await store.loadCheckpoint('cp-planted')).toBeUndefined();
    expect(await store.deleteCheckpoint('cp-planted')).toBe(false);
    expect(await readdir(elsewhere)).toEqual(['cp-planted.json']);
  });
});

describe('what somebody else put beside the checkpoints', () => {
  it('is damaged when it has the name of a checkpoint, and never followed, opened for ever, or read as one', async () => {
    const { store, path, checkpoint } = await saved();
    const directory = join(path, '..');
    await symlink(path, join(directory, 'cp-link.json'));
    await mkdir(join(directory, 'cp-directory.json'));
    execFileSync('mkfifo', [join(directory, 'cp-pipe.json')]);
    await writeFile(join(directory, 'notes.json'), '{}');
    await writeFile(join(directory, '.tmp-0123'), 'half a checkp');
    const summaries = await store.listCheckpoints();
    const damaged = summaries.filter((summary) => summary.damaged).map(({ checkpointId }) => checkpointId);
    expect(damaged.toSorted()).toEqual(['cp-directory', 'cp-link', 'cp-pipe']);
    for (const id of damaged)
      await expect(store.loadCheckpoint(id)).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
    expect(await store.deleteCheckpoint('cp-link')).toBe(true);
    expect(await store.loadCheckpoint(checkpoint.checkpointId)).toBeDefined();
  });
});

describe('saving', () => {
  it('refuses an id that no checkpoint can have, and a name too long for any file system', async () => {
    const store = await fileStore();
    for (const checkpointId of ['', 'x', 'cp-', 'cp-A', 'cp-../x', 'cp-a/b', `cp-${'a'.repeat(121)}`, 'cp-é']) {
      const call = store.saveCheckpoint({ ...sampleCheckpoint(), checkpointId });
      await expect(call).rejects.toMatchObject({ code: 'INVALID_ID', id: checkpointId });
    }
    expect(await store.listCheckpoints()).toEqual([]);
  });

  it('works again after somebody removed the directory', async () => {
    const { store } = await saved();
    await rm(store.checkpointDir, { recursive: true });
    expect(await store.listCheckpoints()).toEqual([]);
    await store.saveCheckpoint(sampleCheckpoint());
    expect(await store.listCheckpoints()).toHaveLength(1);
  });

  it('gives every takeover of a plan a higher epoch', async () => {
    const store = await fileStore();
    const provider = new Provider().failAt('cut');
    const make = () => new MetaPlanner({ persistenceManager: store, handlers: { default: provider.handler } });
    for (let call = 0; call < 3; call++) await make().executeWithResume(tides, { plan: filmPlan() });
    const [latest] = await store.listCheckpoints();
    expect(latest?.epoch).toBe(3);
    expect(latest?.seq).toBeGreaterThan(7);
  });

  it('keeps two planners on one directory from running one plan, however the path is written', async () => {
    const directory = await temporaryDirectory();
    const provider = new Provider().holdAt('script');
    const make = (checkpointDir: string) => new MetaPlanner({ checkpointDir, handlers: { default: provider.handler } });
    const running = make(directory).executeWithResume(tides, { plan: filmPlan() });
    await provider.reached('script');
    const second = make(join(directory, 'x', '..')).executeWithResume(tides, { plan: filmPlan() });
    await expect(second).rejects.toMatchObject({ code: 'PLAN_LOCKED' });
    provider.open('script');
    expect((await running).status).toBe('completed');
  });
});

describe('a manager', () => {
  it('refuses options that it does not know', () => {
    expect(() => new WorkflowPersistenceManager({ checkpointdir: 'x' } as never)).toThrow(/checkpointDir/);
    expect(() => new WorkflowPersistenceManager({ checkpointDir: '' })).toThrow(TypeError);
  });
});
