import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateWorld } from '../company/generate.ts';
import { app, rowsOf, startMicrosoft, type MicrosoftFixture, type Row } from './microsoft-fixture.ts';
import { seedFromWorld } from './seed.ts';
import { cancelWorldMeeting, deliverWorldMail, planWorldMeeting } from './world-changes.ts';

const anchor = Date.UTC(2026, 10, 2, 10);
const world = generateWorld({ seed: 7, anchor });
const watched = world.vendor.staff.filter((person) => person.watched).map((person) => person.email);
const here = watched.slice(0, 4);
const first = here[0] ?? '';
const prefer = 'odata.maxpagesize=1000, IdType="ImmutableId"';
let microsoft: MicrosoftFixture;

beforeAll(async () => {
  const seed = seedFromWorld(world, { mailboxes: here, clientId: app.clientId });
  microsoft = await startMicrosoft({ seed, clock: { now: anchor }, caps: 'generous' });
});
afterAll(async () => {
  await microsoft.close();
});

const folders = async (user: string): Promise<Row[]> =>
  (await microsoft.round(user, '/me/mailFolders/delta', prefer)).rows;
const messages = async (user: string): Promise<Row[]> => {
  const rows: Row[] = [];
  for (const folder of await folders(user)) {
    const path = `/me/mailFolders/${String(folder['id'])}/messages/delta?$select=subject,internetMessageId,internetMessageHeaders,receivedDateTime,conversationId`;
    rows.push(...(await microsoft.round(user, path, prefer)).rows);
  }
  return rows;
};

test('each mailbox here holds what the world says but for what a machine sent from it; nobody else has one', async () => {
  for (const user of here) {
    const held = world.mails.filter((mail) => mail.mailboxes.includes(user) && mail.at <= anchor);
    const kept = held.filter((mail) => mail.from.address !== user || mail.kind === undefined);
    const rows = await messages(user);
    expect(rows.map((row) => row['internetMessageId']).toSorted()).toEqual(
      kept.map((mail) => `<${mail.messageId}>`).toSorted(),
    );
  }
  const users = Object.keys(microsoft.handle.state().users);
  expect(users.filter((user) => user.endsWith('@lumenledger.example'))).toEqual(here);
});

test('received mail has its own headers, and some lies two folders deep', async () => {
  const rows = await messages(first);
  const mail = world.mails.find(
    (each) => each.mailboxes.includes(first) && each.headers?.['List-Id'] !== undefined && each.from.address !== first,
  );
  const row = rows.find((each) => each['internetMessageId'] === `<${mail?.messageId}>`);
  expect(row?.['subject']).toBe(mail?.subject);
  expect(row?.['internetMessageHeaders']).toContainEqual({ name: 'List-Id', value: mail?.headers?.['List-Id'] });
  const signed = (await folders(first)).find((folder) => folder['displayName'] === 'Signed contracts');
  expect(signed?.['totalItemCount']).toBeGreaterThan(0);
});

test('meetings lie in the calendars that hold them, without those that their organizer deleted', async () => {
  const window = `startDateTime=${new Date(anchor - 400 * 86_400_000).toISOString()}&endDateTime=${new Date(anchor + 400 * 86_400_000).toISOString()}`;
  for (const user of here) {
    const own = world.meetings.filter(
      (meeting) =>
        meeting.calendars.includes(user) &&
        meeting.createdAt <= anchor &&
        !(meeting.status === 'canceled' && (meeting.canceledAt ?? 0) <= anchor && meeting.organizer === user),
    );
    const rows: Row[] = [];
    for (const calendar of rowsOf((await microsoft.call(user, '/me/calendars')).body)) {
      const path = `/me/calendars/${String(calendar['id'])}/calendarView/delta?${window}`;
      rows.push(...(await microsoft.round(user, path, prefer)).rows);
    }
    const whole = rows.filter((row) => row['type'] === 'singleInstance' || row['type'] === 'seriesMaster');
    expect(whole.map((row) => row['iCalUId']).toSorted()).toEqual(own.map((meeting) => meeting.iCalUid).toSorted());
    expect(rows.some((row) => row['type'] === 'exception')).toBe(true);
  }
});

test('what happens live shows in the next rounds', async () => {
  const mail = world.mails.findLast((each) => each.mailboxes.includes(first) && each.from.address !== first);
  const meeting = world.meetings.findLast((each) => each.calendars.includes(first) && each.organizer === first);
  if (!mail || !meeting) throw new Error('The world has no mail or no meeting for this mailbox.');
  const inbox = await microsoft.round(first, '/me/mailFolders/inbox/messages/delta', prefer);
  const days = `startDateTime=${new Date(anchor).toISOString()}&endDateTime=${new Date(anchor + 400 * 86_400_000).toISOString()}`;
  const view = await microsoft.round(first, `/me/calendarView/delta?${days}`, prefer);
  const { rrule: _rrule, exceptions: _exceptions, ...single } = meeting;
  deliverWorldMail(microsoft.handle, world, {
    ...mail,
    subject: 'A question',
    messageId: 'live@x.example',
    at: anchor + 1,
  });
  planWorldMeeting(microsoft.handle, world, {
    ...single,
    iCalUid: 'live@x.example',
    start: anchor + 86_400_000,
    end: anchor + 90_000_000,
    createdAt: anchor + 1,
  });
  expect((await microsoft.round(first, inbox.link, prefer)).rows).toEqual([
    expect.objectContaining({ internetMessageId: '<live@x.example>' }),
  ]);
  const planned = await microsoft.round(first, view.link, prefer);
  expect(planned.rows).toEqual([expect.objectContaining({ iCalUId: 'live@x.example' })]);
  expect(cancelWorldMeeting(microsoft.handle, 'live@x.example', anchor + 2)).toBeGreaterThan(0);
  expect((await microsoft.round(first, planned.link, prefer)).rows).toEqual([
    expect.objectContaining({ '@removed': { reason: 'deleted' } }),
  ]);
});
