import { afterEach, beforeEach, expect, test } from 'vitest';
import { ana, ben, errorCode, rowsOf, startMicrosoft, type MicrosoftFixture } from './microsoft-fixture.ts';

let microsoft: MicrosoftFixture;
beforeEach(async () => {
  microsoft = await startMicrosoft();
});
afterEach(async () => {
  expect(microsoft.handle.unknownPaths).toEqual([]);
  await microsoft.close();
});

const at = Date.UTC(2026, 8, 20, 10);
const send = (number: number, options: Parameters<MicrosoftFixture['handle']['addMail']>[2] = {}) =>
  microsoft.handle.addMail(
    ana,
    {
      messageId: `m${number}@customer.example`,
      at: at + number * 60_000,
      from: { name: 'Eva, Ms.', address: 'eva@customer.example' },
      to: [{ address: ana }],
      subject: `Number ${number}`,
      body: 'Hello.',
      headers: { 'Auto-Submitted': 'auto-replied' },
    },
    options,
  );
const inbox =
  '/me/mailFolders/inbox/messages/delta?$select=internetMessageId,subject,from,internetMessageHeaders,parentFolderId';

test('a first round gives every message of the folder over pages, a next one only what changed', async () => {
  for (const number of [1, 2, 3, 4, 5]) send(number);
  send(6, { folder: 'archive' });
  const first = await microsoft.round(ana, inbox);
  expect(first.pages).toBe(3);
  expect(first.rows.map((row) => row['subject']).toSorted()).toEqual(
    [1, 2, 3, 4, 5].map((number) => `Number ${number}`),
  );
  expect(first.rows[0]).not.toHaveProperty('body');
  expect(first.rows[0]?.['from']).toEqual({ emailAddress: { name: 'Eva, Ms.', address: 'eva@customer.example' } });
  expect(first.rows[0]?.['internetMessageHeaders']).toContainEqual({ name: 'Auto-Submitted', value: 'auto-replied' });
  expect(new URL(first.link).origin).toBe(microsoft.url);

  expect((await microsoft.round(ana, first.link)).rows).toEqual([]);
  const added = send(7);
  const next = await microsoft.round(ana, first.link);
  expect(next.rows.map((row) => row['id'])).toEqual([added.id]);
});

test('B2: a move is a removal here and an arrival there, under one immutable id and two default ids', async () => {
  const message = send(1);
  const from = await microsoft.round(ana, inbox);
  const into = await microsoft.round(ana, '/me/mailFolders/archive/messages/delta');
  const before = rowsOf((await microsoft.call(ana, '/me/messages')).body)[0]?.['id'];
  microsoft.handle.mail.move(ana, message.id, 'archive');
  expect((await microsoft.round(ana, from.link)).rows).toEqual([
    { '@odata.type': '#microsoft.graph.message', id: message.id, '@removed': { reason: 'deleted' } },
  ]);
  expect((await microsoft.round(ana, into.link)).rows.map((row) => row['id'])).toEqual([message.id]);
  const after = rowsOf((await microsoft.call(ana, '/me/messages')).body)[0]?.['id'];
  expect(after).not.toBe(before);
  expect((await microsoft.call(ana, `/me/messages/${String(before)}`)).status).toBe(404);
  expect((await microsoft.call(ana, `/me/messages/${String(after)}`)).status).toBe(200);
  expect((await microsoft.call(ana, `/me/messages/${message.id}`)).status).toBe(200);

  microsoft.handle.mail.remove(ana, message.id);
  expect((await microsoft.round(ana, into.link)).rows.map((row) => row['@removed'])).toEqual([{ reason: 'deleted' }]);
});

test('A7: a lost sync state is refused with 410, also in the middle of a round', async () => {
  for (const number of [1, 2, 3]) send(number);
  const { link } = await microsoft.round(ana, inbox);
  const half = await microsoft.call(ana, inbox, { prefer: 'odata.maxpagesize=2' });
  microsoft.handle.expireDelta(ana);
  for (const lost of [link, String(half.body['@odata.nextLink'])]) {
    const answer = await microsoft.call(ana, lost);
    expect([answer.status, errorCode(answer.body)]).toEqual([410, 'SyncStateNotFound']);
  }
  expect((await microsoft.round(ana, inbox)).rows).toHaveLength(3);
  const invented = await microsoft.call(ana, '/me/mailFolders/inbox/messages/delta?$deltatoken=invented');
  expect([invented.status, errorCode(invented.body)]).toEqual([400, 'SyncStateInvalid']);
});

