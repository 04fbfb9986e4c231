import type { SdkJson } from './ai-sdk.js';

/** What a call to any media model of the AI SDK may carry. */
interface MediaCall {
  providerOptions: Record<string, { [key: string]: SdkJson }>;
  abortSignal?: AbortSignal;
  headers?: Record<string, string | undefined>;
}

interface MediaModel {
  /** `v2`, `v3` or `v4`. */
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
}

interface AiSdkImageCall extends MediaCall {
  prompt: string;
  n: number;
  size: `${number}x${number}` | undefined;
  aspectRatio: `${number}:${number}` | undefined;
  seed: number | undefined;
  files: undefined;
  mask: undefined;
}

/** An image model of the AI SDK 5, 6 or 7, by its shape. */
export interface AiSdkImageModel extends MediaModel {
  doGenerate(call: AiSdkImageCall): PromiseLike<{ readonly images: readonly string[] | readonly Uint8Array[] }>;
}

interface AiSdkSpeechCall extends MediaCall {
  text: string;
  voice?: string;
  instructions?: string;
  language?: string;
  speed?: number;
  outputFormat?: string;
}

/** A speech model of the AI SDK 5, 6 or 7, by its shape. */
export interface AiSdkSpeechModel extends MediaModel {
  doGenerate(call: AiSdkSpeechCall): PromiseLike<{ readonly audio: string | Uint8Array }>;
}

export interface AiSdkVideoCall extends MediaCall {
  prompt: string;
  n: number;
  aspectRatio: `${number}:${number}` | undefined;
  resolution: `${number}x${number}` | undefined;
  duration: number | undefined;
  fps: number | undefined;
  seed: number | undefined;
  image: undefined;
  frameImages: undefined;
  inputReferences: undefined;
  generateAudio: boolean | undefined;
}

/** A film as a model hands it over. */
export interface AiSdkVideo {
  /** `url`, `base64` or `binary`. */
  readonly type: string;
  readonly mediaType: string;
  readonly url?: string;
  readonly data?: string | Uint8Array;
}

interface AiSdkVideoStatus {
  /** `pending`, `completed` or `error`. */
  readonly status: string;
  readonly videos?: readonly AiSdkVideo[];
  readonly error?: string;
}

/**
 * A video model of the AI SDK 6 or 7, by its shape. One that has `doStart` and `doStatus` is worked with as a paid job;
 * another is asked once and waited for.
 */
export interface AiSdkVideoModel extends MediaModel {
  doGenerate?(call: AiSdkVideoCall): PromiseLike<{ readonly videos: readonly AiSdkVideo[] }>;
  doStart?(call: AiSdkVideoCall): PromiseLike<{ readonly operation: unknown }>;
  doStatus?(call: {
    operation: SdkJson;
    abortSignal?: AbortSignal;
    headers?: Record<string, string | undefined>;
  }): PromiseLike<AiSdkVideoStatus>;
}

export function idOf({ provider, modelId }: MediaModel): string {
  return `${provider}/${modelId}`;
}
