import { contractSuite } from '@waymark/connector-kit/testing';
import { broken, canary, conversations, leftOut } from '../fixtures/conversations.ts';
import { IntercomHttpError } from './client.ts';
import { intercom } from './index.ts';

const refused = (status: number, reason?: string) =>
  new IntercomHttpError({ status, path: '/conversations/1', reason });

contractSuite({
  connector: intercom,
  context: {
    ownDomains: ['vendor.example'],
    account: { externalAccountId: 'ws1', label: 'Vendor' },
    settings: {},
    keepSubjects: false,
    readAt: Date.UTC(2026, 10, 1),
  },
  fixtures: {
    conversations: [
      ...Object.entries(conversations).map(([name, raw]) => ({ name, raw, outcome: 'stored' as const })),
      ...Object.entries(leftOut).map(([name, raw]) => ({ name, raw, outcome: 'ignored' as const })),
      ...Object.entries(broken).map(([name, raw]) => ({ name, raw, outcome: 'unparsed' as const })),
    ],
  },
  cursors: { conversations: [{ since: 5 }, { since: 5, until: 9, after: 'mark' }] },
  errors: [
    { error: refused(401, 'unauthorized'), kind: 'token-expired' },
    { error: refused(401, 'token_revoked'), kind: 'auth-revoked' },
    { error: refused(403, 'api_plan_restricted'), kind: 'scope-missing' },
    { error: refused(403), kind: 'transient' },
    { error: refused(404, 'not_found'), kind: 'record-gone' },
    { error: refused(404), kind: 'transient' },
    { error: refused(429, 'rate_limit_exceeded'), kind: 'rate-limited' },
    { error: refused(503), kind: 'transient' },
    { error: refused(422, 'parameter_invalid'), kind: 'rejected' },
  ],
  unreachable: {
    'cursor-expired': 'A cursor is an instant, which does not age; a mark that is refused begins the search anew.',
    'quota-exhausted': 'Intercom counts over windows of ten seconds and has no longer quota.',
  },
  canary,
});
