export { loadAssignments, matchSighting, matchThreads, refreshQueue, rematch } from './attribution.ts';
export { coverageIndex, touchpointsOf, watchCoverage } from './coverage.ts';
export { accountContext, activeJourneys, foldDue, type Folded, type FoldOptions } from './fold.ts';
export { openSession, syncInstallation, type SyncDependencies, type SyncOutcome } from './installation.ts';
export { Limits, priority, type LimitSettings, type Priority } from './limits.ts';
export { noPoint, type Point, type PointName } from './points.ts';
export { createSession, type SessionOptions } from './session.ts';
export { type Progress, type RunResult } from './run.ts';
export { configurationFor, isLoopback, TokenKeeper, type Sealer, type TokenEndpoint } from './tokens.ts';
export {
  importFile,
  type ImportCounts,
  type ImportDependencies,
  type ImportOptions,
  type ImportResult,
} from './import.ts';
export { linesOf, type ImportLine, type UnreadableLine } from './import-lines.ts';
