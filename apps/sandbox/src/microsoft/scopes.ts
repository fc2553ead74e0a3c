const resource = 'https://graph.microsoft.com/';

/** OpenID scopes: they open nothing at Graph but the profile. */
const openIdScopes = ['openid', 'profile', 'email', 'offline_access'];

const graphScopes = [
  'User.Read',
  'User.Read.All',
  'Mail.ReadBasic',
  'Mail.Read',
  'Mail.ReadWrite',
  'Calendars.ReadBasic',
  'Calendars.Read',
  'Calendars.ReadWrite',
];

export const knownScopes: readonly string[] = [...openIdScopes, ...graphScopes];

/** Scopes without the address of Graph, which may be left out (https://learn.microsoft.com/en-us/entra/identity-platform/scopes-oidc). */
export const canonicalScopes = (scope: string): string =>
  [
    ...new Set(
      scope
        .split(/\s+/u)
        .filter((each) => each !== '')
        .map((each) => (each.startsWith(resource) ? each.slice(resource.length) : each)),
    ),
  ].join(' ');

/** Entra names what opens the resource and leaves `offline_access` out of its answer. */
export const shownScopes = (scopes: readonly string[]): string =>
  scopes.filter((scope) => scope !== 'offline_access').join(' ');

/**
 * Which delegated scopes, or application roles of the same name, open a route: any one of them is enough
 * (https://learn.microsoft.com/en-us/graph/permissions-reference).
 */
export const routeScopes = {
  profile: ['User.Read', 'User.Read.All'],
  mail: ['Mail.ReadBasic', 'Mail.ReadBasic.All', 'Mail.Read', 'Mail.ReadWrite'],
  calendar: ['Calendars.ReadBasic', 'Calendars.Read', 'Calendars.ReadWrite'],
  subscribeMail: ['Mail.ReadBasic', 'Mail.Read', 'Mail.ReadWrite'],
  subscribeCalendar: ['Calendars.Read', 'Calendars.ReadWrite'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
