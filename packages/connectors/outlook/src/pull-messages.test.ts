import type { Page, PullContext } from '@waymark/connector-kit';
import { collect } from '@waymark/connector-kit/testing/session';
import { expect, test } from 'vitest';
import { connectTest, folders, graphServer as anyServer, origin, Refusal } from '../fixtures/graph-server.ts';
import type { Asked } from '../fixtures/graph-server.ts';
import { canary, message } from '../fixtures/messages.ts';
import { outlook } from './index.ts';
import { ForeignOrigin } from './link.ts';
import type { MailCursor } from './mail-cursor.ts';
import { pullMessages } from './pull-messages.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 9, 2, 9);
const delta = '/me/mailFolders/inbox-id/messages/delta';
const link = (query: string) => `${origin}/v1.0${delta}?${query}`;
const live: MailCursor = { phase: 'live', committed: `${delta}?$deltatoken=one`, since: now - 30 * day };

async function pull(from: MailCursor | null, more: Partial<PullContext> = {}) {
  const context: PullContext = {
    mode: from === null ? 'backfill' : 'live',
    since: now - 30 * day,
    until: now,
    ...more,
  };
  return collect(pullMessages(await connectTest(), from, 'inbox-id', context));
}

const ids = (pages: readonly Page<unknown>[]) => pages.flatMap(({ records }) => records.map(({ id }) => id));
const counted = (count: number) => ({ '@odata.count': count, value: [] });
/** A server that knows the mailbox's folders, which are read once a connection: what is counted is all else. */
function graphServer(answer: (asked: Asked) => unknown): Asked[] {
  const counted: Asked[] = [];
  anyServer((asked) => {
    const folder = folders(asked.path);
    if (folder !== undefined) return folder;
    counted.push(asked);
    return answer(asked);
  });
  return counted;
}
const isCount = ({ query }: Asked) => query.get('$count') === 'true';
const token = ({ query }: Asked) => query.get('$deltatoken') ?? query.get('$skiptoken');

test('a first round lists the span, and ends with the delta link as a path of its own', async () => {
  const asked = graphServer((request) => {
    if (isCount(request)) return counted(2);
    if (token(request) === null) return { value: [message()], '@odata.nextLink': link('$skiptoken=two') };
    return { value: [message({ id: 'm2' })], '@odata.deltaLink': link('$deltatoken=end') };
  });
  const pages = await pull(null);
  const enumeration = { id: String(now), from: now - 30 * day, to: now };
  expect(pages.map(({ cursor, done, expected }) => [cursor, done, expected])).toEqual([
    [
      { phase: 'round', committed: null, next: `${delta}?$skiptoken=two`, since: now - 30 * day, enumeration },
      false,
      2,
    ],
    [{ phase: 'live', committed: `${delta}?$deltatoken=end`, since: now - 30 * day }, true, 2],
  ]);
  expect(pages.map((page) => page.enumeration)).toEqual([enumeration, enumeration]);
  expect(asked[1]?.query.get('$filter')).toBe('receivedDateTime ge 2026-09-02T08:55:00Z');
  expect(JSON.stringify(pages)).not.toContain(canary);
});

test('B3, C3: every request asks for immutable ids and UTC, links included, and never for bodies', async () => {
  const asked = graphServer((request) => {
    if (isCount(request)) return counted(1);
    if (token(request) === null) return { value: [], '@odata.nextLink': link('$skiptoken=two') };
    return { value: [], '@odata.deltaLink': link('$deltatoken=end') };
  });
  await pull(null);
  expect(asked).toHaveLength(3);
  for (const { headers, query } of asked) {
    expect(headers.get('prefer')).toContain('IdType="ImmutableId"');
    expect(headers.get('prefer')).toContain('outlook.timezone="UTC"');
    expect(headers.get('authorization')).toBe('Bearer token-1');
    expect(query.get('$select') ?? '').not.toMatch(/body|preview|attachment/i);
  }
});

