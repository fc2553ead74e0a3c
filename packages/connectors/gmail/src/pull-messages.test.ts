import type { Page } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import nock from 'nock';
import { beforeEach, expect, test } from 'vitest';
import { canary, message } from '../fixtures/messages.ts';
import { connectGmail } from './client.ts';
import type { GmailCursor } from './cursor.ts';
import { gmail } from './index.ts';
import { pullMessages } from './pull-messages.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 9, 1, 9);
const origin = 'https://gmail.googleapis.com';
const base = '/gmail/v1/users/me';
const session = () => testSession({ classify: gmail.classify, baseUrls: gmail.manifest.baseUrls });

let asked: URL[] = [];

beforeEach(() => {
  asked = [];
});

/** A mailbox that answers each path with what `answer` says; a number is a status. */
function mailbox(answer: (path: string, query: URLSearchParams) => unknown): void {
  nock(origin)
    .persist()
    .get(/.*/)
    .reply((request: Request) => {
      const url = new URL(request.url);
      asked.push(url);
      const said = answer(url.pathname.slice(base.length), url.searchParams);
      if (typeof said === 'string') return [200, said, { 'content-type': 'text/html' }];
      if (typeof said !== 'number') return [200, JSON.stringify(said), { 'content-type': 'application/json' }];
      return [said, JSON.stringify({ error: { code: said, message: 'refused', errors: [{ reason: 'refused' }] } })];
    });
}

async function pull(
  from: GmailCursor | null,
  more: { mode?: 'backfill' | 'live' | 'resync'; since?: number; expired?: unknown } = {},
) {
  const context = {
    mode: more.mode ?? 'backfill',
    since: more.since ?? now - 10 * day,
    until: now,
    expired: more.expired,
  };
  return collect(pullMessages(await connectGmail(session()), from, context));
}

const get = (path: string) =>
  message([['From', 'zoe@client.example']], { id: path.slice('/messages/'.length), historyId: '50' });
const ids = (pages: readonly Page<unknown>[]) => pages.flatMap(({ records }) => records.map(({ id }) => id));
const live: GmailCursor = { phase: 'live', historyId: '40' };

test('A2, A3: the history id is pinned before the first listing, and the history goes on from it', async () => {
  mailbox((path) => {
    if (path === '/profile') return { emailAddress: 'ana@vendor.example', historyId: '40' };
    if (path === '/messages') return { messages: [{ id: 'a' }] };
    return path === '/history' ? { historyId: '41' } : get(path);
  });
  const pages = await pull(null);
  expect(asked.map(({ pathname }) => pathname.slice(base.length))).toEqual([
    '/profile',
    '/messages',
    '/messages/a',
    '/history',
  ]);
  expect(asked.at(-1)?.searchParams.get('startHistoryId')).toBe('40');
  const enumeration = { id: `40@${now}`, from: now - 10 * day, to: now };
  expect(pages.map(({ cursor, done }) => [cursor, done])).toEqual([
    [{ phase: 'live', historyId: '40', enumeration }, false],
    [{ phase: 'live', historyId: '41' }, true],
  ]);
  // What was not seen is known only once the history has told what came meanwhile.
  expect(pages.map((page) => page.enumeration)).toEqual([enumeration, enumeration]);
});

test('a year is listed in windows of thirty days, the newest first and open at its end', async () => {
  mailbox((path) => {
    if (path === '/profile') return { emailAddress: 'ana@vendor.example', historyId: '40' };
    return path === '/history' ? { historyId: '41' } : { resultSizeEstimate: 0 };
  });
  await pull(null, { since: now - 100 * day });
  const queries = asked.flatMap(({ searchParams }) => searchParams.get('q') ?? []);
  expect(queries).toHaveLength(4);
  expect(queries[0]).toBe(`after:${(now - 30 * day) / 1_000 - 1}`);
  expect(queries[1]).toBe(`after:${(now - 60 * day) / 1_000 - 1} before:${(now - 30 * day) / 1_000 + 1}`);
});

