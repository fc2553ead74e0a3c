import { collect, testSession } from '@waymark/connector-kit/testing/session';
import nock from 'nock';
import { describe, expect, it } from 'vitest';
import { canary, conversations } from '../fixtures/conversations.ts';
import { connect } from './client.ts';
import { conversationStream } from './conversation-stream.ts';
import { intercom } from './index.ts';

const now = Date.UTC(2026, 10, 1);
const context = { mode: 'backfill', since: Date.UTC(2026, 0, 1), until: now } as const;
const api = () =>
  nock('https://api.intercom.io', { reqheaders: { authorization: 'Bearer test-token', 'intercom-version': '2.14' } });
const client = () =>
  connect(
    testSession({
      classify: (error) => intercom.classify(error),
      baseUrls: { app: 'https://app.intercom.com', api: 'https://api.intercom.io' },
      now: () => now,
    }),
  );
const found = (ids: readonly string[], next?: string) => ({
  type: 'conversation.list',
  total_count: 2,
  conversations: ids.map((id) => ({ id, updated_at: 1_790_000_000 })),
  pages: { type: 'pages', next: next === undefined ? null : { page: 2, starting_after: next } },
});

describe('reading conversations', () => {
  it('D2, D4: pages a search with a fixed end and begins the next run before this one began', async () => {
    const asked: unknown[] = [];
    const search = (answer: object) =>
      api()
        .post('/conversations/search', (body) => asked.push(body) > 0)
        .reply(200, answer);
    search(found(['215'], 'mark'));
    api().get('/conversations/215').reply(200, conversations.plain);
    search(found(['216']));
    api().get('/conversations/216').reply(200, conversations.plain);
    const pages = await collect(conversationStream.pull(await client(), null, '', context));
    expect(pages.map((page) => [page.records.map(({ id }) => id), page.done])).toEqual([
      [['215'], false],
      [['216'], true],
    ]);
    expect(pages.map((page) => page.cursor)).toEqual([
      { since: context.since, until: now, after: 'mark' },
      { since: now - 300_000 },
    ]);
    expect(asked).toMatchObject([
      {
        query: {
          value: [
            { field: 'updated_at', operator: '>' },
            { operator: '<', value: now / 1000 + 1 },
          ],
        },
        pagination: { per_page: 150 },
      },
      { pagination: { starting_after: 'mark' } },
    ]);
    expect(JSON.stringify(pages)).not.toContain(canary);
  });

  it('A12: a conversation that went away between search and reading ends itself, not the page', async () => {
    api()
      .post('/conversations/search')
      .reply(200, found(['215', '216']));
    api()
      .get('/conversations/215')
      .reply(404, { type: 'error.list', errors: [{ code: 'not_found', message: 'gone' }] });
    api().get('/conversations/216').reply(200, conversations.plain);
    const [page] = await collect(conversationStream.pull(await client(), null, '', context));
    expect(page?.records.map(({ id }) => id)).toEqual(['216']);
  });

  it('D14: ends where the mark does not move', async () => {
    api().post('/conversations/search').reply(200, found([], 'mark'));
    const pages = await collect(
      conversationStream.pull(await client(), { since: 5, until: 9, after: 'mark' }, '', context),
    );
    expect(pages.map((page) => page.done)).toEqual([true]);
  });

  it('F1: waits as long as the limit says', async () => {
    const headers = { 'x-ratelimit-reset': String(now / 1000 + 7) };
    api()
      .post('/conversations/search')
      .reply(429, { type: 'error.list', errors: [{ code: 'rate_limit_exceeded' }] }, headers);
    await expect(collect(conversationStream.pull(await client(), null, '', context))).rejects.toMatchObject({
      fault: { kind: 'rate-limited', retryAfterMs: 7000 },
    });
  });
});
