import { afterEach, beforeEach, expect, test } from 'vitest';
import { ana, ben, refusal, startGoogle, type GoogleFixture } from './google-fixture.ts';
import { googleScopes } from './scopes.ts';

let google: GoogleFixture;

beforeEach(async () => {
  google = await startGoogle();
});
afterEach(async () => {
  await google.close();
});

const mail = (number: number, at: number, extra: Record<string, unknown> = {}) => ({
  messageId: `m${number}@client.example`,
  from: { name: 'Zoë', address: 'zoe@client.example' },
  to: [{ address: ana }],
  subject: `Mail ${number}`,
  body: `Hello ${number} & you`,
  at,
  ...extra,
});

const me = { userId: 'me' };

test('pages of a search window, newest first, without trash, as the SDK reads them', async () => {
  const { clock, handle } = google;
  for (let number = 0; number < 12; number += 1) handle.addMail(ana, mail(number, clock.now - number * 86_400_000));
  handle.trashMail(ana, handle.mail.findByMessageId(ana, 'm1@client.example')?.id ?? '');
  const { gmail } = google.client(ana);
  const q = `after:${Math.floor(clock.now / 1000) - 8 * 86_400} from:zoe@client.example`;
  const ids: string[] = [];
  let pageToken: string | undefined;
  do {
    const { data } = await gmail.users.messages.list({ ...me, q, maxResults: 3, ...(pageToken ? { pageToken } : {}) });
    ids.push(...(data.messages ?? []).map((message) => message.id ?? ''));
    pageToken = data.nextPageToken ?? undefined;
    if (ids.length === 3) handle.removeMail(ana, ids[2] ?? '');
  } while (pageToken);
  expect(ids).toHaveLength(8);
  expect(new Set(ids).size).toBe(8);
  const none = await gmail.users.messages.list({ ...me, q: 'from:nobody@client.example' });
  expect(none.data).toEqual({ resultSizeEstimate: 0 });
  const all = await gmail.users.messages.list({ ...me, includeSpamTrash: true, labelIds: ['TRASH'] });
  expect(all.data.messages).toHaveLength(1);
  const before = await gmail.users.messages.list({ ...me, q: `before:${Math.floor(clock.now / 1000) - 10 * 86_400}` });
  expect(before.data.messages).toHaveLength(1);
});

test('C4: headers come as they were sent, in every format', async () => {
  const raw = [
    'Received: from a',
    'Received: from b',
    'LIST-Id: <news.client.example>',
    'Auto-Submitted: auto-replied',
    'From: =?iso-8859-1?Q?J=FCrgen?= <j@client.example>',
    'Subject: =?utf-8?B?w5xiZXIgYWxsZXM=?=',
    ' and more',
    'Date: Thu, 1 Oct 2026 10:00:00 +0200',
    'Content-Type: text/plain; charset=iso-8859-1',
    '',
    'Gr\u00fc\u00dfe',
  ].join('\r\n');
  const { id } = google.handle.addRaw(ana, Buffer.from(raw, 'latin1'));
  const { gmail } = google.client(ana);
  const full = (await gmail.users.messages.get({ ...me, id, format: 'full' })).data;
  const headers = (full.payload?.headers ?? []).map(({ name, value }) => `${name}: ${value}`);
  expect(headers).toContain('LIST-Id: <news.client.example>');
  expect(headers).toContain('Auto-Submitted: auto-replied');
  expect(headers).toContain('From: Jürgen <j@client.example>');
  expect(headers).toContain('Subject: Über alles and more');
  expect(headers.filter((header) => header.startsWith('Received:'))).toHaveLength(2);
  expect(full.internalDate).toBe(String(Date.UTC(2026, 9, 1, 8)));
  expect(
    Buffer.from(full.payload?.body?.data ?? '', 'base64url')
      .toString('utf8')
      .trim(),
  ).toBe('Grüße');

  const metadata = (
    await gmail.users.messages.get({ ...me, id, format: 'metadata', metadataHeaders: ['list-id', 'X-None'] })
  ).data;
  expect(metadata.payload?.headers).toEqual([{ name: 'LIST-Id', value: '<news.client.example>' }]);
  const bytes = (await gmail.users.messages.get({ ...me, id, format: 'raw' })).data.raw ?? '';
  expect(Buffer.from(bytes, 'base64url').toString('latin1')).toBe(raw);
  expect((await gmail.users.messages.get({ ...me, id, format: 'minimal' })).data.payload).toBeUndefined();
});

