import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { HintResult, MapContext, Page } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import { outlook } from '@waymark/connector-outlook';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ana, app, ben, startMicrosoft } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';
import type { MicrosoftFixture } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';

const day = 86_400_000;
const hour = 3_600_000;
const scopes = ['User.Read', 'Mail.ReadBasic', 'Calendars.Read'];
let microsoft: MicrosoftFixture;

beforeEach(async () => {
  microsoft = await startMicrosoft({ caps: 'generous' });
});
afterEach(async () => {
  expect(microsoft.handle.unknownPaths).toEqual([]);
  await microsoft.close();
});

const mail = outlook.streams.find(({ name }) => name === 'mail') ?? expect.fail('no stream');
const calendar = outlook.streams.find(({ name }) => name === 'calendar') ?? expect.fail('no stream');

const contextOf = (user: string): MapContext => ({
  ownDomains: ['vendor.example'],
  account: { externalAccountId: user, label: user, address: user },
  settings: {},
  keepSubjects: true,
  readAt: microsoft.clock.now,
});

interface PullOptions {
  readonly mode?: 'backfill' | 'live' | 'resync';
  readonly expired?: unknown;
  readonly user?: string;
  readonly since?: number;
  readonly signal?: AbortSignal;
}

const connect = (user = ana, token = microsoft.token(user, scopes), more: object = {}) =>
  outlook.connect(
    testSession({
      classify: outlook.classify,
      baseUrls: { login: microsoft.url, graph: microsoft.url },
      token,
      grantedScopes: scopes,
      now: () => microsoft.clock.now,
      ...more,
    }),
  );

const spanOf = ({ mode = 'backfill', since = microsoft.clock.now - 100 * day, expired }: PullOptions) => ({
  mode,
  since,
  until: microsoft.clock.now,
  expired,
});

async function pullFolder(folder: string, from: unknown, options: PullOptions = {}) {
  const client = await connect(options.user, undefined, options.signal ? { signal: options.signal } : {});
  const { id } = microsoft.handle.mail.folder(options.user ?? ana, folder);
  return collect(mail.pull(client, from, id, spanOf(options)));
}
const pullInbox = (from: unknown, options: PullOptions = {}) => pullFolder('inbox', from, options);

async function pullMeetings(from: unknown, options: PullOptions = {}) {
  const client = await connect(options.user, undefined, options.signal ? { signal: options.signal } : {});
  return collect(calendar.pull(client, from, '', spanOf(options)));
}

const ids = (pages: readonly Page<unknown>[]) => pages.flatMap(({ records }) => records.map(({ id }) => id));
const gone = (pages: readonly Page<unknown>[]) => pages.flatMap((page) => page.gone);
const last = (pages: readonly Page<unknown>[]) => pages.at(-1) ?? expect.fail('no page');

const letter = (number: number, at: number, extra: object = {}) => ({
  messageId: `m${number}@client.example`,
  from: { name: 'Zoë', address: 'zoe@client.example' },
  to: [{ address: ana }],
  subject: `Mail ${number}`,
  body: `CANARY body of ${number}`,
  at,
  ...extra,
});

const meeting = (start: number, extra: object = {}) => ({
  subject: 'Review',
  start,
  end: start + hour,
  timeZone: 'Europe/Madrid',
  organizer: { address: ana, name: 'Ana Ruiz' },
  attendees: [
    { address: ana, response: 'accepted' as const },
    { address: 'zoe@client.example', response: 'accepted' as const },
  ],
  ...extra,
});

const mapped = (stream: typeof mail, pages: readonly Page<unknown>[], user = ana) =>
  pages.flatMap(({ records }) => records.map(({ raw }) => stream.map(stream.raw.parse(raw), contextOf(user))));
const eventsOf = (stream: typeof mail, pages: readonly Page<unknown>[], user = ana) =>
  mapped(stream, pages, user).flatMap((one) => (one.outcome === 'stored' ? one.events : []));

/** What a pull of meetings says happened, as `type day hour`. */
const story = (pages: readonly Page<unknown>[], user = ana): string[] =>
  eventsOf(calendar, pages, user)
    .filter(({ type }) => type !== 'meeting.scheduled')
    .map(({ type, occurredAt }) => `${type} ${new Date(occurredAt).toISOString().slice(0, 16)}`)
    .toSorted();

