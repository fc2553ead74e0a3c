import { gmail } from '@waymark/connector-gmail';
import { googleCalendar } from '@waymark/connector-google-calendar';
import type { MapContext, Page } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ana, ben, startGoogle } from '../../apps/sandbox/src/google/google-fixture.ts';
import type { GoogleFixture } from '../../apps/sandbox/src/google/google-fixture.ts';
import { eventTime } from '../../apps/sandbox/src/google/recurrence.ts';

const day = 86_400_000;
const hour = 3_600_000;
let google: GoogleFixture;

beforeEach(async () => {
  google = await startGoogle({ caps: 'generous' });
});
afterEach(async () => {
  await google.close();
});

const scopes = {
  mail: 'https://www.googleapis.com/auth/gmail.readonly',
  calendar: 'https://www.googleapis.com/auth/calendar.readonly',
};

function tokenOf(user: string, scope: string): string {
  return google.handle.oauth.mint({ clientId: 'waymark-app', subject: user, scopes: [scope] }).accessToken;
}

const contextOf = (user: string): MapContext => ({
  ownDomains: ['vendor.example'],
  account: { externalAccountId: user, label: user, address: user, timezone: 'Europe/Madrid' },
  settings: {},
  keepSubjects: true,
  readAt: google.clock.now,
});

const messages = gmail.streams[0] ?? expect.fail('no stream');
const events = googleCalendar.streams[0] ?? expect.fail('no stream');

interface PullOptions {
  readonly mode?: 'backfill' | 'live' | 'resync';
  readonly expired?: unknown;
  readonly user?: string;
  readonly since?: number;
  readonly signal?: AbortSignal;
}

const spanOf = ({ mode = 'backfill', since = google.clock.now - 100 * day, expired }: PullOptions) => ({
  mode,
  since,
  until: google.clock.now,
  expired,
});

const mailbox = (user = ana, token = tokenOf(user, scopes.mail), signal?: AbortSignal) =>
  gmail.connect(
    testSession({ classify: gmail.classify, baseUrls: { gmail: google.url }, token, ...(signal && { signal }) }),
  );

const calendars = (user = ana, token = tokenOf(user, scopes.calendar), signal?: AbortSignal) =>
  googleCalendar.connect(
    testSession({
      classify: googleCalendar.classify,
      baseUrls: { calendar: google.url },
      token,
      ...(signal && { signal }),
    }),
  );

async function pullMail(from: unknown, options: PullOptions = {}) {
  const client = await mailbox(options.user, undefined, options.signal);
  return collect(messages.pull(client, from, '', spanOf(options)));
}

async function pullMeetings(from: unknown, options: PullOptions = {}) {
  const client = await calendars(options.user, undefined, options.signal);
  return collect(events.pull(client, from, options.user ?? ana, spanOf(options)));
}

const ids = (pages: readonly Page<unknown>[]) => pages.flatMap(({ records }) => records.map(({ id }) => id));
const last = (pages: readonly Page<unknown>[]) => pages.at(-1) ?? expect.fail('no page');

const mail = (number: number, at: number, extra: object = {}) => ({
  messageId: `m${number}@client.example`,
  from: { name: 'Zoë', address: 'zoe@client.example' },
  to: [{ address: ana }],
  subject: `Mail ${number}`,
  body: `CANARY body of ${number}`,
  at,
  ...extra,
});

const fields = (start: number, extra: object = {}) => ({
  summary: 'Review',
  description: 'CANARY agenda',
  start: eventTime(start, 'Europe/Madrid'),
  end: eventTime(start + hour, 'Europe/Madrid'),
  organizer: { email: ana, displayName: 'Ana Ruiz' },
  attendees: [
    { email: ana, responseStatus: 'accepted' as const, organizer: true },
    { email: 'zoe@client.example', responseStatus: 'accepted' as const },
  ],
  ...extra,
});

