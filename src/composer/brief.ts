/** Everything that the composer does, in one piece: loaded at once, so that nothing is missing in the middle of a run. */
export { draftBriefPlan } from './brief-plan.js';
export { writeAnalysis, writeBrief, writeOutline, writePart } from './brief-writer.js';
export { writeCheck } from './check.js';
