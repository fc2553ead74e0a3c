import { contractSuite } from '@waymark/connector-kit/testing';
import { broken, canary, tickets } from '../fixtures/tickets.ts';
import { ExampleDeskHttpError } from './client.ts';
import { exampleDesk } from './index.ts';

contractSuite({
  connector: exampleDesk,
  context: {
    ownDomains: ['vendor.example'],
    account: { externalAccountId: 'acct-1', label: 'Vendor' },
    settings: {},
    keepSubjects: false,
    readAt: Date.UTC(2026, 10, 1),
  },
  fixtures: {
    tickets: [
      ...Object.entries(tickets).map(([name, raw]) => ({ name, raw, outcome: 'stored' as const })),
      ...Object.entries(broken).map(([name, raw]) => ({ name, raw, outcome: 'unparsed' as const })),
    ],
  },
  cursors: {
    tickets: [
      { since: 5, startedAt: 9 },
      { since: 5, startedAt: 9, next: 'mark' },
    ],
  },
  errors: [
    { error: new ExampleDeskHttpError(401, '/v1/tickets'), kind: 'token-expired' },
    { error: new ExampleDeskHttpError(403, '/v1/tickets'), kind: 'scope-missing' },
    { error: new ExampleDeskHttpError(404, '/v1/tickets/1'), kind: 'record-gone' },
    { error: new ExampleDeskHttpError(429, '/v1/tickets', 3000), kind: 'rate-limited' },
    { error: new ExampleDeskHttpError(503, '/v1/tickets'), kind: 'transient' },
    { error: new ExampleDeskHttpError(422, '/v1/tickets'), kind: 'rejected' },
  ],
  unreachable: {
    'cursor-expired': 'A cursor is an instant, which does not age.',
    'quota-exhausted': 'The vendor has no quota longer than a minute.',
    'auth-revoked': 'A dead grant is told by the token endpoint, which the runner asks.',
  },
  canary,
});
