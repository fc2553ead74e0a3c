export {
  defaultTiming,
  type FlagAnswer,
  type Reattribution,
  type SlackBotDependencies,
  type SlackTiming,
} from './dependencies.ts';
export { SlackBotError, type SlackBotErrorCode } from './errors.ts';
export { slackInstallUrl } from './install/flow.ts';
export { slackManifest } from './install/manifest.ts';
export { slackRedirectUri, slackScopes } from './install/scopes.ts';
export { createSlackBot, type FoldedAccount, type SlackBot } from './slack-bot.ts';
