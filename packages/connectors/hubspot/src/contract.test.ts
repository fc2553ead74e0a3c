import { execFileSync } from 'node:child_process';
import { signInOf } from '@waymark/connector-kit';
import { contractSuite } from '@waymark/connector-kit/testing';
import { describe, expect, it } from 'vitest';
import { hubspot } from './connector.ts';
import { HubSpotAnswerError, HubSpotHttpError } from './http-error.ts';
import { emails, meetings, surveys } from './testing/activity-fixtures.ts';
import { canary, companies, contacts, context, deals, owners, tickets } from './testing/fixtures.ts';

const refused = (status: number, body: unknown): HubSpotHttpError =>
  new HubSpotHttpError({ method: 'GET', path: '/x', status, body });

const objectCursors = [
  { phase: 'enumerate', startedAt: 5, after: '100', since: 0 },
  { phase: 'live', from: 5, archivedFrom: 5, since: 0 },
  { phase: 'sweep', from: 5, to: 9, afterId: '0', archivedFrom: 5, since: 0 },
  { phase: 'archived', from: 5, startedAt: 9, archivedFrom: 5, since: 0 },
];

const stored = (
  raws: Readonly<Record<string, unknown>>,
  others: Readonly<Record<string, 'ignored' | 'unparsed'>> = {},
) => Object.entries(raws).map(([name, raw]) => ({ name, raw, outcome: others[name] ?? ('stored' as const) }));

contractSuite({
  connector: hubspot,
  context,
  canary,
  fixtures: {
    // It carries no records: all that it reads wakes other streams.
    journal: [{ name: 'any record', raw: { id: '1' }, outcome: 'unparsed' }],
    owners: stored(owners),
    companies: stored(companies, { malformed: 'unparsed' }),
    contacts: stored(contacts),
    deals: stored(deals),
    tickets: stored(tickets),
    meetings: stored(meetings, {
      withoutStart: 'ignored',
      tooOld: 'ignored',
      internal: 'ignored',
      colleagues: 'ignored',
    }),
    emails: stored(emails, { scheduled: 'ignored', withoutSender: 'ignored' }),
    feedback_submissions: stored(surveys, { withoutScore: 'ignored', aboutAnArticle: 'ignored', tooOld: 'ignored' }),
  },
  cursors: {
    journal: [
      { offset: null, subscribedAt: 0 },
      { offset: 'a', subscribedAt: 5 },
    ],
    owners: [{ readAt: 5 }, { readAt: 5, running: { startedAt: 6, archived: true, after: '9' } }],
    ...Object.fromEntries(
      ['companies', 'contacts', 'deals', 'tickets', 'meetings', 'emails', 'feedback_submissions'].map((name) => [
        name,
        objectCursors,
      ]),
    ),
  },
  errors: [
    { error: refused(401, { status: 'error', category: 'EXPIRED_AUTHENTICATION' }), kind: 'token-expired' },
    { error: refused(400, { status: 'BAD_REFRESH_TOKEN', error: 'invalid_grant' }), kind: 'auth-revoked' },
    { error: Object.assign(new Error('refused'), { error: 'invalid_grant', status: 400 }), kind: 'auth-revoked' },
    { error: new Error('refresh', { cause: { status: 'BAD_REFRESH_TOKEN' } }), kind: 'auth-revoked' },
    { error: refused(403, { status: 'error', category: 'MISSING_SCOPES' }), kind: 'scope-missing' },
    { error: refused(403, undefined), kind: 'transient' },
    { error: refused(429, { status: 'error', policyName: 'SECONDLY' }), kind: 'rate-limited' },
    { error: refused(429, undefined), kind: 'rate-limited' },
    { error: refused(400, { status: 'error', category: 'VALIDATION_ERROR' }), kind: 'rejected' },
    { error: refused(409, { status: 'error', category: 'CONFLICT' }), kind: 'rejected' },
    { error: refused(404, undefined), kind: 'transient' },
    { error: refused(502, undefined), kind: 'transient' },
    { error: refused(423, { status: 'error', category: 'LOCKED' }), kind: 'transient' },
    { error: new HubSpotAnswerError('half a JSON'), kind: 'transient' },
    { error: new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }), kind: 'transient' },
    {
      error: new HubSpotHttpError({
        method: 'GET',
        path: '/x',
        status: 429,
        body: { status: 'error', policyName: 'DAILY', category: 'RATE_LIMITS' },
        resumeAt: 9,
      }),
      kind: 'quota-exhausted',
    },
    { error: refused(410, { status: 'error', category: 'GONE' }), kind: 'cursor-expired' },
  ],
  unreachable: {
    'record-gone': 'A record that is asked for by id and is not there is missing from a list, which is no error.',
  },
});

describe('hubspot', () => {
  it('D7: a used-up day waits for the midnight of the account, other limits for their own window', () => {
    const body = { status: 'error', category: 'RATE_LIMITS', policyName: 'DAILY' };
    const error = new HubSpotHttpError({ method: 'GET', path: '/x', status: 429, body, resumeAt: 77 });
    expect(hubspot.classify(error)).toMatchObject({ kind: 'quota-exhausted', resumeAt: 77 });
    expect(hubspot.classify(refused(429, { policyName: 'SECONDLY' }))).toMatchObject({ retryAfterMs: 1000 });
    expect(hubspot.classify(refused(429, { policyName: 'TEN_SECONDLY_ROLLING' }))).toMatchObject({
      retryAfterMs: 10_000,
    });
  });

  it('I7: what HubSpot says of values stays out of messages', () => {
    const error = refused(400, {
      status: 'error',
      category: 'VALIDATION_ERROR',
      message: `Property values were not valid: noor@fjord.example.com ${canary}`,
      errors: [{ message: canary, code: 'INVALID_OPTION', context: { propertyName: ['tier'], value: [canary] } }],
    });
    expect(error.message).toContain('INVALID_OPTION tier');
    expect(JSON.stringify([error.message, hubspot.classify(error)])).not.toMatch(/CANARY|noor@/);
  });

  it('D13: asks for no write scope but with write-back', () => {
    const reading = [...hubspot.manifest.baseScopes, ...hubspot.streams.flatMap((stream) => stream.scopes)];
    expect(reading.filter((scope) => scope.endsWith('.write'))).toEqual([]);
    expect(hubspot.write?.scopes).toContain('crm.objects.companies.write');
  });

  it('R18: uses the dated token endpoint', () => {
    expect(signInOf(hubspot.manifest).tokenPath).toBe('/oauth/2026-03/token');
  });

  it('loads the SDK only when it connects', () => {
    const script = `
      const { createRequire } = await import('node:module');
      await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
      const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('@hubspot'));
      console.log(loaded.length);`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname });
    expect(out.toString().trim()).toBe('0');
  });
});
