import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionResult, MetaPlanner } from 'vibe-aigc';
import type { Operation } from '../child/protocol.js';
import { buildState } from '../helpers/disk-state.js';
import { posterPlanner } from '../helpers/poster-planner.js';
import { posterVibe } from '../helpers/poster-run.js';
import { type Failure, makeFaulty, openFilesIn, operations, repair } from './faulty-disk.js';
import { brokenRun, brokenStore, damageLost, resultProblems, untypedEnd } from './laws.js';
import { makeOtherCall, otherCallProblems } from './other-calls.js';
import type { RunOptions, Scenario } from './scenarios.js';
import type { Start } from './starts.js';
import { type Ended, endOf, Witness } from './witness.js';

export interface Tried {
  readonly problems: readonly string[];
  /** How the call with the failure ended. */
  readonly ended: string;
  /** Of the call that may fail. */
  readonly operations: readonly Operation[];
}

let directories = 0;

/**
 * Lets one operation of a call fail, repairs the disk and calls again: on the same planner, or on one that knows nothing.
 * @param failure unset: nothing fails
 */
export async function tryFailure(
  base: string,
  scenario: Scenario,
  start: Start,
  failure: Failure | undefined,
  isSamePlanner: boolean,
): Promise<Tried> {
  const checkpointDir = join(base, String(++directories));
  buildState(checkpointDir, start.files);
  try {
    const trial = new Trial(checkpointDir, scenario, start, failure);
    const ended = await trial.callOnFaultyDisk();
    if (!isSamePlanner) await trial.close();
    const counted = repair().slice(0, trial.operationsOfCall);
    await trial.callAgain(isSamePlanner);
    const open = openFilesIn(checkpointDir).map((path) => `${path} is left open`);
    return { problems: [...trial.problems, ...open], ended, operations: counted };
  } finally {
    rmSync(checkpointDir, { recursive: true, force: true });
  }
}

class Trial {
  readonly problems: string[] = [];
  operationsOfCall: number | undefined;
  private readonly first = new Witness();
  private witness = this.first;
  private readonly planner: MetaPlanner;
  private other: Ended<unknown> | undefined;

  constructor(
    private readonly checkpointDir: string,
    private readonly scenario: Scenario,
    private readonly start: Start,
    private readonly failure: Failure | undefined,
  ) {
    this.planner = this.newPlanner();
  }

  async callOnFaultyDisk(): Promise<string> {
    const { call, inCallOf } = this.scenario;
    if (call.kind === 'run') {
      this.makeFaulty();
      return this.runOnFaultyDisk(call.options);
    }
    if (inCallOf !== undefined) return this.runOnFaultyDisk(undefined);
    this.makeFaulty();
    return this.makeOtherCall();
  }

  /** On a disk that is as good as new: the same call once more, then the run to its end, then a call for its result. */
  async callAgain(isSamePlanner: boolean): Promise<void> {
    const planner = isSamePlanner ? this.planner : this.newPlanner();
    await this.repeatOtherCall(planner);
    const second = this.watchedAnew();
    const { call } = this.scenario;
    if (call.kind === 'run' && call.options === 'of a checkpoint' && isSamePlanner) {
      // The same call makes a run of its own, whatever became of the first.
      const branched = await endOf(() => this.run(planner, call.options));
      this.problems.push(...resultProblems(branched, this.start.outputs));
    } else await this.resume(planner, second);
    if (this.isDamaged) this.problems.push(...damageLost(this.checkpointDir));

    const third = this.watchedAnew();
    this.problems.push(...resultProblems(await endOf(() => this.run(planner)), this.start.outputs));
    if (third.called.length > 0) this.problems.push(`all was done, and ${third.called} were called again`);
    const saved = [...this.first.saved, ...second.saved];
    this.problems.push(...(await brokenStore(this.checkpointDir, planner, saved)));
    await this.close(planner);
  }

