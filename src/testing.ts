export {
  type CreateStore,
  type PersistenceLaw,
  persistenceLaws,
  sampleCheckpoint,
} from './testing/persistence-suite.js';
export { failingModel, type ScriptedAnswer, type ScriptedModel, scriptedModel } from './testing/scripted-model.js';
