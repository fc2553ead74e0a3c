/** What went wrong in the bot, as a code that a caller can act on. */
export type SlackBotErrorCode =
  | 'app_missing'
  | 'not_installed'
  | 'link_invalid'
  | 'team_taken'
  | 'socket_token_missing';

/** The bot's one error. The message is one sentence that says what to do; no token is in it. */
export class SlackBotError extends Error {
  readonly code: SlackBotErrorCode;

  constructor(code: SlackBotErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'SlackBotError';
    this.code = code;
  }
}
