import { MemoryPersistenceManager, MetaPlanner, type NodeHandler } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { quiet } from '../helpers/execution-driven-run.js';

const vibe = { description: 'A film about money' };

function wide(size: number) {
  const rootNodes = Array.from({ length: size }, (_, index) => ({
    id: `n${index}`,
    type: 'generate' as const,
    description: '',
    parameters: { tool: index % 2 === 0 ? 'video' : 'voice' },
  }));
  return { id: 'wide', sourceVibe: vibe, rootNodes };
}

const buy =
  (ledger: string[], price = 1): NodeHandler =>
  async ({ id }, { reserve, spend }) => {
    await reserve({ amount: price });
    await quiet();
    ledger.push(id);
    await spend({ amount: price });
    return id;
  };

describe('a budget', () => {
  it('is not passed by nodes that run at the same time; the run pauses with what is finished, and a higher cap goes on', async () => {
    const ledger: string[] = [];
    const planner = new MetaPlanner({
      persistenceManager: new MemoryPersistenceManager(),
      handlers: { default: buy(ledger) },
      budget: { run: { USD: 3.5 } },
    });
    const paused = await planner.executeWithResume(vibe, { plan: wide(8) });
    expect(paused).toMatchObject({
      status: 'paused',
      pause: { reason: 'budget', cap: 'run', currency: 'USD', limit: 3.5, spent: 3 },
    });
    expect(ledger).toHaveLength(3);
    expect(paused.executionSummary).toMatchObject({ completed: 3, spend: { USD: { amount: 3, tokens: 0 } } });

    const still = await planner.executeWithResume(vibe, { plan: wide(8) });
    expect(still).toMatchObject({ status: 'paused', executionSummary: { reused: 3 } });
    expect(ledger).toHaveLength(3);

    const result = await planner.executeWithResume(vibe, { plan: wide(8), budget: { run: { USD: 10 } } });
    expect(result).toMatchObject({ status: 'completed', executionSummary: { spend: { USD: { amount: 8 } } } });
    expect(new Set(ledger).size).toBe(8);
    expect(ledger).toHaveLength(8);
  });

  it('can be for a tool and for a type, and lets the others go on', async () => {
    const ledger: string[] = [];
    const planner = new MetaPlanner({
      persistenceManager: new MemoryPersistenceManager(),
      handlers: { default: buy(ledger) },
      budget: { tools: { video: { USD: 2 } }, types: { generate: { USD: 100 } } },
    });
    const paused = await planner.executeWithResume(vibe, { plan: wide(10) });
    expect(paused).toMatchObject({ status: 'paused', pause: { cap: 'tool video', spent: 2 } });
    expect(ledger.filter((id) => Number(id.slice(1)) % 2 === 1)).toHaveLength(5);
    expect(ledger).toHaveLength(7);
  });

  it('gives back what was reserved and not spent', async () => {
    const ledger: string[] = [];
    const cheaper: NodeHandler = async ({ id }, { reserve, spend }) => {
      await reserve({ amount: 2 });
      ledger.push(id);
      await spend({ amount: 0.5 });
    };
    const planner = new MetaPlanner({
      persistenceManager: new MemoryPersistenceManager(),
      handlers: { default: cheaper },
      budget: { run: { USD: 4 } },
    });
    const result = await planner.executeWithResume(vibe, { plan: wide(5) });
    expect(result).toMatchObject({ status: 'completed', executionSummary: { spend: { USD: { amount: 2.5 } } } });
  });

  it('takes an unknown cost for what was reserved, for nothing, or for a reason to stop, as it is told', async () => {
    const unknown: NodeHandler = async (_, { reserve, spend }) => {
      await reserve({ amount: 1 });
      await spend({});
    };
    const endOf = async (unknownCost: 'estimate' | 'ignore' | 'pause') => {
      const planner = new MetaPlanner({
        persistenceManager: new MemoryPersistenceManager(),
        handlers: { default: unknown },
        concurrency: 1,
        budget: { run: { USD: 2 }, unknownCost },
      });
      const { status, executionSummary } = await planner.executeWithResume(vibe, { plan: wide(4) });
      return [status, executionSummary.completed];
    };
    expect(await endOf('estimate')).toEqual(['paused', 2]);
    expect(await endOf('ignore')).toEqual(['completed', 4]);
    expect(await endOf('pause')).toEqual(['paused', 1]);
  });

  it('counts what is spent without a budget, too', async () => {
    const planner = new MetaPlanner({
      persistenceManager: new MemoryPersistenceManager(),
      handlers: { default: (_, { spend }) => spend({ amount: 0.25, currency: 'EUR', tokens: 10 }) },
    });
    const { executionSummary } = await planner.execute(vibe, { plan: wide(4) });
    expect(executionSummary.spend).toEqual({ EUR: { amount: 1, tokens: 40 } });
  });
});