test('mail of any bytes is stored and readable: no From, no Date, no headers, junk, huge headers', async () => {
  const { gmail } = google.client(ana);
  const inputs = [
    Buffer.alloc(0),
    Buffer.from('just text without headers'),
    Buffer.from('From someone Mon\nSubject: mbox line\n\nx'),
    Buffer.from([0, 255, 254, 10, 10, 128]),
    Buffer.from(`X-Big: ${'a'.repeat(1_500_000)}\r\n\r\nbody`),
    Buffer.from('Content-Type: multipart/mixed; boundary=x\r\nDate: nonsense\r\n\r\n--x\r\n--x\r\n'),
    Buffer.from('Subject: =?x-unknown?B?////?=\r\nFrom: <<>>\r\nDate: Thu, 01 Jan 2099 00:00:00 +0000\r\n\r\nx'),
  ];
  for (const input of inputs) {
    const { id, internalDate } = google.handle.addRaw(ana, input);
    expect(internalDate).toBe(google.clock.now);
    for (const format of ['full', 'metadata']) {
      const { data } = await gmail.users.messages.get({ ...me, id, format });
      expect(data.payload?.headers).toBeInstanceOf(Array);
    }
    const { data } = await gmail.users.messages.get({ ...me, id, format: 'raw' });
    expect(Buffer.from(data.raw ?? '', 'base64url').equals(input)).toBe(true);
  }
});

test('A12: history tells of additions, labels and deletions; a deleted message answers 404', async () => {
  const { handle } = google;
  const { gmail } = google.client(ana);
  handle.addMail(ana, mail(0, google.clock.now));
  const start = (await gmail.users.getProfile(me)).data.historyId ?? '';
  const quiet = (await gmail.users.history.list({ ...me, startHistoryId: start })).data;
  expect(quiet).toEqual({ historyId: start });

  const one = handle.addMail(ana, mail(1, google.clock.now));
  const two = handle.addMail(ana, mail(2, google.clock.now));
  handle.trashMail(ana, one.id);
  handle.removeMail(ana, two.id);
  const list = (historyTypes?: string[], pageToken?: string) =>
    gmail.users.history.list({
      ...me,
      startHistoryId: start,
      maxResults: 2,
      ...(historyTypes ? { historyTypes } : {}),
      ...(pageToken ? { pageToken } : {}),
    });
  const first = (await list()).data;
  expect(first.history?.map((record) => record.messagesAdded?.[0]?.message?.id)).toEqual([one.id, two.id]);
  const second = (await list(undefined, first.nextPageToken ?? '')).data;
  expect(second.history?.[0]?.labelsAdded?.[0]).toMatchObject({ labelIds: ['TRASH'], message: { id: one.id } });
  const deleted = (await list(['messageDeleted', 'labelRemoved'])).data;
  expect(deleted.history?.map((record) => record.messagesDeleted?.[0]?.message?.id ?? 'label')).toEqual([
    'label',
    two.id,
  ]);
  expect(Number(deleted.historyId)).toBeGreaterThan(Number(start));
  expect(await refusal(gmail.users.messages.get({ ...me, id: two.id }))).toEqual({ status: 404, reason: 'notFound' });
  expect(await refusal(list(['messageAded']))).toMatchObject({ status: 400 });
});

test('A1: an expired or invented start answers 404, also between two pages', async () => {
  const { handle } = google;
  const { gmail } = google.client(ana);
  const start = (await gmail.users.getProfile(me)).data.historyId ?? '';
  for (let number = 0; number < 3; number += 1) handle.addMail(ana, mail(number, google.clock.now));
  const first = await gmail.users.history.list({ ...me, startHistoryId: start, maxResults: 1 });
  handle.expireHistory(ana);
  const gone = { status: 404, reason: 'notFound' };
  const more = { ...me, startHistoryId: start, pageToken: first.data.nextPageToken ?? '' };
  expect(await refusal(gmail.users.history.list(more))).toEqual(gone);
  expect(await refusal(gmail.users.history.list({ ...me, startHistoryId: '99999999' }))).toEqual(gone);
  expect(await refusal(gmail.users.history.list(me))).toMatchObject({ status: 400 });
  const fresh = (await gmail.users.getProfile(me)).data.historyId ?? '';
  expect((await gmail.users.history.list({ ...me, startHistoryId: fresh })).data.historyId).toBe(fresh);
});

