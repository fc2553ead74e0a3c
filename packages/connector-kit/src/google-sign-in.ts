import type { OAuthManifest } from './contract.ts';

/**
 * Google's OAuth as all Google connectors share it. `prompt=consent` with offline access, or a repeated consent brings no
 * refresh token. https://developers.google.com/identity/protocols/oauth2/web-server
 */
export const googleAuth: OAuthManifest = {
  kind: 'oauth2',
  provider: 'google',
  authorizePath: '/o/oauth2/v2/auth',
  tokenPath: '/token',
  revokePath: '/revoke',
  authorizeBase: 'accounts',
  tokenBase: 'oauth',
  pkce: true,
  authorizeParams: { access_type: 'offline', prompt: 'consent', include_granted_scopes: 'true' },
  scopeSeparator: ' ',
};

/** Base URLs of Google's sign-in; each connector adds its API's. */
export const googleSignInUrls = {
  accounts: 'https://accounts.google.com',
  oauth: 'https://oauth2.googleapis.com',
} as const;

/** What the admin does in Google's console for one API and its scope, one step a line. */
export function googleConsoleSteps(api: string, scope: string): readonly string[] {
  return [
    'Open https://console.cloud.google.com and choose or create a project of your organization.',
    `APIs & Services > Library: enable the ${api}.`,
    'Google Auth Platform > Audience: choose Internal for one Workspace domain. An External app left in Testing loses its grants after 7 days.',
    `Google Auth Platform > Data Access: add the scope ${scope}, and no other.`,
    'Google Auth Platform > Clients > Create client > Web application, with this redirect URI: {redirectUri}',
    'Copy the client ID and the client secret.',
  ];
}