describe('outlook’s mail on the sandbox, with the real SDK', () => {
  it('reads a folder’s span page by page and goes on by delta, without a body', async () => {
    const { handle, clock } = microsoft;
    for (let number = 0; number < 240; number += 1) handle.addMail(ana, letter(number, clock.now - number * 12 * hour));
    const pages = await pullInbox(null);
    expect(new Set(ids(pages)).size).toBe(201);
    expect(pages.map(({ done, expected }) => [done, expected])).toEqual([
      [false, 201],
      [false, 201],
      [true, 201],
    ]);
    expect(JSON.stringify(pages)).not.toContain('CANARY');

    const added = handle.addMail(ana, letter(900, clock.now));
    handle.mail.markRead(ana, ids(pages)[5] ?? '', true);
    const live = await pullInbox(last(pages).cursor, { mode: 'live' });
    expect(ids(live)).toEqual(expect.arrayContaining([added.id]));
    expect(mapped(mail, live).every(({ outcome }) => outcome === 'stored')).toBe(true);
    expect(await pullInbox(last(live).cursor, { mode: 'live' })).toMatchObject([{ records: [], gone: [], done: true }]);
  });

  it('goes on from the cursor of any page', async () => {
    const { handle, clock } = microsoft;
    for (let number = 0; number < 250; number += 1) handle.addMail(ana, letter(number, clock.now - number * hour));
    const whole = await pullInbox(null);
    for (const [index, page] of whole.slice(0, -1).entries()) {
      const rest = await pullInbox(page.cursor);
      expect(new Set([...ids(whole.slice(0, index + 1)), ...ids(rest)])).toEqual(new Set(ids(whole)));
    }
  });

  it('B2, B3: a move keeps the id and deletes nothing; the trash leaves it out; only a deletion is certain', async () => {
    const { handle, clock } = microsoft;
    const project = handle.mail.addFolder(ana, 'Customers');
    const [moved, trashed, deleted] = [1, 2, 3].map(
      (number) => handle.addMail(ana, letter(number, clock.now - hour)).id,
    );
    const inbox = last(await pullInbox(null)).cursor;
    const other = last(await pullFolder(project.id, null)).cursor;
    handle.mail.move(ana, moved ?? '', project.id);
    handle.mail.move(ana, trashed ?? '', 'deleteditems');
    handle.mail.remove(ana, deleted ?? '');

    const left = await pullInbox(inbox, { mode: 'live' });
    expect(gone(left).toSorted((a, b) => Number(a.certain) - Number(b.certain))).toEqual([
      { id: moved, certain: false },
      { id: deleted, certain: true },
    ]);
    expect(ids(left)).toEqual([trashed]);
    expect(mapped(mail, left)).toEqual([{ outcome: 'ignored', reason: 'trash' }]);
    expect(ids(await pullFolder(project.id, other, { mode: 'live' }))).toEqual([moved]);
  });

  it('A8: what is told again is the same record again', async () => {
    const { handle, clock } = microsoft;
    handle.addMail(ana, letter(1, clock.now - day));
    handle.addMail(ana, letter(2, clock.now - day));
    const first = await pullInbox(null);
    handle.replay(ana, 2);
    const again = await pullInbox(last(first).cursor, { mode: 'live' });
    expect(new Set(eventsOf(mail, again).map(({ identity }) => identity))).toEqual(
      new Set(eventsOf(mail, first).map(({ identity }) => identity)),
    );
  });

  it('A2, A7: a lost link is a lost cursor; the resync enumerates the span and takes another link', async () => {
    const { handle, clock } = microsoft;
    handle.addMail(ana, letter(1, clock.now - day));
    const { cursor } = last(await pullInbox(null));
    handle.addMail(ana, letter(2, clock.now - hour));
    handle.expireDelta(ana);
    await expect(pullInbox(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: 'cursor-expired' } });
    const resync = await pullInbox(null, { mode: 'resync', expired: cursor });
    expect(new Set(ids(resync)).size).toBe(2);
    expect(last(resync).cursor).not.toEqual(cursor);
    expect(resync[0]?.enumeration).toEqual({ id: String(clock.now), from: clock.now - 100 * day, to: clock.now });
  });

  it('a reread lists what arrived lately and goes on from its place', async () => {
    const { handle, clock } = microsoft;
    for (let number = 0; number < 150; number += 1) handle.addMail(ana, letter(number, clock.now - number * hour));
    const { cursor } = last(await pullInbox(null));
    handle.addMail(ana, letter(900, clock.now));
    const reread = await pullInbox(cursor, { mode: 'resync', since: clock.now - 5 * day });
    expect(new Set(ids(reread)).size).toBe(122);
    expect(last(reread).done).toBe(true);
  });

  it('A11: what doctor counts is what was read', async () => {
    const { handle, clock } = microsoft;
    for (let number = 0; number < 30; number += 1) handle.addMail(ana, letter(number, clock.now - number * day));
    const { id } = handle.mail.folder(ana, 'inbox');
    const counted = await mail.count?.(await connect(), id, { from: clock.now - 100 * day, to: clock.now + 1_000 });
    expect(counted?.total).toBe(30);
    expect(new Set(counted?.ids)).toEqual(new Set(ids(await pullInbox(null))));
  });

  it('B1: the same mail in two mailboxes, and in Sent Items without headers, is one event', async () => {
    const { handle, clock } = microsoft;
    const at = clock.now - day;
    const shared = letter(1, at, { from: { address: ana }, to: [{ address: ben }, { address: 'zoe@client.example' }] });
    handle.addMail(ana, shared, { folder: 'sentitems' });
    handle.addMail(ben, shared, { receivedAt: at + 4_000 });
    const [sent] = eventsOf(mail, await pullFolder('sentitems', null));
    const [received] = eventsOf(mail, await pullInbox(null, { user: ben }), ben);
    expect(sent).toMatchObject({ type: 'email.sent', identity: 'mail:m1@client.example|ana@vendor.example' });
    expect({ ...received, attributes: {} }).toEqual({ ...sent, attributes: {} });
  });

  it('lists the folders that are read, and names the account', async () => {
    const { handle } = microsoft;
    const customers = handle.mail.addFolder(ana, 'Customers');
    handle.mail.addFolder(ana, 'Old', handle.mail.folder(ana, 'deleteditems').id);
    handle.mail.addFolder(ana, 'Quick Step Settings', 'msgfolderroot', true);
    const client = await connect();
    const listed = await mail.partitions?.(client);
    expect(listed?.slice(0, 2).map(({ label }) => label)).toEqual(['Inbox', 'Sent Items']);
    expect(listed).toContainEqual({ id: customers.id, label: 'Customers' });
    const names = listed?.map(({ label }) => label) ?? [];
    for (const name of ['Old', 'Drafts', 'Deleted Items', 'Junk Email', 'Outbox', 'Quick Step Settings'])
      expect(names).not.toContain(name);
    expect(await outlook.identify(client)).toEqual({
      externalAccountId: handle.state().users[ana]?.id,
      label: 'Ana Ruiz',
      address: ana,
    });
  });

  it('a bad token and a missing scope are named as such', async () => {
    await expect(outlook.identify(await connect(ana, 'nonsense'))).rejects.toMatchObject({
      fault: { kind: 'token-expired' },
    });
    const narrow = await connect(ana, microsoft.token(ana, ['User.Read']));
    await expect(mail.partitions?.(narrow)).rejects.toMatchObject({ fault: { kind: 'scope-missing' } });
  });

  it('an organization’s grant reads the chosen mailbox, and no other one', async () => {
    const { handle, clock, tenants } = microsoft;
    handle.addMail(ana, letter(1, clock.now - day));
    handle.grantApp(tenants.first, app.clientId, {
      roles: ['Mail.ReadBasic', 'Calendars.Read'],
      group: [ana],
    });
    const token = handle.oauth.mint({
      clientId: app.clientId,
      subject: `app:${tenants.first}`,
      scopes: ['Mail.ReadBasic', 'Calendars.Read'],
    }).accessToken;
    const { id } = handle.mail.folder(ana, 'inbox');
    const inside = await connect(ana, token, { subject: ana });
    expect(await outlook.identify(inside)).toEqual({ externalAccountId: ana, label: ana, address: ana });
    expect(ids(await collect(mail.pull(inside, null, id, spanOf({}))))).toHaveLength(1);
    const outside = await connect(ben, token, { subject: ben });
    await expect(outlook.identify(outside)).rejects.toMatchObject({ fault: { kind: 'scope-missing' } });
    await expect(mail.partitions?.(outside)).rejects.toMatchObject({ fault: { kind: 'scope-missing' } });
  });
});

