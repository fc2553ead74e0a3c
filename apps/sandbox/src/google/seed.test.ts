import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateWorld } from '../company/generate.ts';
import type { WorldMail } from '../company/world.ts';
import { app, startGoogle, type GoogleFixture } from './google-fixture.ts';
import { googleScopes } from './scopes.ts';
import { seedFromWorld } from './seed.ts';
import { cancelWorldMeeting, deliverWorldMail, planWorldMeeting } from './world-changes.ts';

const anchor = Date.UTC(2026, 10, 2, 10);
const world = generateWorld({ seed: 7, anchor });
const watched = world.vendor.staff.filter((person) => person.watched).map((person) => person.email);
const me = { userId: 'me' };
let google: GoogleFixture;

beforeAll(async () => {
  google = await startGoogle({ seed: seedFromWorld(world), clock: { now: anchor }, caps: 'generous' });
  google.handle.registerApp(app);
});
afterAll(async () => {
  await google.close();
});

const heldBy = (user: string): WorldMail[] => world.mails.filter((mail) => mail.mailboxes.includes(user));

test('each watched mailbox holds what the world says, at the time it came, with its own headers', async () => {
  for (const user of watched) {
    const { gmail } = google.client(user);
    expect((await gmail.users.getProfile(me)).data.messagesTotal).toBe(heldBy(user).length);
  }
  const user = watched[0] ?? '';
  const { gmail } = google.client(user);
  const samples = [
    heldBy(user).find((mail) => mail.headers?.['List-Id'] !== undefined),
    heldBy(user).find((mail) => mail.inReplyTo !== undefined && mail.from.address === user),
    heldBy(user).find((mail) => /[^ -~]/u.test(`${mail.from.name}${mail.subject}`)),
  ].filter((mail) => mail !== undefined);
  expect(samples.length).toBeGreaterThan(1);
  for (const mail of samples) {
    const found = await gmail.users.messages.list({ ...me, q: `rfc822msgid:${mail.messageId}` });
    const id = found.data.messages?.[0]?.id ?? '';
    const { data } = await gmail.users.messages.get({ ...me, id, format: 'full' });
    const header = (name: string) => data.payload?.headers?.find((each) => each.name === name)?.value;
    expect(data.internalDate).toBe(String(mail.at));
    expect(data.labelIds?.[0]).toBe(mail.from.address === user ? 'SENT' : 'INBOX');
    expect(header('Message-ID')).toBe(`<${mail.messageId}>`);
    expect(header('Subject')).toBe(mail.subject);
    expect(header('From')).toContain(mail.from.address);
    expect(header('From')).toContain(mail.from.name ?? '');
    expect(header('In-Reply-To')).toBe(mail.inReplyTo === undefined ? undefined : `<${mail.inReplyTo}>`);
    for (const [name, value] of Object.entries(mail.headers ?? {})) expect(header(name)).toBe(value);
  }
});

test('replies lie in the thread of what they answer', async () => {
  const user = watched[0] ?? '';
  const mails = heldBy(user);
  const ids = new Set(mails.map((mail) => mail.messageId));
  const reply = mails.find(
    (mail) => mail.inReplyTo !== undefined && ids.has(mail.inReplyTo) && /^re:/iu.test(mail.subject),
  );
  const threadOf = (messageId: string) => google.handle.mail.findByMessageId(user, messageId)?.threadId;
  expect(threadOf(reply?.messageId ?? '')).toBe(threadOf(reply?.inReplyTo ?? ''));
});

test('meetings lie in the calendars that hold them, series with their exceptions', async () => {
  let withException = 0;
  for (const user of watched) {
    const { calendar } = google.client(user);
    const own = world.meetings.filter((meeting) => meeting.calendars.includes(user) && meeting.createdAt <= anchor);
    const entries = (await calendar.calendarList.list()).data.items ?? [];
    const items = [];
    for (const entry of entries) {
      const calendarId = entry.id ?? '';
      items.push(
        ...((await calendar.events.list({ calendarId, maxResults: 2500, showDeleted: true })).data.items ?? []),
      );
    }
    const masters = items.filter((event) => event.recurringEventId === undefined || event.recurringEventId === null);
    expect(masters).toHaveLength(own.length);
    for (const meeting of own.filter((each) => each.status === 'confirmed')) {
      const master = masters.find((event) => event.iCalUID === meeting.iCalUid);
      expect(Date.parse(master?.start?.dateTime ?? '')).toBe(meeting.start);
      expect(master?.recurrence?.[0]).toBe(meeting.rrule === undefined ? undefined : `RRULE:${meeting.rrule}`);
      const canceled = meeting.exceptions?.filter((each) => each.canceled && (each.canceledAt ?? 0) <= anchor) ?? [];
      const shown = items.filter((event) => event.recurringEventId === master?.id && event.status === 'cancelled');
      expect(shown.length).toBe(canceled.length);
      withException += canceled.length;
    }
  }
  expect(withException).toBeGreaterThan(0);
});

test('one CSM has a second calendar with events in it', async () => {
  const counts = [];
  for (const user of watched) {
    const { calendar } = google.client(user);
    const entries = (await calendar.calendarList.list()).data.items ?? [];
    const second = entries.find((entry) => entry.primary !== true);
    if (!second) continue;
    counts.push((await calendar.events.list({ calendarId: second.id ?? '' })).data.items?.length ?? 0);
  }
  expect(counts).toHaveLength(1);
  expect(counts[0]).toBeGreaterThan(0);
});

test('what is added live shows in the next history and sync round', async () => {
  const mail = world.mails.findLast((each) => each.mailboxes.some((user) => watched.includes(user)));
  const meeting = world.meetings.findLast((each) => each.calendars.some((user) => watched.includes(user)));
  if (!mail || !meeting) throw new Error('The world has no mail or no meeting of a watched person.');
  const reader = watched.find((user) => mail.mailboxes.includes(user)) ?? '';
  const guest = watched.find((user) => meeting.calendars.includes(user)) ?? '';
  const { gmail } = google.client(reader, [googleScopes.gmailReadonly]);
  const { calendar } = google.client(guest);
  const start = (await gmail.users.getProfile(me)).data.historyId ?? '';
  const primary = { calendarId: 'primary' };
  const syncToken = (await calendar.events.list({ ...primary, maxResults: 2500 })).data.nextSyncToken ?? '';

  expect(
    deliverWorldMail(google.handle, world, { ...mail, messageId: 'live@x.example', at: anchor + 1 }),
  ).toBeGreaterThan(0);
  expect(
    planWorldMeeting(google.handle, world, { ...meeting, iCalUid: 'live@x.example', createdAt: anchor + 1 }),
  ).toBeGreaterThan(0);
  const { history } = (await gmail.users.history.list({ ...me, startHistoryId: start })).data;
  expect(history).toHaveLength(1);
  expect((await calendar.events.list({ ...primary, syncToken })).data.items?.[0]?.iCalUID).toBe('live@x.example');
  expect(cancelWorldMeeting(google.handle, 'live@x.example', anchor + 2)).toBeGreaterThan(0);
  expect((await calendar.events.list({ ...primary, syncToken })).data.items?.[0]?.status).toBe('cancelled');
});
