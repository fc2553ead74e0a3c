import { execFileSync } from 'node:child_process';
import { contractSuite } from '@waymark/connector-kit/testing';
import { signInOf } from '@waymark/connector-kit';
import { describe, expect, it } from 'vitest';
import { salesforce } from './connector.ts';
import { SalesforceAnswerError, SalesforceHttpError } from './http-error.ts';
import {
  accounts,
  canary,
  cases,
  contacts,
  context,
  emails,
  events,
  opportunities,
  owners,
  tasks,
} from './testing/fixtures.ts';

const refused = (status: number, body: unknown, resumeAt?: number): SalesforceHttpError =>
  new SalesforceHttpError({ method: 'GET', path: '/x', status, body, resumeAt });
const coded = (status: number, errorCode: string, message = 'told', resumeAt?: number): SalesforceHttpError =>
  refused(status, [{ errorCode, message }], resumeAt);
/** As jsforce throws: the code is the name as well, and there is no status. */
const sdk = (errorCode: string, message = 'told', data: unknown = undefined): Error =>
  Object.assign(new Error(message), { name: errorCode, errorCode, data });

const objectCursors = [
  { phase: 'enumerate', startedAt: 5, after: '0015g000000A001AAA', since: 0 },
  { phase: 'live', from: 5, enumeratedAt: 5, since: 0 },
  { phase: 'changes', to: 9, stamp: 5, id: '0015g000000A001AAA', enumeratedAt: 5, since: 0 },
];

const stored = (
  raws: Readonly<Record<string, unknown>>,
  others: Readonly<Record<string, 'ignored' | 'unparsed'>> = {},
) => Object.entries(raws).map(([name, raw]) => ({ name, raw, outcome: others[name] ?? ('stored' as const) }));

contractSuite({
  connector: salesforce,
  context,
  canary,
  fixtures: {
    owners: stored(owners),
    accounts: stored(accounts, { malformed: 'unparsed' }),
    contacts: stored(contacts),
    opportunities: stored(opportunities),
    cases: stored(cases),
    events: stored(events, {
      internal: 'ignored',
      attendeeCopy: 'ignored',
      seriesPattern: 'ignored',
      withoutStart: 'ignored',
      tooOld: 'ignored',
    }),
    emails: stored(emails, { draft: 'ignored', withoutSender: 'ignored' }),
    tasks: stored(tasks, { toldByMail: 'ignored', open: 'ignored', forNobody: 'ignored' }),
  },
  cursors: Object.fromEntries(salesforce.streams.map(({ name }) => [name, objectCursors])),
  errors: [
    { error: coded(401, 'INVALID_SESSION_ID'), kind: 'token-expired' },
    { error: refused(401, undefined), kind: 'token-expired' },
    { error: sdk('INVALID_SESSION_ID'), kind: 'token-expired' },
    { error: sdk('ERROR_HTTP_401', '<html>'), kind: 'token-expired' },
    {
      error: coded(401, 'INVALID_SESSION_ID', 'This session is not valid for use with the REST API'),
      kind: 'scope-missing',
    },
    { error: refused(400, { error: 'invalid_grant', error_description: 'expired' }), kind: 'auth-revoked' },
    { error: Object.assign(new Error('refused'), { error: 'invalid_grant', status: 400 }), kind: 'auth-revoked' },
    { error: new Error('refresh', { cause: { error: 'inactive_user' } }), kind: 'auth-revoked' },
    { error: coded(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.', 77), kind: 'quota-exhausted' },
    {
      error: coded(403, 'REQUEST_LIMIT_EXCEEDED', 'ConcurrentPerOrgLongTxn Limit exceeded.', 77),
      kind: 'rate-limited',
    },
    { error: sdk('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'), kind: 'rate-limited' },
    { error: refused(429, undefined), kind: 'rate-limited' },
    { error: coded(400, 'INVALID_REPLICATION_DATE'), kind: 'cursor-expired' },
    { error: coded(400, 'INVALID_QUERY_LOCATOR'), kind: 'transient' },
    { error: coded(400, 'UNABLE_TO_LOCK_ROW'), kind: 'transient' },
    { error: sdk('MULTIPLE_API_ERRORS', 'several', [{ errorCode: 'UNABLE_TO_LOCK_ROW' }]), kind: 'transient' },
    { error: coded(403, 'API_DISABLED_FOR_ORG'), kind: 'scope-missing' },
    { error: coded(403, 'INSUFFICIENT_ACCESS'), kind: 'scope-missing' },
    { error: coded(400, 'INVALID_TYPE'), kind: 'scope-missing' },
    { error: coded(404, 'NOT_FOUND'), kind: 'record-gone' },
    { error: coded(404, 'ENTITY_IS_DELETED'), kind: 'record-gone' },
    { error: coded(400, 'MALFORMED_QUERY'), kind: 'rejected' },
    { error: coded(400, 'INVALID_FIELD'), kind: 'rejected' },
    { error: refused(404, '<html>'), kind: 'transient' },
    { error: refused(403, undefined), kind: 'transient' },
    { error: coded(503, 'SERVER_UNAVAILABLE'), kind: 'transient' },
    { error: new SalesforceAnswerError('half a JSON'), kind: 'transient' },
    { error: new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }), kind: 'transient' },
  ],
});

describe('salesforce', () => {
  it('D10: a used-up day says when to look again; too many calls at one time pass in moments', () => {
    expect(salesforce.classify(coded(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests', 77))).toMatchObject({
      kind: 'quota-exhausted',
      resumeAt: 77,
    });
    expect(salesforce.classify(coded(403, 'REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests', 77))).toMatchObject({
      retryAfterMs: 30_000,
    });
  });

  it('I7: what Salesforce says of values stays out of messages', () => {
    const message = `bad value for restricted picklist field: ${canary} noor@fjord.example.com`;
    const error = refused(400, [{ errorCode: 'INVALID_FIELD', message, fields: ['Stage__c', canary + ' x'] }]);
    expect(error.message).toContain('INVALID_FIELD Stage__c');
    for (const each of [error, sdk('MALFORMED_QUERY', message, [{ message }])]) {
      expect(JSON.stringify(salesforce.classify(each))).not.toMatch(/CANARY|noor@/);
    }
  });

  it('R19: believes a login host and an instance only where they are Salesforce’s', () => {
    const { parameters, accountBase } = signInOf(salesforce.manifest);
    const domain = new RegExp(parameters?.['domain']?.pattern ?? 'none', 'u');
    for (const good of ['login', 'test', 'acme.my', 'acme--uat.sandbox.my', 'acme-dev-ed.develop.my']) {
      expect(good).toMatch(domain);
    }
    for (const bad of ['evil.test/', 'acme', 'acme.my.salesforce.com@evil', 'a@b.my', '', 'acme.evil.my', 'LOGIN']) {
      expect(bad).not.toMatch(domain);
    }
    expect(accountBase).toMatchObject({ base: 'instance', field: 'instance_url', hosts: ['.salesforce.com'] });
  });

  it('asks for no more than the API and a lasting grant', () => {
    const asked = [...salesforce.manifest.baseScopes, ...salesforce.streams.flatMap((stream) => stream.scopes)];
    expect([...new Set(asked)].toSorted()).toEqual(['api', 'refresh_token']);
  });

  it('loads the SDK only when it connects', () => {
    const script = `
      const { createRequire } = await import('node:module');
      await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
      const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('jsforce'));
      console.log(loaded.length);`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname });
    expect(out.toString().trim()).toBe('0');
  });
});
