import { z } from 'zod';
import { ModelError } from '../errors.js';
import type { NodeContext } from '../execution/node-handler.js';
import type { WorkflowNode } from '../index.js';
import { checkSdkModel } from './ai-sdk.js';
import { type AiSdkSpeechModel, idOf } from './media-model.js';
import { type MediaToolOptions, mediaTool, type ToolEntry } from './media-tool.js';
import { bytesOf, endingOf, mediaTypeOf } from './media-type.js';
import { modelErrorOf } from './model-failure.js';

const parametersSchema = z.strictObject({
  /** What is to be said. Default: the texts of the nodes that it depends on; without any, the description of the node. */
  text: z.string().min(1).optional(),
  voice: z.string().min(1).optional(),
  /** How it is to be said. */
  instructions: z.string().optional(),
  /** Such as `en` or `nl`. */
  language: z.string().optional(),
  speed: z.number().positive().optional(),
});

/**
 * A tool that speaks a text for each of its nodes, with a speech model of the AI SDK. The output is `{ audio }`, a
 * `BlobRef` beside the plan, kept before anything else happens.
 *
 * @throws TypeError for what is no such model, and an option that makes no sense
 * @example
 * import { openai } from '@ai-sdk/openai';
 *
 * withModel(model, { tools: { speak: speechTool(openai.speech('gpt-4o-mini-tts')) } });
 */
export function speechTool(model: AiSdkSpeechModel, options?: MediaToolOptions): ToolEntry {
  checkSdkModel(model, 'speechTool');
  const id = idOf(model);
  return mediaTool(options, {
    of: 'speechTool',
    version: id,
    description: 'Speaks the texts of the nodes that it depends on; the output is a reference to the sound',
    parameters: parametersSchema,
    async work(node, context, { price, providerOptions }) {
      const { text: _, ...manner } = node.parameters as z.output<typeof parametersSchema> & { readonly tool?: unknown };
      const { tool: __, ...asked } = manner;
      if (price !== undefined) await context.reserve(price); // before the step: a wait for a budget may pause the run
      return context.step('audio', async () => {
        const headers = { 'idempotency-key': context.idempotencyKey };
        const call = { ...asked, text: spokenOf(node, context), providerOptions, abortSignal: context.signal, headers };
        const bytes = bytesOf(await spoken(model, call, context.signal));
        await context.spend(price ?? {});
        if (bytes.length === 0) throw new ModelError(id, 'empty', 'it said nothing');
        const mime = mediaTypeOf(bytes, 'audio/mpeg');
        return { audio: await context.blob(bytes, { mime, name: `${node.id.slice(0, 200)}.${endingOf(mime)}` }) };
      });
    },
  });
}

function spokenOf({ description, parameters }: WorkflowNode, { inputs }: NodeContext): string {
  if (typeof parameters.text === 'string') return parameters.text;
  const texts = Object.values(inputs).filter((input) => typeof input === 'string' && input.trim() !== '');
  return texts.length > 0 ? texts.join('\n\n') : description;
}

async function spoken(
  model: AiSdkSpeechModel,
  call: Parameters<AiSdkSpeechModel['doGenerate']>[0],
  signal: AbortSignal,
) {
  try {
    return (await model.doGenerate(call)).audio;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw modelErrorOf(idOf(model), error);
  }
}
