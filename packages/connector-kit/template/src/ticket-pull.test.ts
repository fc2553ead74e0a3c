import { collect, testSession } from '@waymark/connector-kit/testing/session';
import nock from 'nock';
import { describe, expect, it } from 'vitest';
import { connect } from './client.ts';
import { exampleDesk } from './index.ts';
import { manifest } from './manifest.ts';
import { ticketStream } from './ticket-stream.ts';

const now = Date.UTC(2026, 10, 1);
const context = { mode: 'backfill', since: Date.UTC(2026, 0, 1), until: now } as const;
const api = () => nock('https://api.example-desk.example', { reqheaders: { authorization: 'Bearer test-token' } });
const client = () =>
  connect(
    testSession({ classify: (error) => exampleDesk.classify(error), baseUrls: manifest.baseUrls, now: () => now }),
  );
const ticket = (id: string) => ({ id, created_at: '2026-10-01T08:00:00Z', updated_at: '2026-10-02T09:00:00Z' });

describe('reading tickets', () => {
  it('D4: goes page by page, and begins the next run before this one began', async () => {
    api()
      .get('/v1/tickets')
      .query({ updated_since: '2026-01-01T00:00:00.000Z', sort: 'updated_at', limit: 100 })
      .reply(200, { tickets: [ticket('1')], next: 'a' });
    api()
      .get('/v1/tickets')
      .query((query) => query['next'] === 'a')
      .reply(200, { tickets: [ticket('2')] });
    const pages = await collect(ticketStream.pull(await client(), null, '', context));
    expect(pages.map((page) => page.records.map((record) => record.id))).toEqual([['1'], ['2']]);
    expect(pages.map((page) => page.done)).toEqual([false, true]);
    expect(pages.at(-1)?.cursor).toEqual({ since: now - 300_000, startedAt: now });
  });

  it('goes on in the middle of a run after an end', async () => {
    api()
      .get('/v1/tickets')
      .query((query) => query['next'] === 'a')
      .reply(200, { tickets: [ticket('2')] });
    const cursor = { since: context.since, startedAt: now - 5000, next: 'a' };
    const [page] = await collect(ticketStream.pull(await client(), cursor, '', context));
    expect(page?.cursor).toEqual({ since: now - 305_000, startedAt: now - 5000 });
  });

  it('D14: ends where the mark does not move', async () => {
    api().get('/v1/tickets').query(true).reply(200, { tickets: [], next: 'a' });
    const pages = await collect(ticketStream.pull(await client(), { since: 5, startedAt: 9, next: 'a' }, '', context));
    expect(pages).toHaveLength(1);
  });

  it('A4: an answer that is none is a failure, never an empty page', async () => {
    api().get('/v1/tickets').query(true).reply(200, { error: 'maintenance' });
    await expect(collect(ticketStream.pull(await client(), null, '', context))).rejects.toMatchObject({
      fault: { kind: 'transient' },
    });
  });
});