describe('outlook’s calendar on the sandbox, with the real SDK', () => {
  it('N5, B2: reads every calendar that the account owns, each for itself; what moves between two is neither lost nor canceled', async () => {
    const { handle, clock } = microsoft;
    const own = handle.calendars.addCalendar(ana, 'Customers');
    const client = await connect();
    const partitions = (await calendar.partitions?.(client)) ?? [];
    expect(partitions).toEqual([
      { id: '', label: 'calendar' },
      { id: own.id, label: 'Customers' },
    ]);
    const none = await connect(ana, undefined, { settings: { calendars: [] } });
    expect(await calendar.partitions?.(none)).toHaveLength(1);
    const here = handle.calendars.add(ana, meeting(clock.now + day), { calendarId: own.id });
    const series = handle.calendars.add(ana, meeting(clock.now + 2 * day, { rrule: 'FREQ=DAILY;COUNT=3' }), {
      calendarId: own.id,
    });
    const pull = async (from: unknown, partition: string, mode: 'backfill' | 'live' = 'live') =>
      collect(calendar.pull(await connect(), from, partition, spanOf({ mode })));
    const second = await pull(null, own.id, 'backfill');
    expect(ids(second)).toEqual(expect.arrayContaining([here.id, series.id]));
    expect(ids(await pull(null, '', 'backfill'))).not.toContain(here.id);
    expect((await calendar.count?.(client, own.id, { from: clock.now, to: clock.now + 9 * day }))?.total).toBe(2);
    handle.calendars.move(ana, here.id, handle.calendars.calendar(ana).id);
    handle.calendars.move(ana, series.id, handle.calendars.calendar(ana).id);
    const after = await pull(last(second).cursor, own.id);
    expect([ids(after), gone(after)]).toEqual([[], []]);
    handle.calendars.remove(ana, here.id);
    handle.calendars.remove(ana, series.id);
  });

  it('C1, C2: a series with a moved and a deleted occurrence, across a change of clocks', async () => {
    const { handle, clock } = microsoft;
    const start = Date.UTC(2026, 9, 5, 7);
    const series = handle.calendars.add(ana, meeting(start, { rrule: 'FREQ=WEEKLY;COUNT=6' }));
    handle.calendars.except(ana, series.id, start + 14 * day, {
      start: start + 14 * day + 2 * hour,
      end: start + 14 * day + 3 * hour,
    });
    const backfill = await pullMeetings(null);
    const whole = [
      'meeting.held 2026-10-05T08:00',
      'meeting.held 2026-10-12T08:00',
      'meeting.held 2026-10-19T10:00',
      'meeting.held 2026-10-26T09:00',
      'meeting.held 2026-11-02T09:00',
      'meeting.held 2026-11-09T09:00',
    ];
    expect(story(backfill)).toEqual(whole);
    const identities = new Set(eventsOf(calendar, backfill).map(({ identity }) => identity));
    expect(identities).toContain(`meeting:${series.iCalUId}|${start + 14 * day}`);

    clock.now += day;
    handle.calendars.except(ana, series.id, start + 7 * day, { isDeleted: true });
    const live = await pullMeetings(last(backfill).cursor, { mode: 'live' });
    expect(story(live)).toEqual(['meeting.canceled 2026-10-12T07:00', whole[0], ...whole.slice(2)]);
    const [known] = live.flatMap(({ records }) => records);
    expect(gone(live).every(({ id }) => id !== known?.id)).toBe(true);
    expect(await pullMeetings(last(live).cursor, { mode: 'live' })).toMatchObject([
      { records: [], gone: [], done: true },
    ]);
  });

  it('A9: a meeting moved out of the window is not gone; a deleted one and a deleted series are', async () => {
    const { handle, clock } = microsoft;
    const [moved, deleted] = [1, 2].map((number) => handle.calendars.add(ana, meeting(clock.now + number * day)).id);
    const series = handle.calendars.add(ana, meeting(clock.now + 3 * day, { rrule: 'FREQ=DAILY;COUNT=3' }));
    const { cursor } = last(await pullMeetings(null));
    handle.calendars.update(ana, moved ?? '', { start: clock.now + 200 * day, end: clock.now + 200 * day + hour });
    handle.calendars.remove(ana, deleted ?? '');
    handle.calendars.remove(ana, series.id);
    const live = await pullMeetings(cursor, { mode: 'live' });
    expect(ids(live)).toEqual([moved]);
    expect(mapped(calendar, live)).toEqual([{ outcome: 'ignored', reason: 'outside_span' }]);
    expect(gone(live).map(({ id }) => id)).toEqual(expect.arrayContaining([deleted, series.id]));
    expect(gone(live)).not.toContainEqual(expect.objectContaining({ id: moved }));
  });

  it('A9: a meeting beyond the window is told once the window has been laid anew', async () => {
    const { handle, clock } = microsoft;
    const far = handle.calendars.add(ana, meeting(clock.now + 95 * day));
    const backfill = await pullMeetings(null);
    expect(ids(backfill)).toEqual([]);
    clock.now += 8 * day;
    expect(ids(await pullMeetings(last(backfill).cursor, { mode: 'live' }))).toEqual([far.id]);
  });

  it('A5, A7: a lost window is a lost cursor; the whole reading is an enumeration, as long as the first', async () => {
    const { handle, clock } = microsoft;
    const old = handle.calendars.add(ana, meeting(clock.now - 60 * day));
    const kept = handle.calendars.add(ana, meeting(clock.now + day));
    const { cursor } = last(await pullMeetings(null));
    handle.calendars.remove(ana, old.id);
    handle.expireDelta(ana);
    await expect(pullMeetings(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: 'cursor-expired' } });
    const resync = await pullMeetings(null, { mode: 'resync', expired: cursor, since: clock.now - 30 * day });
    expect(ids(resync)).toEqual([kept.id]);
    expect(resync[0]?.enumeration).toEqual({ id: expect.any(String) });
    expect(last(resync).cursor).toMatchObject({ phase: 'live', since: clock.now - 100 * day });
  });

  it('a meeting that its organizer called off is canceled with its guests', async () => {
    const { handle, clock } = microsoft;
    const guest = handle.calendars.add(ben, meeting(clock.now + 2 * day, { iCalUId: 'shared@client.example' }));
    const { cursor } = last(await pullMeetings(null, { user: ben }));
    handle.calendars.markCancelled(ben, guest.id);
    expect(story(await pullMeetings(cursor, { mode: 'live', user: ben }), ben)).toEqual([
      'meeting.canceled 2026-10-01T09:00',
    ]);
  });

  it('B4: a series of Google’s in two mailboxes is known by the UID that Google gave it', async () => {
    const { handle, clock } = microsoft;
    const shared = { rrule: 'FREQ=DAILY;COUNT=3', iCalUId: 'shared@google.com' };
    handle.calendars.add(ana, meeting(clock.now - 5 * day, shared));
    handle.calendars.add(ben, meeting(clock.now - 5 * day, shared));
    const seen = await Promise.all(
      [ana, ben].map(async (user) =>
        eventsOf(calendar, await pullMeetings(null, { user }), user).map(({ identity }) => identity),
      ),
    );
    expect(new Set(seen[0])).toEqual(
      new Set([5, 4, 3].map((days) => `meeting:shared@google.com|${clock.now - days * day}`)),
    );
    expect(seen[1]).toEqual(seen[0]);
  });

  it('A11: what doctor counts is what was read', async () => {
    const { handle, clock } = microsoft;
    handle.calendars.add(ana, meeting(clock.now + day));
    handle.calendars.add(ana, meeting(clock.now + day, { rrule: 'FREQ=DAILY;COUNT=3' }));
    const counted = await calendar.count?.(await connect(), '', { from: clock.now, to: clock.now + 10 * day });
    expect(counted?.total).toBe(2);
    expect(new Set(counted?.ids)).toEqual(new Set(ids(await pullMeetings(null))));
  });
});