test('a folder with more than a filtered round can hold is read whole, and what is too old is not kept', async () => {
  const asked = graphServer((request) => {
    if (isCount(request)) return counted(4_501);
    return {
      value: [message(), message({ id: 'old', receivedDateTime: '2020-01-01T00:00:00Z' })],
      '@odata.deltaLink': link('$deltatoken=end'),
    };
  });
  expect(ids(await pull(null))).toEqual(['AAkALgAAm1']);
  expect(asked[1]?.query.has('$filter')).toBe(false);
});

test('A8: a row that comes twice in a page is one record, and its last word counts', async () => {
  graphServer(() => ({
    value: [message(), message({ subject: 'later' })],
    '@odata.deltaLink': link('$deltatoken=two'),
  }));
  const [page] = await pull(live);
  expect(page?.records).toMatchObject([{ raw: { message: { subject: 'later' } } }]);
});

test('a change of the read mark comes as two fields: the mail is read whole, so that it does not lose what it said', async () => {
  const asked = graphServer(({ path }) =>
    path === '/me/messages/AAkALgAAm1'
      ? message()
      : { value: [{ id: 'AAkALgAAm1', isRead: true }], '@odata.deltaLink': link('$deltatoken=two') },
  );
  const [page] = await pull(live);
  expect(page?.records).toMatchObject([
    { id: 'AAkALgAAm1', raw: { message: { internetMessageId: '<m1@Client.Example>' } } },
  ]);
  expect(asked).toHaveLength(2);
});

test('A12: a message that is gone before it can be read whole ends for itself alone', async () => {
  graphServer(({ path }) =>
    path.startsWith('/me/messages/')
      ? new Refusal(404, 'ErrorItemNotFound')
      : { value: [{ id: 'a', isRead: true }, message()], '@odata.deltaLink': link('$deltatoken=two') },
  );
  const pages = await pull(live);
  expect(ids(pages)).toEqual(['AAkALgAAm1']);
  expect(pages[0]?.gone).toEqual([{ id: 'a', certain: false }]);
});

test('B2, N9: a move is no deletion: the folder it went to speaks for it; what went to the trash is left out', async () => {
  graphServer(({ path }) => {
    if (path === '/me/messages/moved') return message({ id: 'moved', parentFolderId: 'project-id' });
    if (path === '/me/messages/trashed') return message({ id: 'trashed', parentFolderId: 'deleted-id' });
    if (path === '/me/messages/deep') return message({ id: 'deep', parentFolderId: 'old-id' });
    if (path === '/me/messages/back') return message({ id: 'back' });
    if (path === '/me/messages/deleted') return new Refusal(404, 'ErrorItemNotFound');
    if (path === delta) {
      const removed = ['moved', 'trashed', 'deep', 'back', 'deleted'].map((id) => ({
        id,
        '@removed': { reason: 'deleted' },
      }));
      return { value: removed, '@odata.deltaLink': link('$deltatoken=two') };
    }
    return folders(path);
  });
  const [page] = await pull(live);
  expect(page?.gone).toEqual([
    { id: 'moved', certain: false },
    { id: 'deleted', certain: true },
  ]);
  expect(page?.records.map(({ id, raw }) => [id, raw])).toMatchObject([
    ['trashed', { leftOut: 'trash' }],
    ['deep', { leftOut: 'trash' }],
    ['back', { message: { id: 'back' } }],
  ]);
});

test.each([
  [410, 'SyncStateNotFound'],
  [410, 'ResyncRequired'],
  [400, 'syncStateNotFound'],
  [404, 'resyncRequired'],
])('A7, N7: %i %s of the delta link is a lost cursor', async (status, code) => {
  graphServer(() => new Refusal(status, code));
  await expect(pull(live)).rejects.toMatchObject({ fault: { kind: 'cursor-expired' } });
});

