import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { MapContext } from '@waymark/connector-kit';
import { zendesk } from '@waymark/connector-zendesk';
import { testSession } from '@waymark/connector-kit/testing/session';
import { entityFact } from '@waymark/journey';
import nock from 'nock';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { streamOf } from './zendesk-desk.ts';

const data = process.env['WAYMARK_DATA_DIR'];
if (data === undefined)
  console.warn('Set WAYMARK_DATA_DIR to a folder with zendesk-fixtures/ to read recorded answers.');
const folder = join(data ?? '', 'zendesk-fixtures/test/fixtures');

const exchange = z.looseObject({
  method: z.string(),
  path: z.string(),
  status: z.number(),
  response: z.unknown(),
});
type Exchange = z.infer<typeof exchange>;

/** What was recorded, once for each file; some files hold one exchange and no list. */
function recorded(): Exchange[] {
  return readdirSync(folder).flatMap((name) => {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    return (Array.isArray(parsed) ? parsed : [parsed]).flatMap((one) => {
      const found = exchange.safeParse(one).data;
      return found === undefined ? [] : [{ ...found, response: unpacked(found.response) }];
    });
  });
}

/** Answers that came compressed were recorded as pieces of hexadecimal digits. */
function unpacked(response: unknown): unknown {
  const pieces = z.array(z.string().regex(/^[0-9a-f]+$/)).safeParse(response).data;
  if (pieces === undefined || pieces.length === 0) return response;
  return JSON.parse(gunzipSync(Buffer.from(pieces.join(''), 'hex')).toString('utf8'));
}

const rows = z.looseObject({
  organizations: z.array(z.looseObject({ id: z.number() })).optional(),
  organization: z.looseObject({ id: z.number() }).optional(),
});

const context: MapContext = {
  ownDomains: [],
  account: { externalAccountId: 'recorded', label: 'Recorded' },
  settings: {},
  keepSubjects: false,
  readAt: 0,
};

const base = 'https://recorded.zendesk.com';
const session = () =>
  testSession({
    classify: zendesk.classify,
    baseUrls: { account: base },
    now: () => Date.parse('2026-01-01T00:00:00Z'),
  });

afterEach(() => nock.cleanAll());

describe.skipIf(data === undefined)('zendesk’s recorded answers', () => {
  it('parse as organizations and become accounts', () => {
    const { raw, map } = streamOf('organizations');
    const found = recorded().flatMap(({ response }) => {
      const answer = rows.safeParse(response).data;
      return [...(answer?.organizations ?? []), ...(answer?.organization ? [answer.organization] : [])];
    });
    expect(found.length).toBeGreaterThan(20);
    for (const row of found) {
      const mapped = map(raw.parse(row), context);
      if (mapped.outcome !== 'stored') return expect.fail('an organization was not stored');
      for (const fact of mapped.entities ?? [])
        expect(entityFact.parse(fact)).toMatchObject({ externalId: String(row.id) });
    }
  });

  it('give the list of organizations page by page, as it was recorded', async () => {
    const byCursor = new Map(
      recorded()
        .filter(({ method, path }) => method === 'GET' && path.includes('page%5Bsize%5D=1') && !path.includes('=100'))
        .map(({ path, response }) => [new URL(path, base).searchParams.get('page[after]') ?? '', response]),
    );
    expect(byCursor.size).toBeGreaterThan(10);
    const asked: string[] = [];
    nock(base)
      .get('/api/v2/organizations.json')
      .query(true)
      .times(byCursor.size)
      .reply(200, (request: Request) => {
        const after = new URL(request.url).searchParams.get('page[after]') ?? '';
        asked.push(after);
        return JSON.stringify(byCursor.get(after));
      });
    const client = await zendesk.connect(session());
    const read = [];
    for await (const page of streamOf('organizations').pull(client, null, '', { mode: 'backfill', since: 0, until: 0 }))
      read.push(page);
    expect(asked).toEqual([...byCursor.keys()]);
    const ids = read.flatMap((page) => page.records).map((record) => record.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(10);
    expect(read.at(-1)).toMatchObject({ done: true, cursor: { phase: 'live' } });
  });

  it('make nobody of a user without an id, and a gone record of a 404', async () => {
    const me = recorded().filter(({ path, status }) => path === '/api/v2/users/me.json' && status === 200);
    expect(me.length).toBeGreaterThan(0);
    for (const { response } of me) {
      nock(base).get('/api/v2/users/me.json').reply(200, JSON.stringify(response));
      const client = await zendesk.connect(session());
      await expect(zendesk.identify(client)).rejects.toMatchObject({ fault: { kind: 'token-expired' } });
    }
    const missing = recorded().find(
      ({ status, response }) => status === 404 && JSON.stringify(response)?.includes('RecordNotFound'),
    );
    nock(base).get('/api/v2/users/me.json').reply(404, JSON.stringify(missing?.response));
    const client = await zendesk.connect(session());
    await expect(zendesk.identify(client)).rejects.toMatchObject({ fault: { kind: 'record-gone' } });
  });
});
