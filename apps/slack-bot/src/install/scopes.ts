/**
 * What the bot asks for, and why. https://docs.slack.dev/reference/scopes
 * `chat:write.public` is not among them: the app joins a public channel instead, since it must be a member to read back its own posts.
 */
export const slackScopes = [
  // Posting and updating alerts.
  'chat:write',
  // /journey
  'commands',
  // Opening direct messages with CSMs.
  'im:write',
  // Finding a CSM's Slack user by address.
  'users:read',
  'users:read.email',
  // Finding a channel by name and joining it.
  'channels:read',
  'channels:join',
  // Reading back own posts whose outcome is unknown.
  'channels:history',
  'groups:history',
  'im:history',
] as const;

/** The events that say that a grant has ended (failure G5): noted before they are acted on. */
export const endingEvents = ['app_uninstalled', 'tokens_revoked'] as const;

/** The events that the bot listens to: these, and that somebody opened the app's home, which may be acted on twice. */
export const slackEvents = [...endingEvents, 'app_home_opened'] as const;

/** Where Slack sends people back; it must stand in the app's settings exactly so. */
export function slackRedirectUri(publicUrl: string): string {
  return `${publicUrl}/oauth/slack/callback`;
}
