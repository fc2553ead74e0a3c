export { ENGINE_VERSION, compileJourney, definitionDigest, type CompiledJourney } from './journey.ts';
export {
  courseDifference,
  differenceOf,
  type AnswerDifference,
  type CourseDifference,
  type FlagBrief,
} from './answer-difference.ts';
export { diffDefinitions, type DefinitionChange, type DefinitionDiff } from './definition-diff.ts';
export { DefinitionError, parseDefinition, reviewDefinition, type DefinitionIssue } from './definition-file.ts';
export { foldKeeping, isFurther, keepState, refold, statesBefore, type KeptFold } from './earlier-states.ts';
export { advance, fold, isEndDated, reduce, view, type Advanced, type EngineState } from './engine.ts';
export { explain, verifyProof, type Verdict } from './explain.ts';
export { scoreProofs, type ScoreProof } from './score-proof.ts';
export { whyNot, type Unmet, type WhyNot } from './why-not.ts';
export { isIntact } from './proof.ts';
export * from './state.ts';
export { templateFile, templateNames, type TemplateName } from './template.ts';
export { backtest, type BacktestAccount, type BacktestOptions, type BacktestReport } from './backtest.ts';
export { type KnownContext } from './backtest-walk.ts';
export { outcomesOf } from './outcome.ts';
export { sourceOutages, type HeardSource, type SourceOutage } from './source-outage.ts';
export { sourceSilences, type SourceSilence } from './source-silence.ts';
export { knownLulls, type Happening, type KnownLulls, type Lull } from './workspace-lull.ts';
export { churnModel, type ChurnReport } from './churn-model.ts';
export { compareBacktests, type Comparison as BacktestComparison } from './compare.ts';
export { signalTable, type SignalTable } from './signal-table.ts';
export { suggest, type Suggestion } from './suggest.ts';
