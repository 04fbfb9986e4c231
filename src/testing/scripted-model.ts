import type { ChatModel, ModelAnswer, ModelRequest } from '../models/chat-model.js';

/** What a scripted model does when it is called: answers, throws, or works it out from the request. */
export type ScriptedAnswer =
  | string
  | ModelAnswer
  | Error
  | ((request: ModelRequest, call: number) => string | ModelAnswer | Promise<string | ModelAnswer>);

/** A model for tests, and what it was asked. */
export interface ScriptedModel extends ChatModel {
  /** Every request so far, in order. */
  readonly requests: readonly ModelRequest[];
}

/**
 * A model that answers from a script, one entry for each call, with no network. A plain text is a finished answer that
 * used no tokens, an error is thrown, a function is called with the request and the number of the call, from 1. A call
 * beyond the end of the script rejects, and says so.
 *
 * @example
 * const plan = { nodes: [{ id: 'poem', type: 'generate', description: 'Write it', dependencies: [] }] };
 * const model = scriptedModel([JSON.stringify(plan), 'The sea is grey.']);
 * const planner = new MetaPlanner(withModel(model));
 */
export function scriptedModel(script: readonly ScriptedAnswer[]): ScriptedModel {
  const requests: ModelRequest[] = [];
  return {
    id: 'scripted',
    requests,
    async generate(request) {
      request.signal?.throwIfAborted();
      const call = requests.push(request);
      const entry = script[call - 1];
      if (entry === undefined) throw new Error(`The script has ${script.length} answers, and this is call ${call}.`);
      if (entry instanceof Error) throw entry;
      const answer = typeof entry === 'function' ? await entry(request, call) : entry;
      return typeof answer === 'string' ? { text: answer, finishReason: 'stop' } : answer;
    },
  };
}

/**
 * A model that fails a number of times, and is then like another. Without an error of your own it fails as a provider
 * that has too much to do: status 429, and no `retry-after`.
 *
 * @example
 * const model = failingModel({ failTimes: 2, model: scriptedModel(['The sea is grey.']) });
 */
export function failingModel({
  failTimes,
  error = busy,
  model = { id: 'failing', generate: async () => ({ text: 'answer', finishReason: 'stop' }) },
}: {
  readonly failTimes: number;
  /** What is thrown, or makes it. */
  readonly error?: Error | ((call: number) => Error);
  /** What answers afterwards. Default: one that always answers `answer`. */
  readonly model?: ChatModel;
}): ScriptedModel {
  const requests: ModelRequest[] = [];
  return {
    id: model.id,
    requests,
    async generate(request) {
      request.signal?.throwIfAborted();
      const call = requests.push(request);
      if (call <= failTimes) throw typeof error === 'function' ? error(call) : error;
      return model.generate(request);
    },
  };
}

function busy(call: number): Error {
  return Object.assign(new Error(`too many requests (call ${call})`), { status: 429 });
}
