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
  organization: {
    kind: 'service-account-delegation',
    consoleSteps: [
      'Google Cloud console, in a project of your organization: enable the Gmail API and the Google Calendar API.',
      'IAM & Admin > Service Accounts > Create: no role is needed. Keys > Add key > JSON; give the file with --key, then delete it.',
      'As a super administrator, https://admin.google.com > Security > Access and data control > API controls > Manage domain-wide delegation > Add new.',
      'Client ID: the service account’s unique ID, a number. OAuth scopes, exactly: {scopes}',
      'Google gives this for every mailbox of the domain and cannot limit it: Waymark asks for the mailboxes that you name, and for no other. It may take up to 24 hours to hold.',
    ],
  },
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
