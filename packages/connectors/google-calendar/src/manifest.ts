import { googleAuth, googleConsoleSteps, googleSignInUrls } from '@waymark/connector-kit';
import type { Manifest } from '@waymark/connector-kit';

/** Lists calendars and reads events; `calendar.events.readonly` alone could not tell which calendars there are. */
export const readScope = 'https://www.googleapis.com/auth/calendar.readonly';

export const manifest: Manifest = {
  id: 'google-calendar',
  name: 'Google Calendar',
  auth: googleAuth,
  baseUrls: { ...googleSignInUrls, calendar: 'https://www.googleapis.com' },
  // The primary calendar's entry names the account under the read scope.
  baseScopes: [],
  buckets: {
    user: {
      units: 600,
      windowMs: 60_000,
      concurrency: 4,
      source: 'https://developers.google.com/workspace/calendar/api/guides/quota',
    },
  },
  consoleSteps: googleConsoleSteps('Google Calendar API', readScope),
  crm: false,
};
