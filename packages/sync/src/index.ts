export { accountInputs, deriveAccount, type AccountInput, type DerivedAccount } from './fold/account-answer.ts';
export { loadAssignments, refreshQueue, rematch } from './matching/attribution.ts';
export {
  accountBaseOf,
  AddressError,
  baseUrlsOf,
  fillPath,
  fits,
  overrideOf,
  parametersOf,
  parameterValues,
} from './installation/addresses.ts';
export { acceptPreview, previewInstallation, type ConnectPreview } from './installation/connect-preview.ts';
export { accountSight, sightText, type AccountSight } from './coverage/account-sight.ts';
export { accountCoverage, coverageIndex, watchCoverage } from './coverage/coverage.ts';
export { keepLiveOutages } from './coverage/live-outages.ts';
export { keepPeers, peersAsked } from './coverage/peers.ts';
export { keepSeason } from './coverage/season.ts';
export { keepSourceOutages } from './coverage/source-outages.ts';
export { decide, DecisionError, undoDecided, type Decided, type Decision } from './matching/decisions.ts';
export { asShown, previewOf, type DecisionPreview } from './matching/decision-preview.ts';
export { exclude, ExclusionError, readmit, type ExclusionRequest } from './matching/exclusions.ts';
export { accountContext, contextOf, judgedRecord } from './fold/account-context.ts';
export { publicHolidays } from './fold/public-holidays.ts';
export { activeJourneys, foldDue, type FoldOptions } from './fold/fold.ts';
export type { Folded } from './fold/answer-changes.ts';
export { purgeInstallation } from './installation/purge.ts';
export { openSession, syncInstallation, type SyncDependencies, type SyncOutcome } from './installation/installation.ts';
export { Limits, priority, type LimitSettings, type Priority } from './installation/limits.ts';
export { changeSettings } from './installation/own-side.ts';
export { matchesOf, type ExplainedMatch } from './matching/matched-by.ts';
export { decisionAbout, reviewQueue, type ReviewEntry, type Verdict } from './matching/review-queue.ts';
export { noPoint, type Point, type PointName } from './reading/points.ts';
export { createSession, type SessionOptions } from './installation/session.ts';
export { type Progress, type RunResult } from './reading/run.ts';
export { watchedTimes, type Coverage, type WatchedTime } from './coverage/watched-time.ts';
export { endPush, type PushAddressing } from './push/push.ts';
export { mailboxToken, readServiceAccount } from './installation/organization-token.ts';
export { issuerOf } from './installation/sign-in.ts';
export { configurationFor, isLoopback } from './installation/token-endpoint.ts';
export { TokenKeeper, type Sealer } from './installation/tokens.ts';
export { exportLines } from './export/export.ts';
export { exportOcel } from './export/ocel.ts';
export { clearRejected, exportRejected } from './export/rejected.ts';
export { exportXes } from './export/xes.ts';
export { differencesOf, storedAnswers } from './replay/difference.ts';
export { replayWorkspace, type ReplayReport } from './replay/replay.ts';
export { journeyFromStages } from './replay/stages.ts';
export { importFile, type ImportDependencies, type ImportOptions } from './import/import.ts';
export { type ImportCounts, type ImportResult } from './import/report.ts';
export { csvColumns, csvLines, CsvUnreadable, type CsvCounts } from './import/csv.ts';
export { MappingInvalid, parseCsvMapping, type CsvMapping } from './import/csv-mapping.ts';
export { bytesDigest, plainBytes } from './import/file.ts';
export { linesOf, type ImportLine, type UnreadableLine } from './import/lines.ts';
