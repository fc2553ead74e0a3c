import type { Manifest } from '@waymark/connector-kit';

/** Names the signed-in account. https://learn.microsoft.com/en-us/graph/api/user-get */
const accountScope = 'User.Read';

/**
 * Everything of a mail but its body, preview, attachments and extended properties: the headers are not among what it leaves out.
 * https://learn.microsoft.com/en-us/graph/permissions-reference#mailreadbasic
 */
export const mailScope = 'Mail.ReadBasic';

/** The least that calendarView's delta takes. https://learn.microsoft.com/en-us/graph/api/event-delta */
export const calendarScope = 'Calendars.Read';

export const manifest: Manifest = {
  id: 'outlook',
  name: 'Outlook',
  auth: {
    kind: 'oauth2',
    provider: 'microsoft',
    authorizeBase: 'login',
    tokenBase: 'login',
    authorizePath: '/{tenant}/oauth2/v2.0/authorize',
    tokenPath: '/{tenant}/oauth2/v2.0/token',
    // Entra has no endpoint that takes one grant back. https://learn.microsoft.com/entra/identity/enterprise-apps/manage-application-permissions
    revokeByHand:
      'Take the grant back at https://myapps.microsoft.com (the app, Manage your application, Revoke) or in the Entra admin center under Enterprise applications, Permissions.',
    pkce: true,
    // Without it a person who is signed in with another account is not asked which one to connect (failure B7).
    authorizeParams: { prompt: 'select_account' },
    scopeSeparator: ' ',
    parameters: {
      tenant: {
        label: 'Entra tenant (domain or id); "organizations" for any work account',
        // Two labels at least, so that nothing but a domain, an id or one of Microsoft's own words gets into a path.
        pattern:
          '(?:organizations|common|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[a-zA-Z0-9-]{1,63}(?:\\.[a-zA-Z0-9-]{1,63}){1,8})',
        example: 'contoso.onmicrosoft.com',
        default: 'organizations',
      },
    },
    organization: {
      kind: 'client-credentials',
      scopes: ['https://graph.microsoft.com/.default'],
      consoleSteps: [
        'Give the tenant by its id or domain: "organizations" has no application tokens.',
        'Entra admin center > App registrations > your app > API permissions: add no application permission of mail or calendars. One given there holds for every mailbox of the tenant.',
        'Make a mail-enabled security group with the mailboxes to watch, and no other.',
        'Exchange Online PowerShell: New-ServicePrincipal -AppId <client id> -ObjectId <object id of the enterprise application> -DisplayName Waymark',
        'New-ManagementScope -Name Waymark -RecipientRestrictionFilter "MemberOfGroup -eq \'<distinguished name of the group>\'"',
        'New-ManagementRoleAssignment -App <client id> -Role "Application Mail.ReadBasic" -CustomResourceScope Waymark',
        'New-ManagementRoleAssignment -App <client id> -Role "Application Calendars.Read" -CustomResourceScope Waymark',
        'Test-ServicePrincipalAuthorization -Identity <client id> -Resource <a mailbox of the group>: InScope is True, and False for a mailbox outside. Changes take up to two hours.',
      ],
    },
  },
  vendor: 'microsoft',
  baseUrls: { login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com' },
  // Entra gives a refresh token for `offline_access` alone, and does not name it among the granted scopes.
  baseScopes: ['offline_access', accountScope],
  buckets: {
    mailbox: {
      // A sixtieth of 10,000 in ten minutes, so that no burst uses up what the hints of the next minutes need.
      units: 166,
      windowMs: 10_000,
      // Four at once are allowed for an app and a mailbox; one stays free for the subscriptions and for a second reader.
      concurrency: 3,
      source: 'https://learn.microsoft.com/en-us/graph/throttling-limits#outlook-service-limits',
    },
  },
  consoleSteps: [
    'Open https://entra.microsoft.com as somebody who may register applications: App registrations > New registration.',
    'Supported account types: this directory only, for one company.',
    'Redirect URI: platform Web (not single-page: its refresh tokens end after 24 hours), with {redirectUri}',
    `API permissions > Add > Microsoft Graph > Delegated permissions: ${accountScope}, ${mailScope}, ${calendarScope} and offline_access, and no others. Grant admin consent where users may not consent by themselves.`,
    'Certificates & secrets > New client secret: copy its value, which is shown once, and note the day on which it ends.',
    'Overview: copy the application (client) id and the directory (tenant) id.',
  ],
  crm: false,
};