/** What a pull of meetings says happened, as `type day hour`. */
function story(pages: readonly Page<unknown>[]): string[] {
  return pages
    .flatMap(({ records }) => records)
    .flatMap(({ raw }) => {
      const mapped = events.map(events.raw.parse(raw), contextOf(ana));
      return mapped.outcome === 'stored' ? mapped.events : [];
    })
    .filter(({ type }) => type !== 'meeting.scheduled')
    .map(({ type, occurredAt }) => `${type} ${new Date(occurredAt).toISOString().slice(0, 16)}`)
    .toSorted();
}

describe('gmail on the sandbox, with the real SDK', () => {
  it('reads a span by windows and goes on by the history, without a body', async () => {
    const { handle, clock } = google;
    for (let number = 0; number < 240; number += 1) handle.addMail(ana, mail(number, clock.now - number * 12 * hour));
    const pages = await pullMail(null);
    expect(new Set(ids(pages)).size).toBe(201);
    expect(pages.every(({ records }) => records.length <= 100)).toBe(true);
    expect(pages.map(({ done }) => done)).toEqual([...pages.slice(1).map(() => false), true]);
    expect(JSON.stringify(pages)).not.toContain('CANARY');

    const added = handle.addMail(ana, mail(900, clock.now));
    handle.removeMail(ana, handle.mail.findByMessageId(ana, 'm3@client.example')?.id ?? '');
    handle.trashMail(ana, handle.mail.findByMessageId(ana, 'm4@client.example')?.id ?? '');
    const live = await pullMail(last(pages).cursor, { mode: 'live' });
    expect(ids(live)).toContain(added.id);
    expect(live.flatMap(({ gone }) => gone)).toEqual([{ id: expect.any(String), certain: true }]);
    const outcomes = live
      .flatMap(({ records }) => records)
      .map(({ raw }) => messages.map(messages.raw.parse(raw), contextOf(ana)));
    expect(outcomes).toContainEqual({ outcome: 'ignored', reason: 'trash' });
    expect(outcomes).toContainEqual(expect.objectContaining({ outcome: 'stored' }));
    const quiet = await pullMail(last(live).cursor, { mode: 'live' });
    expect(quiet).toEqual([{ records: [], gone: [], cursor: last(live).cursor, done: true }]);
  });

  it('goes on within a window from the cursor of any page', async () => {
    const { handle, clock } = google;
    for (let number = 0; number < 250; number += 1) handle.addMail(ana, mail(number, clock.now - number * hour));
    const whole = await pullMail(null);
    for (const [index, page] of whole.slice(0, -1).entries()) {
      const rest = await pullMail(page.cursor);
      expect(new Set([...ids(whole.slice(0, index + 1)), ...ids(rest)])).toEqual(new Set(ids(whole)));
    }
  });

  it('A1, A2, A3: an expired history is a lost cursor; the resync pins first and loses nothing', async () => {
    const { handle, clock } = google;
    handle.addMail(ana, mail(1, clock.now - day));
    const cursor = last(await pullMail(null)).cursor;
    handle.addMail(ana, mail(2, clock.now - hour));
    handle.expireHistory(ana);
    await expect(pullMail(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: 'cursor-expired' } });
    const resync = await pullMail(null, { mode: 'resync', expired: cursor });
    expect(new Set(ids(resync)).size).toBe(2);
    expect(last(resync).cursor).not.toEqual(cursor);
    expect(resync[0]?.enumeration).toBeDefined();
  });

  it('the same mail in two mailboxes is one event', async () => {
    const { handle, clock } = google;
    const shared = mail(1, clock.now - day, { to: [{ address: ana }, { address: ben }] });
    handle.addMail(ana, shared, { receivedAt: clock.now - day });
    handle.addMail(ben, shared, { receivedAt: clock.now - day + 4_000 });
    const mapped = await Promise.all(
      [ana, ben].map(async (user) => {
        const raw = (await pullMail(null, { user })).flatMap(({ records }) => records)[0]?.raw;
        const outcome = messages.map(messages.raw.parse(raw), contextOf(user));
        return outcome.outcome === 'stored' ? outcome.events[0] : undefined;
      }),
    );
    expect(mapped[0]).toMatchObject({ type: 'email.received', identity: 'mail:m1@client.example|zoe@client.example' });
    expect({ ...mapped[1], attributes: {} }).toEqual({ ...mapped[0], attributes: {} });
  });

  it('a bad token and a missing scope are named as such', async () => {
    const client = await mailbox(ana, 'nonsense');
    await expect(gmail.identify(client)).rejects.toMatchObject({ fault: { kind: 'token-expired' } });
    const narrow = await mailbox(ana, tokenOf(ana, scopes.calendar));
    await expect(gmail.identify(narrow)).rejects.toMatchObject({ fault: { kind: 'scope-missing' } });
    expect(await gmail.identify(await mailbox())).toEqual({ externalAccountId: ana, label: ana, address: ana });
  });
});