test('replies join their thread, a changed subject leaves it', () => {
  const { handle, clock } = google;
  const first = handle.addMail(ana, mail(0, clock.now));
  const reply = mail(1, clock.now, { subject: 'Re: Mail 0', inReplyTo: 'm0@client.example' });
  expect(handle.addMail(ana, reply).threadId).toBe(first.threadId);
  const other = mail(2, clock.now, { subject: 'Something else', references: ['m0@client.example'] });
  expect(handle.addMail(ana, other).threadId).not.toBe(first.threadId);
});

test('a token reads its own mailbox only', async () => {
  const { id } = google.handle.addMail(ben, mail(1, google.clock.now));
  const { gmail } = google.client(ana);
  expect(await refusal(gmail.users.messages.get({ ...me, id }))).toEqual({ status: 404, reason: 'notFound' });
  expect(await refusal(gmail.users.messages.get({ userId: ben, id }))).toEqual({ status: 403, reason: 'forbidden' });
  expect((await gmail.users.getProfile({ userId: ana })).data.emailAddress).toBe(ana);
});

test('gmail.metadata allows headers, but no q, no FULL and no RAW, even beside gmail.readonly', async () => {
  const { id } = google.handle.addMail(ana, mail(1, google.clock.now));
  const { gmail } = google.client(ana, [googleScopes.gmailMetadata, googleScopes.gmailReadonly]);
  expect((await gmail.users.messages.list(me)).data.messages).toHaveLength(1);
  expect(
    (await gmail.users.messages.get({ ...me, id, format: 'metadata' })).data.payload?.headers?.length,
  ).toBeGreaterThan(3);
  for (const call of [
    gmail.users.messages.list({ ...me, q: 'after:1' }),
    gmail.users.messages.get({ ...me, id }),
    gmail.users.messages.get({ ...me, id, format: 'raw' }),
  ]) {
    expect(await refusal(call)).toEqual({ status: 403, reason: 'forbidden' });
  }
});

test('F1: the unit quota is exact in a rolling minute and refuses with a reason in a 403', async () => {
  const { id } = google.handle.addMail(ana, mail(1, google.clock.now));
  const { gmail } = google.client(ana);
  for (let call = 0; call < 300; call += 1) {
    google.clock.now += 100;
    await gmail.users.messages.get({ ...me, id, format: 'minimal' });
  }
  const refused = { status: 403, reason: 'userRateLimitExceeded' };
  expect(await refusal(gmail.users.messages.get({ ...me, id }))).toEqual(refused);
  expect((await google.client(ben).gmail.users.getProfile(me)).status).toBe(200);
  google.clock.now += 30_099;
  expect(await refusal(gmail.users.messages.get({ ...me, id }))).toEqual(refused);
  google.clock.now += 1;
  expect((await gmail.users.messages.get({ ...me, id })).status).toBe(200);
  const peak = google.handle.peaks().find(({ key }) => key.endsWith(ana));
  expect(peak).toMatchObject({ limit: 6000, peak: 6040, refused: 2 });
});

test('bytes posted to the sandbox route become a message', async () => {
  const post = (user: string) =>
    fetch(`${google.url}/sandbox/users/${encodeURIComponent(user)}/messages?labels=INBOX&receivedAt=1790000000000`, {
      method: 'POST',
      body: new Uint8Array([70, 114, 111, 109, 58, 255]),
    });
  expect((await post('nobody@vendor.example')).status).toBe(404);
  const answer: unknown = await (await post(ana)).json();
  const { data } = await google.client(ana).gmail.users.messages.list(me);
  expect(answer).toEqual(data.messages?.[0]);
});

test('a call that no route knows is refused and counted', async () => {
  const { gmail } = google.client(ana);
  expect(await refusal(gmail.users.drafts.list(me))).toMatchObject({ status: 404 });
  expect(google.handle.unknownPaths).toEqual(['GET /gmail/v1/users/me/drafts']);
});
