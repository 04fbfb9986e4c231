import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BlobRef,
  type ExecuteOptions,
  type ExecutionEvent,
  MetaPlanner,
  type MetaPlannerOptions,
  type NodeContext,
  type PersistenceManager,
} from 'vibe-aigc';
import { filmPlan, tides } from './scripted-run.js';

/**
 * A film of which some nodes store media: `shots` and `music` a blob each, and `cut` hands on the shots. `script` and
 * `review` store none.
 */
export class MediaFilm {
  /** Node ids in the order in which they were paid for. */
  readonly calls: string[] = [];
  readonly events: ExecutionEvent[] = [];
  /** What a node does instead. */
  readonly instead = new Map<string, (context: NodeContext) => unknown>();
  /** What media of a node are. */
  contentOf = (nodeId: string) => `the media of ${nodeId}`;

  constructor(
    readonly store: PersistenceManager,
    private readonly options: MetaPlannerOptions = {},
  ) {}

  /** A planner as another process would have it. */
  planner(): MetaPlanner {
    return new MetaPlanner({
      persistenceManager: this.store,
      handlers: { default: ({ id }, context) => this.make(id, context) },
      onProgress: (event) => void this.events.push(event),
      ...this.options,
    });
  }

  run(options: ExecuteOptions = {}) {
    this.calls.length = 0;
    this.events.length = 0;
    return this.planner().executeWithResume(tides, { plan: filmPlan(), ...options });
  }

  /** What was told of nodes that are to run again. */
  get reopened(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'node_reopened'
        ? [[event.nodeId, ...(event.name === undefined ? [] : [event.name])].join(' ')]
        : [],
    );
  }

  private make(nodeId: string, context: NodeContext): unknown {
    this.calls.push(nodeId);
    const instead = this.instead.get(nodeId);
    if (instead !== undefined) return instead(context);
    if (nodeId === 'cut') return { shots: context.input('shots'), length: 90 };
    if (nodeId !== 'shots' && nodeId !== 'music') return { did: nodeId };
    return this.media(nodeId, context);
  }

  async media(nodeId: string, { blob }: NodeContext): Promise<{ media: BlobRef }> {
    return { media: await blob(this.contentOf(nodeId), { mime: 'video/mp4', name: `${nodeId}.mp4` }) };
  }
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The files below a directory whose names begin like this, by their way. */
export async function filesIn(directory: string, start: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter(({ name }) => name.startsWith(start)).map(({ parentPath, name }) => join(parentPath, name));
}
