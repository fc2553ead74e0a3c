import { contractSuite } from '@waymark/connector-kit/testing';
import { execFileSync } from 'node:child_process';
import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import { broken, canary, channels, leftOut, messages, people } from '../fixtures/records.ts';
import { slackChannels } from './index.ts';

const context = {
  ownDomains: ['vendor.example'],
  account: { externalAccountId: 'T0VENDOR', label: 'Vendor' },
  settings: {},
  keepSubjects: false,
  readAt: Date.UTC(2026, 10, 1),
};

const refused = (error: string) => new WebAPIPlatformError({ ok: false, error });
const round = {
  startedAt: 9,
  gapFrom: null,
  channels: ['C0'],
  todo: [{ channel: 'C0', from: 5 }],
  cursor: 'next',
  listed: false,
  threads: [{ ts: '1759305600.000100', cursor: null }],
};

contractSuite({
  connector: slackChannels,
  context,
  canary,
  fixtures: {
    channels: Object.entries(channels).map(([name, raw]) => ({ name, raw, outcome: 'stored' as const })),
    people: Object.entries(people).map(([name, one]) => ({ name, ...one })),
    'channel-messages': [
      ...Object.entries(messages).map(([name, raw]) => ({ name, raw, outcome: 'stored' as const })),
      ...Object.entries(leftOut).map(([name, raw]) => ({ name, raw, outcome: 'ignored' as const })),
      ...Object.entries(broken).map(([name, raw]) => ({ name, raw, outcome: 'unparsed' as const })),
    ],
  },
  cursors: {
    channels: [{ readAt: 5 }, { readAt: 0, running: { startedAt: 5, after: 'next' } }],
    people: [{ readAt: 5 }],
    'channel-messages': [
      { after: null, checkedTo: 0, channels: [], gapFrom: null, round: null },
      { after: '17', checkedTo: 5, channels: ['C0'], gapFrom: 4, round },
    ],
  },
  errors: [
    { error: refused('token_revoked'), kind: 'auth-revoked' },
    { error: refused('account_inactive'), kind: 'auth-revoked' },
    { error: refused('invalid_auth'), kind: 'auth-revoked' },
    { error: refused('token_expired'), kind: 'token-expired' },
    { error: refused('missing_scope'), kind: 'scope-missing' },
    { error: refused('channel_not_found'), kind: 'record-gone' },
    { error: refused('user_not_found'), kind: 'record-gone' },
    { error: refused('ratelimited'), kind: 'rate-limited' },
    { error: refused('internal_error'), kind: 'transient' },
    { error: refused('<html>a proxy</html>'), kind: 'transient' },
    { error: refused('invalid_arguments'), kind: 'rejected' },
    { error: new WebAPIRateLimitedError(30), kind: 'rate-limited' },
    { error: new WebAPIHTTPError(503, 'Service Unavailable', {}), kind: 'transient' },
    { error: new WebAPIHTTPError(429, 'Too Many Requests', { 'retry-after': '7' }), kind: 'rate-limited' },
    { error: new WebAPIRequestError(new Error('connect ECONNREFUSED')), kind: 'transient' },
  ],
  unreachable: {
    'cursor-expired': 'A place in Slack’s history is a time; a dead page is begun anew within the channel.',
    'quota-exhausted': 'Slack limits calls by the minute and has no quota of a day.',
  },
});

describe('slack-channels', () => {
  it('E3: waits as long as Slack asks', () => {
    expect(slackChannels.classify(new WebAPIRateLimitedError(30))).toMatchObject({ retryAfterMs: 30_000 });
    const error = new WebAPIHTTPError(429, 'Too Many Requests', { 'retry-after': '7' });
    expect(slackChannels.classify(error)).toMatchObject({ retryAfterMs: 7000 });
  });

  it('E6: names the scope that is missing', () => {
    const data = { ok: false, error: 'missing_scope', needed: 'groups:history' };
    expect(slackChannels.classify(new WebAPIPlatformError(data))).toMatchObject({ scope: 'groups:history' });
  });

  it('loads the SDK only when it connects', () => {
    const script = `
      const { createRequire } = await import('node:module');
      await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
      console.log(Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('@slack')).length);`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname });
    expect(out.toString().trim()).toBe('0');
  });
});