test('bodies are never asked for, and the snippet that comes anyway goes no further (I7)', async () => {
  mailbox((path) => {
    if (path === '/profile') return { emailAddress: 'ana@vendor.example', historyId: '40' };
    if (path === '/messages') return { messages: [{ id: 'a' }] };
    return path === '/history' ? { historyId: '41' } : get(path);
  });
  expect(JSON.stringify(await pull(null))).not.toContain(canary);
  const read = asked.find(({ pathname }) => pathname.endsWith('/messages/a'));
  expect(read?.searchParams.get('format')).toBe('metadata');
  expect(read?.searchParams.getAll('metadataHeaders')).toContain('Auto-Submitted');
});

test('A12: a message that went away between list and get ends for itself alone', async () => {
  mailbox((path) => {
    if (path === '/history')
      return { historyId: '44', history: [{ id: '42', messagesAdded: [added('a'), added('b')] }] };
    return path === '/messages/a' ? 404 : get(path);
  });
  expect(await pull(live, { mode: 'live' })).toEqual([
    {
      records: [{ id: 'b', version: '50', raw: expect.anything() }],
      gone: [{ id: 'a', certain: false }],
      cursor: { phase: 'live', historyId: '44' },
      done: true,
    },
  ]);
});

test('A4, N1: a refused read fails the page; no cursor goes past it', async () => {
  mailbox((path) => {
    if (path === '/history')
      return { historyId: '44', history: [{ id: '42', messagesAdded: [added('a'), added('b')] }] };
    return path === '/messages/a' ? 500 : get(path);
  });
  await expect(pull(live, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: 'transient' } });
});

test.each(['<html>Sign in</html>', '{"history":[{"id":'])(
  'A4: an answer of status 200 that is not Gmail’s is a failure: %s',
  async (text) => {
    mailbox(() => text);
    await expect(pull(live, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: 'transient' } });
    await expect(pull(null)).rejects.toMatchObject({ fault: { kind: 'transient' } });
  },
);

test('A13: a long gap is read by pages, each with the history id that it proves', async () => {
  const all = Array.from({ length: 250 }, (_, index) => ({
    id: String(100 + index),
    messagesAdded: [added(`m${index}`)],
  }));
  mailbox((path, query) => {
    if (path !== '/history') return get(path);
    const rest = all.filter(({ id }) => Number(id) > Number(query.get('startHistoryId')));
    return { history: rest.slice(0, 100), historyId: '349', ...(rest.length > 100 ? { nextPageToken: 'more' } : {}) };
  });
  const pages = await pull(live, { mode: 'live' });
  expect(pages.map(({ cursor }) => cursor.historyId)).toEqual(['199', '299', '349']);
  expect(new Set(ids(pages)).size).toBe(250);
});

test('one history record with many messages is cut into pages, and only the last moves the cursor', async () => {
  const record = { id: '42', messagesAdded: Array.from({ length: 230 }, (_, index) => added(`m${index}`)) };
  mailbox((path) => (path === '/history' ? { history: [record], historyId: '43' } : get(path)));
  const pages = await pull(live, { mode: 'live' });
  expect(pages.map(({ records, cursor, done }) => [records.length, cursor.historyId, done])).toEqual([
    [100, '40', false],
    [100, '40', false],
    [30, '43', true],
  ]);
});

test('what does not change a mail costs no read: being read, spam, drafts', async () => {
  mailbox(() => ({
    historyId: '60',
    history: [
      { id: '51', labelsRemoved: [{ message: { id: 'a' }, labelIds: ['UNREAD'] }] },
      { id: '52', messagesAdded: [{ message: { id: 'b', threadId: 't', labelIds: ['SPAM'] } }] },
      { id: '53', labelsAdded: [{ message: { id: 'c', threadId: 't', labelIds: ['TRASH'] }, labelIds: ['TRASH'] }] },
      { id: '54', messagesAdded: [added('d')] },
      { id: '55', messagesDeleted: [added('d')] },
    ],
  }));
  const [page] = await pull(live, { mode: 'live' });
  expect(asked).toHaveLength(1);
  expect(page?.records.map(({ id, version }) => [id, version])).toEqual([
    ['b', '52'],
    ['c', '53'],
  ]);
  expect(page?.gone).toEqual([{ id: 'd', certain: true }]);
});