describe('google-calendar on the sandbox, with the real SDK', () => {
  it('C1, C2: a series with a moved and a canceled instance, across a change of clocks', async () => {
    const { handle, clock } = google;
    const start = Date.UTC(2026, 9, 5, 7);
    const series = handle.calendars.addEvent(ana, ana, fields(start, { recurrence: ['RRULE:FREQ=WEEKLY;COUNT=6'] }));
    handle.calendars.updateInstance(ana, ana, series.id, start + 14 * day, {
      start: eventTime(start + 14 * day + 2 * hour, 'Europe/Madrid'),
    });
    const backfill = await pullMeetings(null);
    expect(JSON.stringify(backfill)).not.toContain('CANARY');
    const whole = [
      'meeting.held 2026-10-05T08:00',
      'meeting.held 2026-10-12T08:00',
      'meeting.held 2026-10-19T10:00',
      'meeting.held 2026-10-26T09:00',
      'meeting.held 2026-11-02T09:00',
      'meeting.held 2026-11-09T09:00',
    ];
    expect(story(backfill)).toEqual(whole);

    clock.now += day;
    handle.calendars.cancelInstance(ana, ana, series.id, start + 7 * day);
    const live = await pullMeetings(last(backfill).cursor, { mode: 'live' });
    // The moved instance is still known, although only the canceled one has changed.
    expect(story(live)).toEqual(['meeting.canceled 2026-10-12T07:00', whole[0], ...whole.slice(2)]);
    expect(await pullMeetings(last(live).cursor, { mode: 'live' })).toMatchObject([
      { records: [], gone: [], done: true },
    ]);
  });

  it('A4, A5, A6: an expired token is a lost cursor; the whole read is an enumeration, as long as the first', async () => {
    const { handle, clock } = google;
    const old = handle.calendars.addEvent(ana, ana, fields(clock.now - 60 * day));
    const kept = handle.calendars.addEvent(ana, ana, fields(clock.now + day));
    const { cursor } = last(await pullMeetings(null));
    handle.calendars.cancelEvent(ana, ana, old.id);
    handle.expireSyncTokens(ana);
    await expect(pullMeetings(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: 'cursor-expired' } });
    const resync = await pullMeetings(null, { mode: 'resync', expired: cursor, since: clock.now - 30 * day });
    expect(resync[0]?.records.map(({ id }) => id)).toEqual([`${ana}/${kept.id}`]);
    expect(resync[0]?.enumeration).toEqual({ id: expect.any(String) });
    expect(last(resync).cursor).toMatchObject({ phase: 'live', since: clock.now - 100 * day });
  });

  it('a deleted meeting is canceled for its organizer, and gone for a guest who sees its id alone', async () => {
    const { handle, clock } = google;
    const meeting = handle.calendars.addEvent(ana, ana, fields(clock.now + 2 * day));
    handle.calendars.addEvent(ben, ben, fields(clock.now + 2 * day, { iCalUID: meeting.iCalUID }));
    const [anas, bens] = [await pullMeetings(null), await pullMeetings(null, { user: ben })];
    handle.calendars.cancelEvent(ana, ana, meeting.id);
    const copy = bens[0]?.records[0]?.id.split('/')[1] ?? '';
    handle.calendars.cancelEvent(ben, ben, copy);
    expect(story(await pullMeetings(last(anas).cursor, { mode: 'live' }))).toEqual([
      'meeting.canceled 2026-10-01T09:00',
    ]);
    const guest = await pullMeetings(last(bens).cursor, { mode: 'live', user: ben });
    expect(last(guest).gone).toEqual([{ id: `${ben}/${copy}`, certain: true }]);
  });

  it('B4: the same meeting in two calendars is one event', async () => {
    const { handle, clock } = google;
    const series = { recurrence: ['RRULE:FREQ=DAILY;COUNT=3'], iCalUID: 'shared@client.example' };
    handle.calendars.addEvent(ana, ana, fields(clock.now - 5 * day, series));
    handle.calendars.addEvent(ben, ben, fields(clock.now - 5 * day, series));
    const identities = await Promise.all(
      [ana, ben].map(async (user) => {
        const raw = (await pullMeetings(null, { user }))[0]?.records[0]?.raw;
        const mapped = events.map(events.raw.parse(raw), contextOf(user));
        return mapped.outcome === 'stored' ? mapped.events.map(({ identity, type }) => `${type} ${identity}`) : [];
      }),
    );
    expect(identities[0]).toHaveLength(6);
    expect(identities[1]).toEqual(identities[0]);
  });

  it('N5: each calendar is a partition, the primary one first', async () => {
    google.handle.calendars.addCalendar(ana, {
      id: 'team@group.calendar.google.com',
      summary: 'Team',
      timeZone: 'UTC',
      primary: false,
    });
    const client = await calendars();
    expect(await events.partitions?.(client)).toEqual([
      { id: ana, label: ana },
      { id: 'team@group.calendar.google.com', label: 'Team' },
    ]);
    expect(await googleCalendar.identify(client)).toEqual({
      externalAccountId: ana,
      label: ana,
      address: ana,
      timezone: 'Europe/Madrid',
    });
  });
});

