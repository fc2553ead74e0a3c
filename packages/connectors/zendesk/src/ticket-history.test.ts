import type { Page } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import nock from 'nock';
import { beforeEach, describe, expect, it } from 'vitest';
import { zendesk } from './connector.ts';
import { canary, context } from './testing/fixtures.ts';
import { ticketStream } from './ticket-stream.ts';

const base = 'https://acme.zendesk.com';
const now = Date.parse('2026-06-01T12:00:00Z');

const row = (id: number, more: object = {}) => ({
  id,
  url: `${base}/api/v2/tickets/${id}.json`,
  created_at: '2026-05-01T09:00:00Z',
  updated_at: '2026-05-02T09:00:00Z',
  status: 'open',
  subject: 'Invoice',
  raw_subject: canary,
  description: canary,
  custom_fields: [{ id: 1, value: canary }],
  requester_id: 3001,
  submitter_id: 3001,
  tags: [],
  via: { channel: 'email', source: { from: { address: 'secret@fjord.example.com' } } },
  ...more,
});

const comment = (id: number, isPublic: boolean) => ({
  id,
  type: 'Comment',
  author_id: 3001,
  body: canary,
  html_body: `<p>${canary}</p>`,
  plain_body: canary,
  public: isPublic,
  attachments: [{ file_name: canary }],
});

const audit = (id: number, events: readonly object[], more: object = {}) => ({
  id,
  ticket_id: 1,
  created_at: '2026-05-01T09:00:00Z',
  author_id: 3001,
  metadata: { system: { ip_address: '192.0.2.7' }, custom: {} },
  events,
  via: { channel: 'web', source: { from: {}, to: {}, rel: null } },
  ...more,
});

const exported = (tickets: readonly object[]) =>
  nock(base)
    .get('/api/v2/incremental/tickets/cursor.json')
    .query(true)
    .reply(200, { tickets, after_cursor: 'c1', end_of_stream: true });

const audits = (id: number, answer: object, after?: string) =>
  nock(base)
    .get(`/api/v2/tickets/${id}/audits.json`)
    .query(after === undefined ? { 'page[size]': '100' } : { 'page[size]': '100', 'page[after]': after })
    .reply(200, answer);

async function pull(): Promise<Page<unknown>[]> {
  const session = testSession({ classify: zendesk.classify, baseUrls: { account: base }, now: () => now });
  const client = await zendesk.connect(session);
  return collect(ticketStream.pull(client, null, '', { mode: 'backfill', since: 0, until: now }));
}

const mapped = (page: Page<unknown> | undefined) =>
  (page?.records ?? []).map((record) => {
    const parsed = ticketStream.raw.safeParse(record.raw);
    return parsed.success ? ticketStream.map(parsed.data, context) : undefined;
  });

beforeEach(() => {
  const people = [{ id: 3001, name: 'Noor', email: 'Noor@fjord.example.com', role: 'end-user' }];
  nock(base).get('/api/v2/users/show_many.json').query({ ids: '3001' }).reply(200, { users: people });
  nock(base)
    .get('/api/v2/search/count.json')
    .query(true)
    .optionally()
    .reply(403, { error: { title: 'Forbidden' } });
  nock(base).get('/api/v2/custom_statuses.json').reply(404, { error: 'RecordNotFound', description: 'Not found' });
});

describe('the history of a ticket', () => {
  it('I7: is read page by page, and nothing that was written comes out of it', async () => {
    exported([row(1)]);
    audits(1, { audits: [audit(11, [comment(101, true)])], meta: { has_more: true, after_cursor: 'a1' } });
    const solved = { id: 102, type: 'Change', field_name: 'status', value: 'solved', previous_value: 'open' };
    const subject = { id: 103, type: 'Change', field_name: 'subject', value: canary, previous_value: canary };
    const told = { id: 104, type: 'Notification', body: canary, subject: canary, recipients: [3001] };
    audits(1, { audits: [audit(12, [solved, subject, told, comment(105, true)])], meta: { has_more: false } }, 'a1');
    const [page] = await pull();
    expect(mapped(page)).toMatchObject([
      { outcome: 'stored', events: [{ type: 'ticket.opened' }, { type: 'ticket.replied' }, { type: 'ticket.solved' }] },
    ]);
    expect(JSON.stringify(page)).not.toContain(canary);
    expect(JSON.stringify(page)).not.toMatch(/192\.0\.2\.7|secret@/);
  });

  it('takes a comment that was made private later for private, on whichever page that stands', async () => {
    exported([row(1)]);
    const first = [audit(11, [comment(101, true)]), audit(12, [comment(102, true)])];
    audits(1, { audits: first, meta: { has_more: true, after_cursor: 'a1' } });
    const hidden = { id: 103, type: 'CommentPrivacyChange', comment_id: 102, public: false };
    audits(1, { audits: [audit(13, [hidden])], meta: { has_more: false } }, 'a1');
    const [one] = mapped((await pull())[0]);
    expect(one).toMatchObject({ events: [{}, { type: 'ticket.replied', direction: 'internal' }] });
  });

  it('I9: an audit of an unknown form sets its ticket aside and stops nothing', async () => {
    exported([row(1), row(2)]);
    audits(1, { audits: [{ id: 'none', created_at: 5, body: canary }] });
    audits(2, {
      audits: [audit(21, [comment(201, true), { id: 202, type: 'SomethingNew', value: { deep: [canary] } }])],
    });
    const [page] = await pull();
    expect(mapped(page).map((each) => each?.outcome)).toEqual([undefined, 'stored']);
    expect(JSON.stringify(page)).not.toContain(canary);
  });

  it('R19: sends the token to the address of the account alone, whatever an answer names or redirects to', async () => {
    nock.cleanAll();
    const elsewhere = nock('https://evil.example').get(/.*/).reply(200, {});
    nock(base)
      .get('/api/v2/incremental/tickets/cursor.json')
      .query(true)
      .reply(302, '', { location: 'https://evil.example/api/v2/x' });
    nock(base).get('/api/v2/search/count.json').query(true).times(2).reply(200, { count: 7 });
    await expect(pull()).rejects.toMatchObject({ fault: { kind: 'transient' } });
    nock(base)
      .get('/api/v2/incremental/tickets/cursor.json')
      .query(true)
      .reply(200, { tickets: [], after_url: 'https://evil.example/x', after_cursor: 'c1', end_of_stream: false });
    nock(base)
      .get('/api/v2/incremental/tickets/cursor.json')
      .query({ cursor: 'c1', per_page: '100' })
      .reply(200, { tickets: [], after_cursor: 'c2', end_of_stream: true });
    nock(base).get('/api/v2/custom_statuses.json').reply(200, { custom_statuses: [] });
    expect(await pull()).toHaveLength(2);
    expect(elsewhere.isDone()).toBe(false);
    nock.cleanAll();
  });
});