test('A2: the history id that Gmail refused is not taken again', async () => {
  mailbox((path) => (path === '/history' ? 404 : { emailAddress: 'ana@vendor.example', historyId: '40' }));
  await expect(pull(null, { mode: 'resync', expired: live })).rejects.toMatchObject({ fault: { kind: 'transient' } });
});

test('A2: a refusal that has passed does not keep a quiet mailbox out', async () => {
  mailbox((path) => {
    if (path === '/messages') return {};
    return path === '/history' ? { historyId: '40' } : { emailAddress: 'ana@vendor.example', historyId: '40' };
  });
  const pages = await pull(null, { mode: 'resync', expired: live });
  expect(pages.at(-1)).toMatchObject({ done: true, cursor: { phase: 'live', historyId: '40' } });
});

test('A10: a history id never goes backwards', async () => {
  mailbox(() => ({ historyId: '9' }));
  expect((await pull(live, { mode: 'live' }))[0]?.cursor).toEqual(live);
});

test('a page token of an earlier run that has died starts the window anew', async () => {
  mailbox((path, query) => {
    if (path === '/history') return { historyId: '41' };
    if (path !== '/messages') return get(path);
    return query.has('pageToken') ? 400 : { messages: [{ id: 'a' }] };
  });
  const cut: GmailCursor = {
    phase: 'listing',
    historyId: '40',
    enumeration: 'e',
    since: now - day,
    startedAt: now,
    before: null,
    pageToken: 'old',
  };
  expect(ids(await pull(cut))).toEqual(['a']);
});

test('a reread goes on in the history where it was, so that nothing in between is passed over', async () => {
  mailbox((path) => (path === '/history' ? { historyId: '90' } : { resultSizeEstimate: 0 }));
  const pages = await pull(live, { mode: 'resync' });
  expect(asked.map(({ pathname }) => pathname.slice(base.length))).toEqual(['/messages', '/history']);
  expect(asked.at(-1)?.searchParams.get('startHistoryId')).toBe('40');
  expect(pages[0]?.enumeration).toEqual({ id: expect.any(String), from: now - 10 * day, to: now });
});

test('each call names its cost in quota units and its documentation', async () => {
  mailbox((path) => {
    if (path === '/profile') return { emailAddress: 'ana@vendor.example', historyId: '40' };
    if (path === '/messages') return { messages: [{ id: 'a' }] };
    return path === '/history' ? { historyId: '41' } : get(path);
  });
  const counted = session();
  await collect(pullMessages(await connectGmail(counted), null, { mode: 'backfill', since: now - day, until: now }));
  expect(counted.calls.map(({ cost }) => cost)).toEqual([1, 5, 20, 2]);
  expect(
    counted.calls.every(
      ({ bucket, idempotent, doc }) => bucket === 'mailbox' && idempotent && doc.startsWith('https://'),
    ),
  ).toBe(true);
});

function added(id: string) {
  return { message: { id, threadId: `t${id}`, labelIds: ['INBOX'] } };
}

test('a label that a person put on a mail is followed up, and its name is read once', async () => {
  mailbox((path) => {
    if (path === '/labels')
      return {
        labels: [
          { id: 'Label_7', name: 'Private', type: 'user' },
          { id: 'INBOX', name: 'INBOX', type: 'system' },
        ],
      };
    if (path === '/history')
      return {
        history: ['a', 'b'].map((id) => ({
          id: '41',
          labelsAdded: [{ message: { id, labelIds: ['INBOX', 'Label_7'] }, labelIds: ['Label_7'] }],
        })),
        historyId: '42',
      };
    return { ...get(path), labelIds: ['INBOX', 'Label_7'] };
  });
  const pages = await pull(live, { mode: 'live' });
  expect(ids(pages)).toEqual(['a', 'b']);
  expect(pages.flatMap(({ records }) => records.map(({ raw }) => raw))).toMatchObject([
    { labelNames: ['Private'] },
    { labelNames: ['Private'] },
  ]);
  expect(asked.filter(({ pathname }) => pathname.endsWith('/labels'))).toHaveLength(1);
});
