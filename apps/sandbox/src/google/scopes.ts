const prefix = 'https://www.googleapis.com/auth/';

/** The scopes that the sandbox knows, by short name. */
export const googleScopes = {
  mail: 'https://mail.google.com/',
  gmailModify: `${prefix}gmail.modify`,
  gmailReadonly: `${prefix}gmail.readonly`,
  gmailMetadata: `${prefix}gmail.metadata`,
  gmailLabels: `${prefix}gmail.labels`,
  calendar: `${prefix}calendar`,
  calendarReadonly: `${prefix}calendar.readonly`,
  calendarEvents: `${prefix}calendar.events`,
  calendarEventsReadonly: `${prefix}calendar.events.readonly`,
  calendarList: `${prefix}calendar.calendarlist`,
  calendarListReadonly: `${prefix}calendar.calendarlist.readonly`,
  userinfoEmail: `${prefix}userinfo.email`,
  userinfoProfile: `${prefix}userinfo.profile`,
  openid: 'openid',
} as const;

export const knownScopes: readonly string[] = Object.values(googleScopes);

const aliases: Readonly<Record<string, readonly string[]>> = {
  email: [googleScopes.userinfoEmail, googleScopes.openid],
  profile: [googleScopes.userinfoProfile, googleScopes.openid],
};

/**
 * Google grants `email` and `profile` under their long names and adds `openid`, so the granted scopes differ from the
 * requested ones by spelling (https://developers.google.com/identity/protocols/oauth2/scopes#openid-connect).
 */
export const canonicalScopes = (scope: string): string =>
  [...new Set(scope.split(/\s+/u).flatMap((each) => aliases[each] ?? [each]))].join(' ');

const { mail, gmailModify, gmailReadonly, gmailMetadata, gmailLabels } = googleScopes;
const { calendar, calendarReadonly, calendarEvents, calendarEventsReadonly } = googleScopes;

/** Which scopes open a route: any one of them is enough. */
export const routeScopes = {
  profile: [mail, gmailModify, gmailReadonly, gmailMetadata],
  messages: [mail, gmailModify, gmailReadonly, gmailMetadata],
  history: [mail, gmailModify, gmailReadonly, gmailMetadata],
  labels: [mail, gmailModify, gmailReadonly, gmailMetadata, gmailLabels],
  calendarList: [calendar, calendarReadonly, googleScopes.calendarList, googleScopes.calendarListReadonly],
  events: [calendar, calendarReadonly, calendarEvents, calendarEventsReadonly],
  userinfo: [googleScopes.openid, googleScopes.userinfoEmail, googleScopes.userinfoProfile],
} as const satisfies Readonly<Record<string, readonly string[]>>;
