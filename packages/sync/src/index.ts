export { accountInputs, deriveAccount, type AccountInput, type DerivedAccount } from './account-answer.ts';
export { loadAssignments, refreshQueue, rematch } from './attribution.ts';
export {
  accountBaseOf,
  AddressError,
  baseUrlsOf,
  fillPath,
  fits,
  overrideOf,
  parametersOf,
  parameterValues,
} from './addresses.ts';
export { acceptPreview, previewInstallation, type ConnectPreview } from './connect-preview.ts';
export { accountSight, sightText, type AccountSight } from './account-sight.ts';
export { accountCoverage, coverageIndex, watchCoverage } from './coverage.ts';
export { keepSeason } from './season.ts';
export { keepSourceOutages } from './source-outages.ts';
export { decide, DecisionError, undoDecided, type Decided, type Decision } from './decisions.ts';
export { asShown, previewOf, type DecisionPreview } from './decision-preview.ts';
export { exclude, ExclusionError, readmit, type ExclusionRequest } from './exclusions.ts';
export { accountContext } from './account-context.ts';
export { activeJourneys, foldDue, type Folded, type FoldOptions } from './fold.ts';
export { purgeInstallation } from './installation-purge.ts';
export { openSession, syncInstallation, type SyncDependencies, type SyncOutcome } from './installation.ts';
export { Limits, priority, type LimitSettings, type Priority } from './limits.ts';
export { changeSettings } from './own-side.ts';
export { decisionAbout, reviewQueue, type ReviewEntry, type Verdict } from './review-queue.ts';
export { noPoint, type Point, type PointName } from './points.ts';
export { createSession, type SessionOptions } from './session.ts';
export { type Progress, type RunResult } from './run.ts';
export { watchedTimes, type Coverage, type WatchedTime } from './watched-time.ts';
export { endPush, type PushAddressing } from './push.ts';
export { mailboxToken, readServiceAccount } from './organization-token.ts';
export { issuerOf } from './sign-in.ts';
export { configurationFor, isLoopback } from './token-endpoint.ts';
export { TokenKeeper, type Sealer } from './tokens.ts';
export { exportLines } from './export.ts';
export { exportOcel } from './export-ocel.ts';
export { exportRejected } from './export-rejected.ts';
export { exportXes } from './export-xes.ts';
export { replayWorkspace, type ReplayReport } from './replay.ts';
export { journeyFromStages } from './replay-stages.ts';
export { importFile, type ImportDependencies, type ImportOptions } from './import.ts';
export { type ImportCounts, type ImportResult } from './import-report.ts';
export { csvColumns, csvLines, CsvUnreadable, type CsvCounts } from './import-csv.ts';
export { MappingInvalid, parseCsvMapping, type CsvMapping } from './import-csv-mapping.ts';
export { bytesDigest, plainBytes } from './import-file.ts';
export { linesOf, type ImportLine, type UnreadableLine } from './import-lines.ts';
