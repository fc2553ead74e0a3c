import { contractSuite } from '@waymark/connector-kit/testing';
import { broken, canary, leftOut, meetings } from '../fixtures/meetings.ts';
import { googleCalendar } from './index.ts';

const failure = (status: number, reason: string, path: string, message = 'Refused', headers = {}) => ({
  message,
  status,
  config: { url: new URL(`/calendar/v3${path}`, 'https://www.googleapis.com') },
  response: { status, data: { error: { code: status, message, errors: [{ reason }] } }, headers: new Headers(headers) },
});
const list = '/calendars/ana%40vendor.example/events';

contractSuite({
  connector: googleCalendar,
  context: {
    ownDomains: ['vendor.example'],
    account: {
      externalAccountId: 'ana@vendor.example',
      label: 'Ana',
      address: 'ana@vendor.example',
      timezone: 'Europe/Madrid',
    },
    settings: {},
    keepSubjects: false,
    readAt: Date.UTC(2026, 9, 1, 9),
  },
  fixtures: {
    events: [
      ...Object.entries(meetings)
        .filter(([name]) => name !== 'a meeting that we all declined')
        .map(([name, raw]) => ({ name, raw, outcome: 'stored' as const })),
      ...Object.entries(leftOut).map(([name, [raw]]) => ({ name, raw, outcome: 'ignored' as const })),
      ...Object.entries(broken).map(([name, raw]) => ({ name, raw, outcome: 'unparsed' as const })),
    ],
  },
  cursors: {
    events: [
      { phase: 'reading', enumeration: '9', since: 1 },
      { phase: 'live', syncToken: 'CPj=', since: 1 },
    ],
  },
  errors: [
    { error: failure(410, 'fullSyncRequired', list), kind: 'cursor-expired' },
    { error: failure(410, 'updatedMinTooLongAgo', list), kind: 'cursor-expired' },
    { error: failure(400, 'invalidParameter', list, 'Invalid sync token value.'), kind: 'cursor-expired' },
    { error: failure(404, 'notFound', `${list}/abc`), kind: 'record-gone' },
    { error: failure(410, 'deleted', `${list}/abc`), kind: 'record-gone' },
    { error: failure(404, 'notFound', list), kind: 'rejected' },
    { error: failure(403, 'rateLimitExceeded', list), kind: 'rate-limited' },
    { error: failure(403, 'quotaExceeded', list), kind: 'rate-limited' },
    { error: failure(403, 'insufficientPermissions', '/users/me/calendarList'), kind: 'scope-missing' },
    { error: failure(401, 'authError', list), kind: 'token-expired' },
    { error: failure(500, 'backendError', list), kind: 'transient' },
    {
      error: failure(403, 'dailyLimitExceeded', list, 'Refused', { date: 'Sat, 21 Nov 2026 09:00:00 GMT' }),
      kind: 'quota-exhausted',
    },
    { error: failure(400, 'invalid_grant', list), kind: 'auth-revoked' },
  ],
  canary,
});
