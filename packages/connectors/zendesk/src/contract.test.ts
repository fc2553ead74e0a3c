import { signInOf } from '@waymark/connector-kit';
import { contractSuite } from '@waymark/connector-kit/testing';
import { describe, expect, it } from 'vitest';
import { zendesk } from './connector.ts';
import { ZendeskAnswerError, ZendeskHttpError } from './http-error.ts';
import { canary, context, organizations, ratings, tickets, users } from './testing/fixtures.ts';

const refused = (status: number, body: unknown, more: { withCursor?: boolean; retryAfterMs?: number } = {}) =>
  new ZendeskHttpError({ method: 'GET', path: '/x', status, body, ...more });

const exportCursors = [
  { after: null, from: 5, goodAt: 5, since: 0 },
  { after: 'MTU4MDc1Mzc5OC4wfHw0MzJ8', from: 5, goodAt: 9, since: 0 },
];

const stored = (
  raws: Readonly<Record<string, unknown>>,
  others: Readonly<Record<string, 'ignored' | 'unparsed'>> = {},
) => Object.entries(raws).map(([name, raw]) => ({ name, raw, outcome: others[name] ?? ('stored' as const) }));

contractSuite({
  connector: zendesk,
  context,
  canary,
  fixtures: {
    organizations: stored(organizations, { malformed: 'unparsed' }),
    users: stored(users, { suspended: 'ignored', malformed: 'unparsed' }),
    tickets: stored(tickets, { tooOld: 'ignored', malformed: 'unparsed' }),
    'satisfaction-ratings': stored(ratings, { offered: 'ignored', malformed: 'unparsed' }),
  },
  cursors: {
    organizations: [
      { phase: 'enumerate', startedAt: 5, after: '' },
      { phase: 'live', from: 5 },
    ],
    users: exportCursors,
    tickets: exportCursors,
    'satisfaction-ratings': [
      { from: 5, since: 0 },
      { from: 5, since: 0, running: { startedAt: 9, after: 'x' } },
    ],
  },
  errors: [
    { error: refused(401, { error: 'invalid_token' }), kind: 'token-expired' },
    { error: refused(400, { error: 'invalid_grant', error_description: canary }), kind: 'auth-revoked' },
    { error: Object.assign(new Error('refused'), { error: 'invalid_grant', status: 400 }), kind: 'auth-revoked' },
    { error: new Error('refresh', { cause: { error: 'invalid_grant' } }), kind: 'auth-revoked' },
    { error: refused(403, { error: { title: 'Forbidden', message: canary } }), kind: 'scope-missing' },
    { error: refused(403, undefined), kind: 'transient' },
    { error: refused(404, { error: 'RecordNotFound', description: 'Not found' }), kind: 'record-gone' },
    { error: refused(404, undefined), kind: 'transient' },
    { error: refused(422, { error: 'InvalidValue' }), kind: 'rejected' },
    { error: refused(400, { error: 'InvalidCursor' }, { withCursor: true }), kind: 'cursor-expired' },
    { error: refused(400, undefined, { withCursor: true }), kind: 'transient' },
    { error: refused(409, { error: 'DatabaseConflict' }), kind: 'transient' },
    { error: refused(429, { error: 'APIRateLimitExceeded' }), kind: 'rate-limited' },
    { error: refused(429, undefined, { withCursor: true }), kind: 'rate-limited' },
    { error: refused(503, undefined, { retryAfterMs: 30_000 }), kind: 'transient' },
    { error: refused(302, undefined), kind: 'transient' },
    { error: new ZendeskAnswerError('half a JSON'), kind: 'transient' },
    { error: new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }), kind: 'transient' },
  ],
  unreachable: {
    'quota-exhausted': 'Zendesk counts by the minute alone; there is no budget of a day that could be used up.',
  },
});

describe('zendesk', () => {
  it('waits as long as Zendesk says, and a minute where it says nothing', () => {
    expect(zendesk.classify(refused(429, undefined, { retryAfterMs: 7000 }))).toMatchObject({ retryAfterMs: 7000 });
    expect(zendesk.classify(refused(429, undefined))).toMatchObject({ retryAfterMs: 60_000 });
    expect(zendesk.classify(refused(503, undefined, { retryAfterMs: 30_000 }))).toMatchObject({ retryAfterMs: 30_000 });
  });

  it('I7: what Zendesk says of values stays out of messages', () => {
    const error = refused(422, { error: { title: `${canary} noor@fjord.example.com is invalid` } });
    expect(JSON.stringify([error.message, zendesk.classify(error)])).not.toMatch(/CANARY|noor@/);
  });

  it('D13: asks for reading alone; webhooks are asked for with push', () => {
    const reading = [...zendesk.manifest.baseScopes, ...zendesk.streams.flatMap((stream) => stream.scopes)];
    expect(new Set(reading)).toEqual(new Set(['read']));
    expect(zendesk.push?.scopes).toContain('webhooks:write');
  });

  it.each([
    'acme.evil.example',
    'acme/',
    'acme@169.254.169.254',
    '-acme',
    'acme-',
    '',
    'ACME',
    'a'.repeat(64),
    'acme\n',
  ])('R19: takes no subdomain such as %j', (value) => {
    const { pattern } = signInOf(zendesk.manifest).parameters?.['subdomain'] ?? expect.fail('no parameter');
    expect(new RegExp(`^(?:${pattern})$`).test(value)).toBe(false);
    expect(zendesk.settings.safeParse({ subdomain: value }).success).toBe(false);
  });
});
