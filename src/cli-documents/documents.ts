export {
  type CheckpointDocument,
  type CheckpointListDocument,
  checkpointDocumentSchema,
  checkpointListDocumentSchema,
  type DeletionDocument,
  deletionDocumentSchema,
  type PruneDocument,
  pruneDocumentSchema,
  type RepairDocument,
  repairDocumentSchema,
} from './checkpoint-documents.js';
export { type DoctorDocument, doctorDocumentSchema } from './doctor-document.js';
export {
  type ExecutionDocument,
  executionDocumentSchema,
  type PlanDocument,
  planDocumentSchema,
  type SignalDocument,
  signalDocumentSchema,
} from './run-documents.js';
export { type StreamLine, streamLineSchema } from './stream-line.js';
