import { gmail } from '@waymark/connector-gmail';
import { googleCalendar } from '@waymark/connector-google-calendar';
import type { AnyConnector, MapContext } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import { outlook } from '@waymark/connector-outlook';
import type { EventDraft } from '@waymark/journey';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { MailFields } from '../../apps/sandbox/src/google/compose.ts';
import { ana, startGoogle } from '../../apps/sandbox/src/google/google-fixture.ts';
import type { GoogleFixture } from '../../apps/sandbox/src/google/google-fixture.ts';
import { eventTime } from '../../apps/sandbox/src/google/recurrence.ts';
import { startMicrosoft } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';
import type { MicrosoftFixture } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';

const day = 86_400_000;
const hour = 3_600_000;
const zone = 'Europe/Madrid';
let google: GoogleFixture;
let microsoft: MicrosoftFixture;

beforeEach(async () => {
  [google, microsoft] = await Promise.all([startGoogle({ caps: 'generous' }), startMicrosoft({ caps: 'generous' })]);
});
afterEach(async () => {
  await Promise.all([google.close(), microsoft.close()]);
});

/** All that a stream of a connector tells of Ana's account. */
async function told(
  connector: AnyConnector,
  name: string,
  partition: string,
  session: { readonly baseUrls: Readonly<Record<string, string>>; readonly token: string },
): Promise<readonly EventDraft[]> {
  const stream = connector.streams.find((one) => one.name === name) ?? expect.fail('no stream');
  const client = await connector.connect(testSession({ classify: connector.classify, ...session }));
  const span = { mode: 'backfill' as const, since: google.clock.now - 100 * day, until: google.clock.now };
  const pages = await collect(stream.pull(client, null, partition, span));
  const context: MapContext = {
    ownDomains: ['vendor.example'],
    account: { externalAccountId: ana, label: ana, address: ana, timezone: zone },
    settings: {},
    keepSubjects: false,
    readAt: google.clock.now,
  };
  return pages
    .flatMap(({ records }) => records)
    .map(({ raw }) => stream.map(stream.raw.parse(raw), context))
    .flatMap((mapped) => (mapped.outcome === 'stored' ? mapped.events : []))
    .toSorted((a, b) => (a.identity + a.type < b.identity + b.type ? -1 : 1));
}

const googleToken = (scope: string) =>
  google.handle.oauth.mint({
    clientId: 'waymark-app',
    subject: ana,
    scopes: [`https://www.googleapis.com/auth/${scope}.readonly`],
  }).accessToken;
const atGoogle = () =>
  told(googleCalendar, 'events', ana, { baseUrls: { calendar: google.url }, token: googleToken('calendar') });
const atMicrosoft = (name: string, partition = '') =>
  told(outlook, name, partition, {
    baseUrls: { graph: microsoft.url },
    token: microsoft.token(ana, ['Mail.ReadBasic', 'Calendars.Read']),
  });

/** What makes a fact the same fact, and what the engine goes by. */
const fact = ({ identity, type, occurredAt, direction, participants, automated }: EventDraft) => ({
  identity,
  type,
  occurredAt,
  direction,
  addresses: participants.map(({ role, address }) => `${role} ${address}`).toSorted(),
  automated,
});

const zoe = 'zoe@client.example';

/** The same meeting in Ana's calendars at both; `rule` makes it a series. */
function addToBoth(uid: string, start: number, rule?: string): { readonly google: string; readonly microsoft: string } {
  const here = google.handle.calendars.addEvent(ana, ana, {
    summary: 'Review',
    start: eventTime(start, zone),
    end: eventTime(start + hour, zone),
    organizer: { email: zoe },
    attendees: [
      { email: ana, responseStatus: 'accepted' },
      { email: zoe, responseStatus: 'accepted', organizer: true },
    ],
    iCalUID: uid,
    ...(rule === undefined ? {} : { recurrence: [`RRULE:${rule}`] }),
  });
  const there = microsoft.handle.calendars.add(ana, {
    subject: 'Review',
    start,
    end: start + hour,
    timeZone: zone,
    organizer: { address: zoe },
    attendees: [
      { address: ana, response: 'accepted' },
      { address: zoe, response: 'accepted' },
    ],
    iCalUId: uid,
    ...(rule === undefined ? {} : { rrule: rule }),
  });
  return { google: here.id, microsoft: there.id };
}

