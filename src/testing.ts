export {
  blobLaws,
  type CreateStore,
  inboxLaws,
  journalLaws,
  lockLaws,
  type PersistenceLaw,
  persistenceLaws,
  repairLaws,
  sampleCheckpoint,
} from './testing/persistence-suite.js';
export { failingModel, type ScriptedAnswer, type ScriptedModel, scriptedModel } from './testing/scripted-model.js';
