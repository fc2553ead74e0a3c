import { contractSuite } from '@waymark/connector-kit/testing';
import { broken, canary, messages } from '../fixtures/messages.ts';
import { gmail } from './index.ts';

const leftOut = new Set([
  'no From at all',
  'a From that is no address',
  'a local part of 60,000 dots',
  'spam',
  'a mail in the trash',
  'a draft',
  'a chat',
  'known from the history alone, in the trash',
  'known from the history alone, without labels',
]);

const failure = (status: number, reason: string, path: string, message = 'Refused', headers = {}) => ({
  message,
  status,
  config: { url: new URL(path, 'https://gmail.googleapis.com') },
  response: { status, data: { error: { code: status, message, errors: [{ reason }] } }, headers: new Headers(headers) },
});

contractSuite({
  connector: gmail,
  context: {
    ownDomains: ['vendor.example'],
    account: { externalAccountId: 'ana@vendor.example', label: 'Ana', address: 'ana@vendor.example' },
    settings: {},
    keepSubjects: false,
    readAt: Date.UTC(2026, 10, 1),
  },
  fixtures: {
    messages: [
      ...Object.entries(messages).map(([name, raw]) => ({
        name,
        raw,
        outcome: leftOut.has(name) ? ('ignored' as const) : ('stored' as const),
      })),
      ...Object.entries(broken).map(([name, raw]) => ({ name, raw, outcome: 'unparsed' as const })),
    ],
  },
  cursors: {
    messages: [
      { phase: 'live', historyId: '12345678901234567890' },
      { phase: 'live', historyId: '7', enumeration: { id: '7@9', from: 1, to: 9 } },
      { phase: 'listing', historyId: '7', enumeration: '7@9', since: 1, startedAt: 9, before: null },
      { phase: 'listing', historyId: '7', enumeration: '7@9', since: 1, startedAt: 9, before: 5, pageToken: 'next' },
    ],
  },
  errors: [
    { error: failure(404, 'notFound', '/gmail/v1/users/me/history'), kind: 'cursor-expired' },
    { error: failure(404, 'notFound', '/gmail/v1/users/me/messages/18f0'), kind: 'record-gone' },
    { error: failure(404, 'notFound', '/gmail/v1/users/me/profile'), kind: 'rejected' },
    { error: failure(403, 'userRateLimitExceeded', '/gmail/v1/users/me/messages'), kind: 'rate-limited' },
    {
      error: failure(
        429,
        'rateLimitExceeded',
        '/gmail/v1/users/me/messages/18f0',
        'Too many concurrent requests for user',
      ),
      kind: 'rate-limited',
    },
    { error: failure(403, 'dailyLimitExceeded', '/gmail/v1/users/me/messages'), kind: 'rate-limited' },
    { error: failure(403, 'insufficientPermissions', '/gmail/v1/users/me/messages'), kind: 'scope-missing' },
    { error: failure(403, 'accessNotConfigured', '/gmail/v1/users/me/profile'), kind: 'rejected' },
    { error: failure(401, 'authError', '/gmail/v1/users/me/profile'), kind: 'token-expired' },
    {
      error: {
        message: 'invalid_grant',
        status: 400,
        response: {
          status: 400,
          data: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
        },
      },
      kind: 'auth-revoked',
    },
    {
      error: failure(400, 'failedPrecondition', '/gmail/v1/users/me/messages', 'Mail service not enabled'),
      kind: 'rejected',
    },
    { error: failure(503, 'backendError', '/gmail/v1/users/me/messages'), kind: 'transient' },
    { error: Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } }), kind: 'transient' },
    {
      error: failure(403, 'dailyLimitExceeded', '/gmail/v1/users/me/messages', 'Refused', {
        date: 'Sat, 21 Nov 2026 09:00:00 GMT',
      }),
      kind: 'quota-exhausted',
    },
  ],
  canary,
});