test('being read comes as a row of two fields, but not with a message that is new', async () => {
  const known = send(1);
  const { link } = await microsoft.round(ana, inbox);
  microsoft.handle.mail.markRead(ana, known.id, false);
  const fresh = send(2);
  microsoft.handle.mail.markRead(ana, fresh.id, false);
  const { rows } = await microsoft.round(ana, link);
  expect(rows.find((row) => row['id'] === known.id)).toEqual({
    '@odata.type': '#microsoft.graph.message',
    id: known.id,
    isRead: false,
  });
  expect(rows.find((row) => row['id'] === fresh.id)).toMatchObject({ subject: 'Number 2' });
});

test('items are told of again on demand', async () => {
  send(1);
  send(2);
  const { link } = await microsoft.round(ana, inbox);
  microsoft.handle.replay(ana, 1);
  expect((await microsoft.round(ana, link)).rows).toHaveLength(1);
});

test('what was sent from the mailbox carries no internet headers, as at Exchange', async () => {
  send(1, { folder: 'sentitems' });
  const { rows } = await microsoft.round(ana, inbox.replace('inbox', 'sentitems'));
  expect(rows[0]?.['internetMessageId']).toBe('<m1@customer.example>');
  expect(rows[0]).not.toHaveProperty('internetMessageHeaders');
});

test('a listing filters, counts and pages, and refuses what it does not know', async () => {
  for (const number of [1, 2, 3]) send(number);
  const since = new Date(at + 120_000).toISOString();
  const found = await microsoft.call(
    ana,
    `/me/messages?$filter=receivedDateTime ge ${since}&$count=true&$top=1&$select=subject`,
  );
  expect(found.body['@odata.count']).toBe(2);
  expect(rowsOf(found.body).map((row) => row['subject'])).toEqual(['Number 3']);
  const rest = await microsoft.call(ana, String(found.body['@odata.nextLink']));
  expect(rowsOf(rest.body).map((row) => row['subject'])).toEqual(['Number 2']);
  expect((await microsoft.call(ana, `/me/messages/$count?$filter=receivedDateTime ge ${since}`)).body['text']).toBe(
    '2',
  );
  const refused = [
    '/me/messages?$select=shoeSize',
    '/me/messages?$fields=subject',
    '/me/messages?$filter=shoeSize eq 4',
    '/me/messages?$top=1001',
    '/me/mailFolders/inbox/messages/delta?$search="x"',
    '/me/mailFolders/inbox/messages/delta?$filter=isRead eq true',
    '/me/mailFolders/delta?$top=5',
    '/me/calendarView/delta?startDateTime=2026-09-01T00:00:00Z&endDateTime=2026-10-01T00:00:00Z&$select=subject',
    '/me/calendarView/delta',
  ];
  for (const path of refused) expect([path, (await microsoft.call(ana, path)).status]).toEqual([path, 400]);
});

test('folders are nested, hidden ones are shown on demand, and their delta tells of new and deleted ones', async () => {
  const { mail } = microsoft.handle;
  const { link } = await microsoft.round(ana, '/me/mailFolders/delta?$select=displayName', 'odata.maxpagesize=3');
  const customers = mail.addFolder(ana, 'Customers');
  const signed = mail.addFolder(ana, 'Signed', customers.id);
  const next = await microsoft.round(ana, link);
  expect(next.rows.map((row) => row['displayName'])).toEqual(['Customers', 'Signed']);
  mail.removeFolder(ana, signed.id);
  expect((await microsoft.round(ana, next.link)).rows).toContainEqual(
    expect.objectContaining({ id: signed.id, '@removed': { reason: 'deleted' } }),
  );
  const top = rowsOf((await microsoft.call(ana, '/me/mailFolders?$top=100')).body);
  const all = rowsOf((await microsoft.call(ana, '/me/mailFolders?$top=100&includeHiddenFolders=true')).body);
  expect(top.map((row) => row['displayName'])).toContain('Customers');
  expect(top.map((row) => row['displayName'])).not.toContain('Clutter');
  expect(all.map((row) => row['displayName'])).toContain('Clutter');
  expect((await microsoft.call(ana, `/me/mailFolders/${customers.id}/childFolders`)).body['value']).toEqual([]);
});

test('F1: no more than ten thousand calls in ten minutes for a mailbox, nor five at a time, and the peaks are counted', async () => {
  microsoft.handle.slowDown(30);
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => microsoft.call(ana, '/me/mailFolders/inbox')));
  const refused = answers.filter((answer) => answer.status === 429);
  expect(refused).toHaveLength(1);
  expect(refused[0]?.headers.get('retry-after')).toBe('1');
  expect((await microsoft.call(ben, '/me/mailFolders/inbox')).status).toBe(200);
  expect(microsoft.handle.peaks()).toContainEqual(
    expect.objectContaining({ key: `waymark-app:${ana}`, limit: 10_000, peak: 5, concurrent: 5 }),
  );
});
