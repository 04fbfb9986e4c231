export { type AiSdkAnswer, type AiSdkCall, type AiSdkModel, type AiSdkSettings, fromAiSdk } from './models/ai-sdk.js';
export type { ChatModel, JsonSchema, ModelAnswer, ModelRequest } from './models/chat-model.js';
export { type OpenaiCompatibleOptions, openaiCompatible } from './models/openai-compatible.js';
export { type ModelParts, type WithModelOptions, withModel } from './models/with-model.js';
