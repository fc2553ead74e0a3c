export { runChurnModel } from './backtest/churn.ts';
export { runComparison } from './backtest/compare.ts';
export { runBacktest, type WorkspaceBacktest } from './backtest/run.ts';
export { runSignalTable } from './backtest/signals.ts';
export { runSuggest } from './backtest/suggest.ts';
export { readConfiguration, ConfigurationError, roles, type Configuration, type Role } from './configuration.ts';
export { followActivation, settleActivations, type SettledActivation } from './activations.ts';
export {
  activateJourney,
  activateTemplate,
  definitionInForce,
  retireJourney,
  rollbackJourney,
  startShadow,
  stopShadow,
  templateSource,
  UnknownTemplate,
  type Activated,
} from './definitions.ts';
export { countRecords, runDoctor, type DoctorOptions } from './doctor/doctor.ts';
export { endsText, type RecordCount } from './doctor/record-counts.ts';
export { explainAccount, type Explained } from './explain.ts';
export { scoreHistory } from './score-history.ts';
export { disconnect } from './oauth/disconnect.ts';
export { createInstallLink, redirectUri, scopesOf } from './oauth/grant.ts';
export { InstallError } from './oauth/install-error.ts';
export { installMailboxes, organizationOf, removeMailbox, type MailboxOutcome } from './oauth/mailboxes.ts';
export { installAddress } from './oauth/posting-address.ts';
export { journeyBook, type JourneyBook } from './journey-book.ts';
export { connectorIds, loadConnector } from './registry.ts';
export { flagReports, workspaceReport, type FlagReport, type WorkspaceReport } from './report.ts';
export { signInOf, type AnyConnector, type AppExtra, type InstallParameter } from '@waymark/connector-kit';
export { fits, parametersOf } from '@waymark/sync';
export { startServer, type Server } from './server.ts';
export { openWaymark, type Waymark } from './waymark.ts';
export { wired } from './wire.ts';
export { applyWriteback, writebackDependencies } from './writeback.ts';
export { commandBot, slackInstallLink, slackPlanner } from './slack-dependencies.ts';
export { day } from './status/wording.ts';
export { shadowReports, type ShadowReport } from './shadow.ts';
export { whatIf, type WhatIf, type WhatIfAccount } from './what-if.ts';
export { slackManifest, slackRedirectUri, slackScopes } from '@waymark/slack-bot';