describe('change notifications', () => {
  it('E8, E9: subscribed through the handshake, verified by its secret, renewed, told when it ends, and ended', async () => {
    const { handle, clock } = microsoft;
    const push = outlook.push ?? expect.fail('no push');
    const client = await connect();
    const said: HintResult[] = [];
    let externalId: string | null = null;
    const receiver = createServer((request, response) => {
      void (async () => {
        const body = new Uint8Array(await buffer(request));
        const url = `http://127.0.0.1${request.url}`;
        const subscription = { key: 'messages', stream: 'mail', externalId, secret: 's3cret', externalAccountId: 'a1' };
        const keys = { subscription, jwks: () => Promise.reject(new Error('not needed')) };
        const result = await outlook.hint?.({ method: 'POST', url, headers: {}, body }, keys, clock.now);
        if (result === undefined) return;
        said.push(result);
        const answer = result.ok ? (result.answer ?? { status: 202, body: '', contentType: 'text/plain' }) : undefined;
        response.writeHead(answer?.status ?? 401, { 'content-type': answer?.contentType ?? 'text/plain' });
        response.end(answer?.body);
      })();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    try {
      const bound = receiver.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      const address = { url: `http://127.0.0.1:${port}/webhooks/microsoft/token`, secret: 's3cret' };
      const [target] = await push.targets(client, {});
      const made = await push.subscribe(client, target ?? expect.fail('nothing to watch'), address, {});
      externalId = made.externalId;
      expect(made.expiresAt).toBe(clock.now + (7 * 24 - 1) * hour);
      expect(said.every((one) => one.ok && one.answer?.status === 200)).toBe(true);

      said.length = 0;
      handle.addMail(ana, letter(1, clock.now));
      await expect.poll(() => said, { timeout: 5_000 }).toMatchObject([{ ok: true, hints: [{ stream: 'mail' }] }]);

      clock.now += 3 * day;
      const renewed = await push.renew(await connect(), { key: 'messages', stream: 'mail' }, made, address, {});
      expect(renewed.expiresAt).toBe(clock.now + (7 * 24 - 1) * hour);
      await push.unsubscribe(await connect(), renewed);
      await expect(
        push.renew(await connect(), { key: 'messages', stream: 'mail' }, renewed, address, {}),
      ).rejects.toMatchObject({ fault: { kind: 'record-gone' } });
      await expect(push.unsubscribe(await connect(), renewed)).resolves.toBeUndefined();
    } finally {
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    }
  });
});

const faults = [
  ['E2', 'unauthorized', 'token-expired'],
  ['F3', 'too-many', 'rate-limited'],
  ['A7', 'cursor-lost', 'cursor-expired'],
  ['a failing server', 'server-error', 'transient'],
  ['a cut connection', 'reset-mid-body', 'transient'],
  ['A4: cut JSON', 'truncated-json', 'transient'],
  ['A4: a page of HTML', 'html-200', 'transient'],
] as const;

describe('faults on the wire, through the real SDK', () => {
  it.each(faults)('%s: %s ends the mail’s page as %s', async (_id, kind, fault) => {
    const { handle, clock, served } = microsoft;
    const { cursor } = last(await pullInbox(null));
    handle.addMail(ana, letter(2, clock.now));
    served.faults.add({ kind, match: { path: '/messages/delta' }, times: 1 });
    await expect(pullInbox(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: fault } });
    expect(ids(await pullInbox(cursor, { mode: 'live' }))).toHaveLength(1);
  });

  it.each(faults)('%s: %s ends the calendar’s page as %s', async (_id, kind, fault) => {
    const { handle, clock, served } = microsoft;
    const { cursor } = last(await pullMeetings(null));
    handle.calendars.add(ana, meeting(clock.now));
    // A lost window is asked for once more, in case the round alone had died.
    served.faults.add({ kind, match: { path: '/calendarView/delta' }, times: kind === 'cursor-lost' ? 2 : 1 });
    await expect(pullMeetings(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: fault } });
    expect(ids(await pullMeetings(cursor, { mode: 'live' }))).toHaveLength(1);
  });

  it('a call that hangs ends when the run gives up', async () => {
    microsoft.served.faults.add({ kind: 'hang', params: { hangMs: 5_000 } });
    const signal = AbortSignal.timeout(100);
    await expect(pullInbox(null, { signal })).rejects.toMatchObject({ fault: { kind: 'transient' } });
  });
});