  private async repeatOtherCall(planner: MetaPlanner): Promise<void> {
    const { scenario, start, other } = this;
    const { call } = scenario;
    if (call.kind === 'run') return;
    if (this.isLive) {
      if (other?.error === undefined) this.problems.push(...(await otherCallProblems(call, start, planner, [other])));
      return;
    }
    const again = await endOf(() => makeOtherCall(call, { planner, start }));
    this.problems.push(...(await otherCallProblems(call, start, planner, [other, again])));
  }

  private async resume(planner: MetaPlanner, witness: Witness): Promise<void> {
    const ended = await endOf(() => this.run(planner));
    this.problems.push(...resultProblems(ended, this.start.outputs));
    const { runId } = this.first;
    if (runId !== undefined && ended.value?.runId !== runId) this.problems.push('the run was forgotten');
    this.problems.push(...brokenRun([this.first, witness], this.known));
  }

  /** Nodes that are not to be paid again. */
  private get known(): readonly string[] {
    const { call } = this.scenario;
    return call.kind === 'run' && call.options !== undefined ? [] : this.start.known;
  }

  private makeFaulty(): void {
    makeFaulty(this.checkpointDir, this.failure);
  }

  private async runOnFaultyDisk(options: RunOptions | undefined): Promise<string> {
    const ended = await endOf(() => this.run(this.planner, options));
    this.operationsOfCall ??= operations().length;
    if (this.first.busy > 0) this.problems.push(`it ended with ${this.first.busy} handlers at work`);
    if (ended.error === undefined) this.problems.push(...resultProblems(ended, this.start.outputs));
    else this.problems.push(...untypedEnd(ended.error, this.first));
    return endName(this.other ?? ended);
  }

  private async makeOtherCall(): Promise<string> {
    const { call } = this.scenario;
    if (call.kind === 'run') return '';
    const ended = await endOf(() =>
      makeOtherCall(call, { planner: this.planner, start: this.start, isLive: this.isLive }),
    );
    this.operationsOfCall = operations().length;
    if (ended.error !== undefined) this.problems.push(...untypedEnd(ended.error));
    this.other = ended;
    return endName(ended);
  }

  private get isLive(): boolean {
    return this.scenario.inCallOf !== undefined;
  }

  private newPlanner(): MetaPlanner {
    const { durability, checkpointInterval, padding } = this.scenario;
    const during = async (nodeId: string) => {
      if (this.witness !== this.first || nodeId !== this.scenario.inCallOf) return;
      this.makeFaulty();
      await this.makeOtherCall();
    };
    return posterPlanner({
      checkpointDir: this.checkpointDir,
      durability,
      checkpointInterval,
      padding,
      lockTakeoverMs: 2_000,
      onCall: (nodeId) => this.witness.onCall(nodeId),
      onReturn: (nodeId, output) => this.witness.onReturn(nodeId, output),
      during,
      onPlanned: () => this.witness.onPlanned(),
      onProgress: (event) => this.witness.see(event),
    });
  }

  private watchedAnew(): Witness {
    if (!this.isDamaged) this.problems.push(...this.witness.surprises);
    this.witness = new Witness();
    return this.witness;
  }

  /** Damage stays where a call failed before it was set aside. */
  private get isDamaged(): boolean {
    return this.scenario.start === 'a run whose journal is damaged';
  }

  private run(planner: MetaPlanner, options?: RunOptions): Promise<ExecutionResult> {
    const [newest] = this.start.listed;
    const about = options === 'of a checkpoint' ? { checkpointId: newest?.checkpointId } : {};
    return planner.executeWithResume(posterVibe, {
      ...about,
      ...(options === 'fresh' && { fresh: true }),
      ...(this.isDamaged && { onCorrupt: 'fallback' }),
    });
  }

  async close(planner: MetaPlanner = this.planner): Promise<void> {
    await planner.close().catch((error) => this.problems.push(`close() threw ${error}`));
  }
}

function endName({ error }: Ended<unknown>): string {
  if (error === undefined) return 'resolved';
  return String((error as { code?: unknown }).code ?? error);
}
