export { ENGINE_VERSION, compileJourney, definitionDigest, type CompiledJourney } from './rules/journey.ts';
export {
  courseDifference,
  differenceOf,
  type AnswerDifference,
  type CourseDifference,
  type FlagBrief,
} from './engine/answer-difference.ts';
export { diffDefinitions, type DefinitionChange, type DefinitionDiff } from './definition/definition-diff.ts';
export {
  DefinitionError,
  parseDefinition,
  reviewDefinition,
  type DefinitionIssue,
} from './definition/definition-file.ts';
export { correctionsText, readForm } from './definition/form.ts';
export { namesLike } from './definition/near-name.ts';
export { foldKeeping, keepState, refold, statesBefore, worthKeeping, type KeptFold } from './engine/earlier-states.ts';
export { datedStanding, standingTypes, type DatedStanding } from './coverage/dated-standing.ts';
export { advance, fold, isEndDated, reduce, view, type Advanced, type EngineState } from './engine/engine.ts';
export { explain, verifyProof, type Verdict } from './explain/explain.ts';
export { askedWords, measureWords } from './explain/measure-words.ts';
export { playbookLines } from './explain/playbook-words.ts';
export { scoreProofs, type ScoreProof } from './explain/score-proof.ts';
export { whyNot, type Unmet, type WhyNot } from './explain/why-not.ts';
export { isIntact } from './course/proof.ts';
export * from './course/state.ts';
export { templateFile, templateNames, type TemplateName } from './definition/template.ts';
export {
  backtest,
  openBacktest,
  type AccountWalk,
  type BacktestAccount,
  type BacktestOptions,
  type BacktestReport,
} from './backtest/backtest.ts';
export { type KnownContext } from './backtest/backtest-walk.ts';
export { outcomesOf } from './backtest/outcome.ts';
export {
  peerBaselines,
  peerLag,
  peerMeasures,
  PeerTally,
  peerWeeks,
  tierName,
  type PeerBaseline,
  type PeerMeasure,
  type PeerMedian,
} from './coverage/peer-baseline.ts';
export { isCounted } from './tracks/track-happenings.ts';
export { liveOutages, type LiveSource } from './coverage/live-silence.ts';
export { sourceOutages, type HeardSource, type SourceOutage } from './coverage/source-outage.ts';
export { silencesInTurn, type SourceSilence } from './coverage/source-silence.ts';
export { heardAgain, isKnownSilent, type ToldBySource } from './backtest/heard-again.ts';
export { civilDay } from './time/zone.ts';
export { knownLulls, type Happening, type KnownLulls, type Lull, type Unheard } from './coverage/workspace-lull.ts';
export { churnModel, type ChurnReport } from './backtest/churn-model.ts';
export { compareBacktests, type Comparison as BacktestComparison } from './backtest/compare.ts';
export { signalTable, type SignalTable } from './backtest/signal-table.ts';
export { suggest, type Suggestion } from './backtest/suggest.ts';