const exchangeUid = `040000008200E00074C5B7101A82E00800000000${'A0B1C2D3E4F5D601'}${'00'.repeat(8)}10000000${'11'.repeat(16)}`;

it.each([
  ['a meeting made at Google', 'rev1@google.com', undefined],
  ['a meeting made in Outlook', exchangeUid, undefined],
  ['a weekly series across a change of clocks, made at Google', 'rev2@google.com', 'FREQ=WEEKLY;COUNT=8'],
  ['a weekly series, made in Outlook', exchangeUid, 'FREQ=WEEKLY;BYDAY=MO,TH;COUNT=9'],
  ['the first Monday of each month', 'rev3@google.com', 'FREQ=MONTHLY;BYDAY=1MO'],
  ['every other day until the winter', exchangeUid, 'FREQ=DAILY;INTERVAL=2;UNTIL=20261101T000000Z'],
])('B4: %s is the same events in both calendars', async (_name, uid, rule) => {
  addToBoth(uid, Date.UTC(2026, 9, 5, 7), rule);
  const [here, there] = [await atGoogle(), await atMicrosoft('calendar')];
  expect(here.length).toBeGreaterThan(1);
  expect(there.map(fact)).toEqual(here.map(fact));
});

it.each([['rev4@google.com'], [exchangeUid]])(
  'B4, C1: a series (%s) with a moved and a canceled occurrence is the same events in both calendars',
  async (uid) => {
    const start = Date.UTC(2026, 9, 5, 7);
    const ids = addToBoth(uid, start, 'FREQ=WEEKLY;COUNT=6');
    google.handle.calendars.updateInstance(ana, ana, ids.google, start + 14 * day, {
      start: eventTime(start + 15 * day, zone),
      end: eventTime(start + 15 * day + hour, zone),
    });
    microsoft.handle.calendars.except(ana, ids.microsoft, start + 14 * day, {
      start: start + 15 * day,
      end: start + 15 * day + hour,
    });
    google.handle.calendars.cancelInstance(ana, ana, ids.google, start + 28 * day + hour);
    microsoft.handle.calendars.except(ana, ids.microsoft, start + 28 * day + hour, { isDeleted: true });
    const [here, there] = [await atGoogle(), await atMicrosoft('calendar')];
    expect(here.map(({ type }) => type)).toContain('meeting.canceled');
    const moment = (event: EventDraft) =>
      // When one occurrence was canceled Google may tell, and Exchange never does.
      event.type === 'meeting.canceled' ? { ...fact(event), occurredAt: 0 } : fact(event);
    expect(there.map(moment)).toEqual(here.map(moment));
  },
);

it('B1: the same mail in Gmail and in Outlook is one event', async () => {
  const at = google.clock.now - day;
  const shared = { subject: 'Rollout', body: 'x', at };
  const letters: readonly MailFields[] = [
    { ...shared, messageId: 'm1@client.example', from: { address: zoe, name: 'Zoë' }, to: [{ address: ana }] },
    {
      ...shared,
      messageId: 'M2@Client.Example',
      from: { address: ana },
      to: [{ address: zoe }],
      cc: [{ address: 'li@client.example' }],
    },
    {
      ...shared,
      messageId: 'm3@news.example',
      from: { address: 'news@news.example' },
      to: [{ address: ana }],
      headers: { 'List-Id': '<n.news.example>' },
    },
  ];
  for (const letter of letters) {
    google.handle.addMail(ana, letter);
    microsoft.handle.addMail(ana, letter);
  }
  const here = await told(gmail, 'messages', '', { baseUrls: { gmail: google.url }, token: googleToken('gmail') });
  const there = await atMicrosoft('mail', microsoft.handle.mail.folder(ana, 'inbox').id);
  expect(here).toHaveLength(3);
  expect(there.map(fact)).toEqual(here.map(fact));
});
