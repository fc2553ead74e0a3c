import { contractSuite } from '@waymark/connector-kit/testing';
import { brokenMeetings, leftOutMeetings, meetings } from '../fixtures/meetings.ts';
import { broken, leftOut, messages } from '../fixtures/messages.ts';
import { outlook } from './index.ts';

const refused = (statusCode: number, code: string, message = 'Refused', headers: Record<string, string> = {}) =>
  Object.assign(new Error(message), { statusCode, code, headers: new Headers(headers), body: '{}' });

const fixtures = (
  stored: Readonly<Record<string, unknown>>,
  ignored: Readonly<Record<string, readonly [unknown, string]>>,
  unparsed: Readonly<Record<string, unknown>>,
) => [
  ...Object.entries(stored).map(([name, raw]) => ({ name, raw, outcome: 'stored' as const })),
  ...Object.entries(ignored).map(([name, [raw]]) => ({ name, raw, outcome: 'ignored' as const })),
  ...Object.entries(unparsed).map(([name, raw]) => ({ name, raw, outcome: 'unparsed' as const })),
];

contractSuite({
  connector: outlook,
  context: {
    ownDomains: ['vendor.example'],
    account: { externalAccountId: '6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0', label: 'Ana', address: 'ana@vendor.example' },
    settings: {},
    keepSubjects: false,
    readAt: Date.UTC(2026, 9, 1, 9),
  },
  fixtures: {
    mail: fixtures(messages, leftOut, broken),
    calendar: fixtures(meetings, leftOutMeetings, brokenMeetings),
  },
  cursors: {
    mail: [
      { phase: 'live', committed: '/me/mailFolders/a/messages/delta?$deltatoken=x', since: 1 },
      {
        phase: 'round',
        committed: null,
        next: '/me/x?$skiptoken=y',
        since: 1,
        enumeration: { id: '9', from: 1, to: 9 },
      },
      { phase: 'round', committed: '/me/x?$deltatoken=x', next: '/me/x?$skiptoken=y', since: 1 },
      { phase: 'reread', committed: '/me/x?$deltatoken=x', next: '/me/messages?$skip=9', since: 1 },
    ],
    calendar: [
      { phase: 'reading', enumeration: '9', since: 1 },
      {
        phase: 'live',
        committed: '/me/calendarView/delta?$deltatoken=x',
        since: 1,
        window: { from: 1, to: 9 },
        anchoredAt: 5,
      },
    ],
  },
  errors: [
    { error: refused(410, 'SyncStateNotFound'), kind: 'cursor-expired' },
    { error: refused(410, 'resyncRequired'), kind: 'cursor-expired' },
    { error: refused(404, 'syncStateNotFound'), kind: 'cursor-expired' },
    { error: refused(410, 'anything'), kind: 'cursor-expired' },
    { error: refused(400, 'ErrorInvalidUrlQuery', 'Badly formed token.'), kind: 'cursor-expired' },
    { error: refused(400, 'ErrorInvalidUrlQuery', 'The $filter is not supported.'), kind: 'rejected' },
    { error: refused(429, 'ApplicationThrottled', 'MailboxConcurrency limit'), kind: 'rate-limited' },
    { error: refused(429, 'TooManyRequests', 'Slow down', { 'retry-after': '7' }), kind: 'rate-limited' },
    { error: refused(503, 'ErrorServerBusy'), kind: 'rate-limited' },
    { error: refused(503, 'serviceNotAvailable'), kind: 'transient' },
    { error: refused(504, 'UnknownError'), kind: 'transient' },
    { error: refused(-1, 'TypeError', 'fetch failed'), kind: 'transient' },
    { error: refused(401, 'InvalidAuthenticationToken'), kind: 'token-expired' },
    { error: refused(403, 'ErrorAccessDenied', 'Access to OData is disabled.'), kind: 'scope-missing' },
    { error: refused(404, 'ErrorItemNotFound'), kind: 'record-gone' },
    { error: refused(404, 'ResourceNotFound', 'The object was not found.'), kind: 'record-gone' },
    { error: refused(404, 'ResourceNotFound', 'Resource could not be discovered.'), kind: 'rejected' },
    { error: refused(404, 'MailboxNotEnabledForRESTAPI'), kind: 'rejected' },
    { error: refused(302, ''), kind: 'rejected' },
    {
      error: { error: 'invalid_grant', error_codes: [50_173], error_description: 'AADSTS50173: The grant expired.' },
      kind: 'auth-revoked',
    },
  ],
  unreachable: { 'quota-exhausted': 'Outlook has no quota longer than ten minutes, and names the wait itself.' },
  canary: 'CANARY',
});