test('A7: a next link that dies in the middle begins the round anew from the last one that was whole', async () => {
  const asked = graphServer((request) => {
    if (token(request) === 'dead') return new Refusal(410, 'SyncStateNotFound');
    return { value: [message()], '@odata.deltaLink': link('$deltatoken=two') };
  });
  const from: MailCursor = {
    phase: 'round',
    committed: live.committed,
    next: `${delta}?$skiptoken=dead`,
    since: live.since,
  };
  const pages = await pull(from);
  expect(asked.map(token)).toEqual(['dead', 'one']);
  expect(pages.at(-1)?.cursor).toEqual({ ...live, committed: `${delta}?$deltatoken=two` });
});

test('A7: in a first round there is nothing to go back to, and the span is read again', async () => {
  graphServer(() => new Refusal(410, 'SyncStateNotFound'));
  const from: MailCursor = { phase: 'round', committed: null, next: `${delta}?$skiptoken=dead`, since: live.since };
  await expect(pull(from)).rejects.toMatchObject({ fault: { kind: 'cursor-expired' } });
});

test('A2: the link that was refused is not taken again', async () => {
  graphServer((request) =>
    isCount(request) ? counted(0) : { value: [], '@odata.deltaLink': link('$deltatoken=one') },
  );
  await expect(pull(null, { mode: 'resync', expired: live })).rejects.toMatchObject({ fault: { kind: 'transient' } });
});

test('a reread lists what arrived lately and keeps its place in the changes', async () => {
  const asked = graphServer(({ path }) =>
    path === delta ? { value: [], '@odata.deltaLink': link('$deltatoken=two') } : { value: [message()] },
  );
  const pages = await pull(live, { mode: 'resync', since: now - 3 * day });
  expect(asked.map(token)).toEqual([null, 'one']);
  expect(ids(pages)).toEqual(['AAkALgAAm1']);
  expect(pages.at(-1)).toMatchObject({
    done: true,
    cursor: { since: live.since, committed: `${delta}?$deltatoken=two` },
  });
  // A folder's listing cannot tell a move from a deletion, so that it proves no absence.
  expect(pages.every((page) => page.enumeration === undefined)).toBe(true);
});

test.each([
  '<html>Sign in</html>',
  { value: 'none' },
  { value: [] },
  { value: [{}], '@odata.deltaLink': link('$deltatoken=2') },
])('A4: an answer that is none (%j) is a failure, never an empty page', async (said) => {
  graphServer(() => said);
  await expect(pull(live)).rejects.toMatchObject({ fault: { kind: 'transient' } });
});

test('a link to another host is refused, and no token leaves', async () => {
  const asked = graphServer(() => ({
    value: [],
    '@odata.nextLink': 'https://evil.example/v1.0/me/messages/delta?$skiptoken=x',
  }));
  const refused: unknown = await pull(live).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ForeignOrigin);
  expect(outlook.classify(refused).kind).toBe('rejected');
  expect(asked).toHaveLength(1);
});

test('a page that names itself as the next one ends the run, not in a circle', async () => {
  const asked = graphServer(() => ({ value: [], '@odata.nextLink': link('$deltatoken=one') }));
  await expect(pull(live)).rejects.toMatchObject({ fault: { kind: 'transient' } });
  expect(asked).toHaveLength(1);
});

test('a message tells its folder by the path of names, and its categories: what exclusions go by', async () => {
  graphServer((request) => {
    if (isCount(request)) return counted(1);
    const parentFolderId = 'deep-id';
    return {
      value: [message({ parentFolderId, categories: ['Private'] })],
      '@odata.deltaLink': link('$deltatoken=end'),
    };
  });
  const [record] = (await pull(null)).flatMap(({ records }) => records);
  expect(record?.raw).toMatchObject({ folder: 'Proyectos/Cliente', message: { categories: ['Private'] } });
  const context = { ownDomains: ['vendor.example'], account: { externalAccountId: 'x', label: 'x' }, settings: {} };
  const mapped = outlook.streams[0]?.map(record?.raw, { ...context, keepSubjects: false, readAt: now });
  expect(mapped).toMatchObject({ outcome: 'stored', tags: ['Proyectos/Cliente', 'Private'] });
});
