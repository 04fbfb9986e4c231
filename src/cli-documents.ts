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
} from './cli-documents/checkpoint-documents.js';
export { type DoctorDocument, doctorDocumentSchema } from './cli-documents/doctor-document.js';
export {
  type ExecutionDocument,
  executionDocumentSchema,
  type PlanDocument,
  planDocumentSchema,
  type SignalDocument,
  signalDocumentSchema,
} from './cli-documents/run-documents.js';
export { type StreamLine, streamLineSchema } from './cli-documents/stream-line.js';
