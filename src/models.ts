export { type AiSdkAnswer, type AiSdkCall, type AiSdkModel, type AiSdkSettings, fromAiSdk } from './models/ai-sdk.js';
export type { ChatModel, JsonSchema, ModelAnswer, ModelRequest } from './models/chat-model.js';
export { imageTool } from './models/image-tool.js';
export type { AiSdkImageModel, AiSdkSpeechModel, AiSdkVideoModel } from './models/media-model.js';
export type { MediaToolOptions, ToolEntry } from './models/media-tool.js';
export { type OpenaiCompatibleOptions, openaiCompatible } from './models/openai-compatible.js';
export { speechTool } from './models/speech-tool.js';
export { videoTool } from './models/video-tool.js';
export { type ModelParts, type WithModelOptions, withModel } from './models/with-model.js';
