import type { MapContext, Page } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import { outlook } from '@waymark/connector-outlook';
import { afterEach, beforeEach, expect } from 'vitest';
import { ana, startMicrosoft } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';
import type { MicrosoftFixture } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';

/** A day in milliseconds. */
export const day = 86_400_000;
/** An hour in milliseconds. */
export const hour = 3_600_000;
/** What a token of a test allows. */
const scopes = ['User.Read', 'Mail.ReadBasic', 'Calendars.Read'];
/** The Microsoft of the test under way. */
export let microsoft: MicrosoftFixture;

/** Gives each test of a file a Microsoft of its own, and holds that nothing unknown was asked of it. */
export function eachOnMicrosoft(): void {
  beforeEach(async () => {
    microsoft = await startMicrosoft({ caps: 'generous' });
  });
  afterEach(async () => {
    expect(microsoft.handle.unknownPaths).toEqual([]);
    await microsoft.close();
  });
}

/** The stream of mail. */
export const mail = outlook.streams.find(({ name }) => name === 'mail') ?? expect.fail('no stream');
/** The stream of meetings. */
export const calendar = outlook.streams.find(({ name }) => name === 'calendar') ?? expect.fail('no stream');

/** What a mailbox’s records are mapped in. */
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

/** A client of a user. */
export const connect = (user = ana, token = microsoft.token(user, scopes), more: object = {}) =>
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

/** What a pull is asked for. */
export const spanOf = ({ mode = 'backfill', since = microsoft.clock.now - 100 * day, expired }: PullOptions) => ({
  mode,
  since,
  until: microsoft.clock.now,
  expired,
});

/** Pulls a folder by its name. */
export async function pullFolder(folder: string, from: unknown, options: PullOptions = {}) {
  const client = await connect(options.user, undefined, options.signal ? { signal: options.signal } : {});
  const { id } = microsoft.handle.mail.folder(options.user ?? ana, folder);
  return collect(mail.pull(client, from, id, spanOf(options)));
}
/** Pulls the inbox. */
export const pullInbox = (from: unknown, options: PullOptions = {}) => pullFolder('inbox', from, options);

/** Pulls the meetings of a user. */
export async function pullMeetings(from: unknown, options: PullOptions = {}) {
  const client = await connect(options.user, undefined, options.signal ? { signal: options.signal } : {});
  return collect(calendar.pull(client, from, '', spanOf(options)));
}

/** The ids that pages bring. */
export const ids = (pages: readonly Page<unknown>[]) => pages.flatMap(({ records }) => records.map(({ id }) => id));
/** What pages say is gone. */
export const gone = (pages: readonly Page<unknown>[]) => pages.flatMap((page) => page.gone);
/** The last page. */
export const last = (pages: readonly Page<unknown>[]) => pages.at(-1) ?? expect.fail('no page');

/** A mail from a customer. */
export const letter = (number: number, at: number, extra: object = {}) => ({
  messageId: `m${number}@client.example`,
  from: { name: 'Zoë', address: 'zoe@client.example' },
  to: [{ address: ana }],
  subject: `Mail ${number}`,
  body: `CANARY body of ${number}`,
  at,
  ...extra,
});

/** A meeting with a customer. */
export const meeting = (start: number, extra: object = {}) => ({
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

/** What the mapper makes of pages. */
export const mapped = (stream: typeof mail, pages: readonly Page<unknown>[], user = ana) =>
  pages.flatMap(({ records }) => records.map(({ raw }) => stream.map(stream.raw.parse(raw), contextOf(user))));
/** The events of pages. */
export const eventsOf = (stream: typeof mail, pages: readonly Page<unknown>[], user = ana) =>
  mapped(stream, pages, user).flatMap((one) => (one.outcome === 'stored' ? one.events : []));

/** What a pull of meetings says happened, as `type day hour`. */
export const story = (pages: readonly Page<unknown>[], user = ana): string[] =>
  eventsOf(calendar, pages, user)
    .filter(({ type }) => type !== 'meeting.scheduled')
    .map(({ type, occurredAt }) => `${type} ${new Date(occurredAt).toISOString().slice(0, 16)}`)
    .toSorted();
