import { z } from 'zod';
import { ModelError } from '../errors.js';
import { checkSdkModel } from './ai-sdk.js';
import { type AiSdkImageModel, idOf } from './media-model.js';
import { type MediaToolOptions, mediaTool, pictureOf, ratioSchema, sizeSchema, type ToolEntry } from './media-tool.js';
import { bytesOf, endingOf, mediaTypeOf } from './media-type.js';
import { modelErrorOf } from './model-failure.js';

const parametersSchema = z.strictObject({
  /** What is to be seen. Default: the description of the node. */
  prompt: z.string().min(1).optional(),
  size: sizeSchema.optional(),
  aspectRatio: ratioSchema.optional(),
  seed: z.number().int().optional(),
});

/**
 * A tool that paints one picture for each of its nodes, with an image model of the AI SDK. The output is `{ image }`, a
 * `BlobRef` beside the plan. What was painted is kept before anything else happens: a later attempt pays for nothing.
 *
 * @throws TypeError for what is no such model, and an option that makes no sense
 * @example
 * import { openai } from '@ai-sdk/openai';
 *
 * withModel(model, { tools: { paint: imageTool(openai.image('gpt-image-1'), { price: { amount: 0.04 } }) } });
 */
export function imageTool(model: AiSdkImageModel, options?: MediaToolOptions): ToolEntry {
  checkSdkModel(model, 'imageTool');
  const id = idOf(model);
  return mediaTool(options, {
    of: 'imageTool',
    version: id,
    description: 'Paints one picture of what the description of the node says; the output is a reference to it',
    parameters: parametersSchema,
    async work(node, context, { price, providerOptions }) {
      const { size, aspectRatio, seed } = node.parameters as z.output<typeof parametersSchema>;
      if (price !== undefined) await context.reserve(price); // before the step: a wait for a budget may pause the run
      return context.step('image', async () => {
        const asked = { size, aspectRatio, seed, files: undefined, mask: undefined, providerOptions };
        const headers = { 'idempotency-key': context.idempotencyKey };
        const call = { ...asked, prompt: pictureOf(node, context), n: 1, abortSignal: context.signal, headers };
        const images = await painted(model, call, context.signal);
        await context.spend(price ?? {});
        const [image] = images;
        if (image === undefined) throw new ModelError(id, 'empty', 'it painted nothing');
        const bytes = bytesOf(image);
        const mime = mediaTypeOf(bytes, 'image/png');
        return { image: await context.blob(bytes, { mime, name: `${node.id.slice(0, 200)}.${endingOf(mime)}` }) };
      });
    },
  });
}

async function painted(
  model: AiSdkImageModel,
  call: Parameters<AiSdkImageModel['doGenerate']>[0],
  signal: AbortSignal,
) {
  try {
    return (await model.doGenerate(call)).images;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw modelErrorOf(idOf(model), error);
  }
}
