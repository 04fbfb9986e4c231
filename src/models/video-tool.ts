import { z } from 'zod';
import { FatalError, ModelError } from '../errors.js';
import type { Job } from '../execution/context/job.js';
import type { NodeContext } from '../execution/node-handler.js';
import type { BlobRef, WorkflowNode } from '../index.js';
import { checkSdkModel, type SdkJson } from './ai-sdk.js';
import { type AiSdkVideo, type AiSdkVideoCall, type AiSdkVideoModel, idOf } from './media-model.js';
import {
  type CheckedToolOptions,
  type MediaToolOptions,
  mediaTool,
  pictureOf,
  ratioSchema,
  sizeSchema,
  type ToolEntry,
} from './media-tool.js';
import { bytesOf, endingOf } from './media-type.js';
import { modelErrorOf } from './model-failure.js';

const parametersSchema = z.strictObject({
  /** What is to be seen. Default: the description of the node. */
  prompt: z.string().min(1).optional(),
  aspectRatio: ratioSchema.optional(),
  resolution: sizeSchema.optional(),
  /** Seconds. */
  duration: z.number().positive().optional(),
  fps: z.number().positive().optional(),
  seed: z.number().int().optional(),
  generateAudio: z.boolean().optional(),
});

/**
 * A tool that makes one film for each of its nodes, with a video model of the AI SDK. The output is `{ video }`, a
 * `BlobRef` beside the plan. A model that has `doStart` and `doStatus` works on it as a paid job: submitted once, and
 * polled from whichever process goes on. Any other is asked once and waited for; a crash meanwhile loses what was paid.
 *
 * @throws TypeError for what is no such model, and an option that makes no sense
 * @example
 * withModel(model, { tools: { film: videoTool(provider.video('some-model'), { price: { amount: 0.5 } }) } });
 */
export function videoTool(model: AiSdkVideoModel, options?: MediaToolOptions): ToolEntry {
  checkSdkModel(model, 'videoTool');
  return mediaTool(options, {
    of: 'videoTool',
    version: idOf(model),
    description: 'Makes one short film of what the description of the node says; the output is a reference to it',
    parameters: parametersSchema,
    async work(node, context, checked) {
      const film = new Filming(model, node, context, checked);
      if (checked.price !== undefined) await context.reserve(checked.price);
      if (model.doStart === undefined || model.doStatus === undefined) {
        return context.step('video', async () => {
          const videos = await film.generate();
          await film.pay();
          return film.keep(videos);
        });
      }
      const kept = await context.job(film.job());
      await context.step('pay', () => film.pay()); // of its own: what could not be kept is collected again, and paid once
      return kept;
    },
  });
}

class Filming {
  constructor(
    private readonly model: AiSdkVideoModel,
    private readonly node: WorkflowNode,
    private readonly context: NodeContext,
    private readonly options: CheckedToolOptions,
  ) {}

  job(): Job<SdkJson, { readonly video: BlobRef }> {
    return {
      name: 'video',
      start: async ({ idempotencyKey, signal }) => this.start(this.call(idempotencyKey, signal)),
      poll: async (operation, { signal }) => {
        const { status, error } = await this.status(operation, signal);
        if (status === 'completed') return { status: 'done' };
        if (status === 'error') return { status: 'failed', error: new Error(`the film was not made: ${error ?? ''}`) };
        return { status: 'pending' };
      },
      collect: async (operation, { signal }) => {
        const { videos = [] } = await this.status(operation, signal);
        return this.keep(videos);
      },
    };
  }

  async generate(): Promise<readonly AiSdkVideo[]> {
    const { signal, idempotencyKey } = this.context;
    if (this.model.doGenerate === undefined) throw new FatalError(`${idOf(this.model)} makes no films.`);
    const generated = this.model.doGenerate(this.call(idempotencyKey, signal));
    return (await this.answered(generated, signal)).videos;
  }

  async pay(): Promise<void> {
    await this.context.spend(this.options.price ?? {});
  }

  async keep([video]: readonly AiSdkVideo[]): Promise<{ readonly video: BlobRef }> {
    if (video === undefined) throw new ModelError(idOf(this.model), 'empty', 'it made no film');
    const mime = /^[\w.+-]+\/[\w.+-]+$/.test(video.mediaType) ? video.mediaType : 'video/mp4';
    const name = `${this.node.id.slice(0, 200)}.${endingOf(mime)}`;
    return { video: await this.context.blob(await this.contentOf(video), { mime, name }) };
  }

  private async start(call: AiSdkVideoCall): Promise<SdkJson> {
    try {
      return (await this.answered((this.model as Required<AiSdkVideoModel>).doStart(call), call.abortSignal))
        .operation as SdkJson;
    } catch (error) {
      const { reason, status } = error as Partial<ModelError>;
      const wasNeverSent = status === undefined && (reason === 'unauthorized' || reason === 'rejected');
      throw wasNeverSent ? new FatalError((error as Error).message, { cause: error }) : error;
    }
  }

  private async status(operation: SdkJson, abortSignal: AbortSignal) {
    const { doStatus } = this.model as Required<AiSdkVideoModel>;
    return this.answered(doStatus.call(this.model, { operation, abortSignal }), abortSignal);
  }

  private async contentOf(video: AiSdkVideo): Promise<Uint8Array | ReadableStream<Uint8Array>> {
    if (video.data !== undefined) return bytesOf(video.data);
    const id = idOf(this.model);
    if (video.url === undefined || !/^https?:\/\//.test(video.url)) {
      throw new ModelError(id, 'unreadable', `it left its film where it cannot be fetched (${video.type})`);
    }
    const { signal } = this.context;
    const response = await this.answered((this.options.fetch ?? fetch)(video.url, { signal }), signal);
    const { ok, status, headers, body } = response;
    if (ok && body !== null) return body;
    void body?.cancel().catch(() => {}); // what it says is not read, and its connection is not kept for it
    throw modelErrorOf(id, Object.assign(new Error('its film could not be fetched'), { status, headers }));
  }

  private async answered<T>(answer: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw modelErrorOf(idOf(this.model), error);
    }
  }

  private call(idempotencyKey: string, abortSignal: AbortSignal): AiSdkVideoCall {
    const { aspectRatio, resolution, duration, fps, seed, generateAudio } = this.node.parameters as z.output<
      typeof parametersSchema
    >;
    return {
      prompt: pictureOf(this.node, this.context),
      n: 1,
      ...{ aspectRatio, resolution, duration, fps, seed, generateAudio },
      ...{ image: undefined, frameImages: undefined, inputReferences: undefined },
      providerOptions: this.options.providerOptions,
      abortSignal,
      headers: { 'idempotency-key': idempotencyKey },
    };
  }
}