const faults = [
  ['E2', 'unauthorized', 'token-expired'],
  ['F1', 'forbidden-rate-limit', 'rate-limited'],
  ['F1', 'too-many', 'rate-limited'],
  ['A1, A4', 'cursor-lost', 'cursor-expired'],
  ['a failing server', 'server-error', 'transient'],
  ['a cut connection', 'reset-mid-body', 'transient'],
  ['A4: cut JSON', 'truncated-json', 'transient'],
  ['A4: a page of HTML', 'html-200', 'transient'],
] as const;

describe('faults on the wire, through the real SDK', () => {
  it.each(faults)('%s: %s ends Gmail’s page as %s', async (_id, kind, fault) => {
    const { handle, clock, served } = google;
    handle.addMail(ana, mail(1, clock.now - day));
    const { cursor } = last(await pullMail(null));
    handle.addMail(ana, mail(2, clock.now));
    served.faults.add({ kind, match: { path: '/history' }, times: 1 });
    await expect(pullMail(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: fault } });
    expect(ids(await pullMail(cursor, { mode: 'live' }))).toHaveLength(1);
  });

  it.each(faults)('%s: %s ends Calendar’s page as %s', async (_id, kind, fault) => {
    const { handle, clock, served } = google;
    const { cursor } = last(await pullMeetings(null));
    handle.calendars.addEvent(ana, ana, fields(clock.now));
    served.faults.add({ kind, match: { path: '/events' }, times: 1 });
    await expect(pullMeetings(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: fault } });
    expect(ids(await pullMeetings(cursor, { mode: 'live' }))).toHaveLength(1);
  });

  it('a call that hangs ends when the run gives up', async () => {
    google.served.faults.add({ kind: 'hang', params: { hangMs: 5_000 } });
    const signal = AbortSignal.timeout(100);
    await expect(pullMail(null, { signal })).rejects.toMatchObject({ fault: { kind: 'transient' } });
    await expect(pullMeetings(null, { signal })).rejects.toMatchObject({ fault: { kind: 'transient' } });
  });
});
