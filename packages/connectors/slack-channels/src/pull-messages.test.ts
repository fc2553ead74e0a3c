import type { Delivery } from '@waymark/connector-kit';
import { ConnectorFault } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import { describe, expect, it } from 'vitest';
import type { MessageRange, SlackChannel, SlackClient, SlackUser } from './client.ts';
import { slackChannels } from './index.ts';
import type { MessageCursor } from './message-cursor.ts';
import { timeOf, type MessageFacts } from './message-facts.ts';
import { messageStream } from './pull-messages.ts';
import { settingsOf } from './settings.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 9, 1);
const ts = (at: number, micros = 1) => `${Math.floor(at / 1000)}.${String(micros).padStart(6, '0')}`;
const facts = (at: number, more: Partial<MessageFacts> = {}): MessageFacts => ({
  ts: ts(at),
  user: 'U0ZOE',
  team: 'T0FJORD',
  length: 5,
  files: 0,
  mentions: 0,
  ...more,
});
const channel = (id: string): SlackChannel => ({
  id,
  name: `ext-${id}`,
  isPrivate: true,
  isArchived: false,
  isShared: true,
  teams: ['T0FJORD'],
  ownTeams: [],
});

interface World {
  readonly channels: string[];
  /** Oldest first. */
  readonly messages: Record<string, MessageFacts[]>;
  readonly inbox: unknown[];
  readonly calls: string[];
  now: number;
}

const world = (): World => ({ channels: ['C1', 'C2'], messages: { C1: [], C2: [] }, inbox: [], calls: [], now: start });

/** A workspace with a page size of two. */
function clientOf(at: World, settings: Record<string, unknown> = {}): SlackClient {
  const session = testSession({
    classify: slackChannels.classify,
    baseUrls: {},
    now: () => at.now,
    inbox: {
      read: (_stream, after, limit) =>
        Promise.resolve(
          at.inbox
            .map((payload, index): Delivery => ({ place: String(index + 1), receivedAt: 0, payload }))
            .filter(({ place }) => Number(place) > Number(after ?? 0))
            .slice(0, limit),
        ),
    },
  });
  const within = (all: readonly MessageFacts[], range: MessageRange) =>
    all.filter((one) => one.ts >= range.oldest && one.ts <= range.latest);
  const page = (all: readonly MessageFacts[], range: MessageRange, replies: readonly MessageFacts[]) => {
    const from = Number(range.cursor ?? 0);
    const messages = all.slice(from, from + 2).map((one) => {
      const latest = replies.filter(({ threadTs }) => threadTs === one.ts).at(-1)?.ts;
      return { facts: one, ...(latest !== undefined && { latestReply: latest }) };
    });
    return { messages, next: from + 2 < all.length ? String(from + 2) : undefined };
  };
  const gone = (): never => {
    throw new ConnectorFault({ kind: 'record-gone', message: 'gone' });
  };
  return {
    session,
    settings: settingsOf(settings),
    identity: () =>
      Promise.resolve({
        url: 'https://vendor.slack.com/',
        team: 'Vendor',
        team_id: 'T0VENDOR',
        user_id: 'U0BOT',
        enterprise_id: undefined,
        is_enterprise_install: false,
      }),
    channels: () => Promise.resolve({ channels: at.channels.map(channel), next: undefined }),
    channel: (id) =>
      at.channels.includes(id)
        ? Promise.resolve(channel(id))
        : Promise.reject(new ConnectorFault({ kind: 'record-gone', message: 'gone' })),
    members: () => Promise.resolve({ members: [], next: undefined }),
    user: (id): Promise<SlackUser> =>
      Promise.resolve({
        id,
        team: 'T0FJORD',
        enterprise: undefined,
        isBot: false,
        isGuest: false,
        isDeleted: false,
        updatedAt: 0,
        name: 'Zoë',
        title: undefined,
        email: 'zoe@fjord.example',
      }),
    teamDomains: () => Promise.resolve(['fjord.example']),
    history(range) {
      at.calls.push(`history ${range.channel}`);
      if (!at.channels.includes(range.channel)) return Promise.resolve().then(gone);
      const all = at.messages[range.channel] ?? [];
      const listed = within(
        all.filter((one) => one.threadTs === undefined),
        range,
      ).toReversed();
      return Promise.resolve(page(listed, range, all));
    },
    replies(thread, range) {
      at.calls.push(`replies ${range.channel}`);
      const all = at.messages[range.channel] ?? [];
      return Promise.resolve(
        page(
          within(
            all.filter((one) => one.threadTs === thread),
            range,
          ),
          range,
          [],
        ),
      );
    },
  };
}

const context = (mode: 'backfill' | 'live' | 'resync') => ({ mode, since: start - 30 * 24 * hour, until: start });
const pull = async (
  at: World,
  from: MessageCursor | null,
  mode: 'backfill' | 'live' | 'resync' = 'live',
  settings = {},
) => {
  const pages = await collect(messageStream.pull(clientOf(at, settings), from, '', context(mode)));
  const last = pages.at(-1);
  if (!last?.done) throw new Error('the run did not end');
  return { pages, ids: pages.flatMap(({ records }) => records.map(({ id }) => id)), cursor: last.cursor };
};

/** A channel with three messages, and a thread of three replies under the oldest. */
const talk = (at: World) => {
  const parent = facts(start - 5 * hour);
  at.messages['C1'] = [
    parent,
    facts(start - 4 * hour, { threadTs: parent.ts }),
    facts(start - 3 * hour, { threadTs: parent.ts }),
    facts(start - 2.5 * hour, { threadTs: parent.ts }),
    facts(start - 2 * hour),
    facts(start - hour),
  ];
};

describe('slack-channels reads messages', () => {
  it('of all channels at first, the replies of threads with them, and says when it is done', async () => {
    const at = world();
    talk(at);
    at.messages['C2'] = [facts(start - hour)];
    const { ids, cursor } = await pull(at, null, 'backfill');
    expect(new Set(ids).size).toBe(7);
    expect(cursor).toMatchObject({ checkedTo: start, channels: ['C1', 'C2'], round: null });
  });

  it('knows Slackbot for a robot, which users.info does not', async () => {
    const at = world();
    at.messages['C1'] = [facts(start - 2 * hour, { user: 'USLACKBOT' }), facts(start - hour)];
    const { pages } = await pull(at, null, 'backfill');
    const robots = pages.flatMap(({ records }) => records.map(({ raw }) => messageStream.raw.parse(raw)));
    expect(robots.map((one) => one.kind === 'message' && one.author?.isBot)).toEqual([false, true]);
  });

  it('goes on from any page at which it was cut off', async () => {
    const at = world();
    talk(at);
    const whole = await pull(at, null, 'backfill');
    for (const page of whole.pages) {
      const rest = await pull(at, page.cursor, 'backfill');
      const before = whole.pages
        .slice(0, whole.pages.indexOf(page) + 1)
        .flatMap(({ records }) => records.map(({ id }) => id));
      expect(new Set([...before, ...rest.ids])).toEqual(new Set(whole.ids));
      expect(messageStream.cursor.schema.parse(JSON.parse(JSON.stringify(page.cursor)))).toEqual(page.cursor);
    }
  });

  it('from the events alone between two comparisons with history', async () => {
    const at = world();
    const first = await pull(at, null, 'backfill');
    at.calls.length = 0;
    at.inbox.push({ kind: 'message', channel: 'C1', facts: facts(start + 1000) });
    at.now = start + 5 * hour;
    const { ids } = await pull(at, first.cursor);
    expect(ids).toEqual([`C1:${ts(start + 1000)}`]);
    expect(at.calls).toEqual([]);
  });

  it('compares with history after six hours, and finds what no event told', async () => {
    const at = world();
    const first = await pull(at, null, 'backfill');
    at.messages['C2'] = [facts(start + hour)];
    at.now = start + 6 * hour;
    expect((await pull(at, first.cursor)).ids).toEqual([`C2:${ts(start + hour)}`]);
  });

  it('finds a lost reply to a message that is older than the span', async () => {
    const at = world();
    talk(at);
    const first = await pull(at, null, 'backfill');
    const [parent] = at.messages['C1'] ?? [];
    at.messages['C1']?.push(facts(start + hour, { threadTs: parent?.ts ?? '' }));
    at.now = start + 6 * hour;
    expect((await pull(at, first.cursor)).ids).toContain(`C1:${ts(start + hour)}`);
  });

  it('N6: reads history at once from the minute on in which Slack left events out', async () => {
    const at = world();
    const first = await pull(at, null, 'backfill');
    at.messages['C1'] = [facts(start + 60_000)];
    at.inbox.push({ kind: 'gap', from: start + 30_000 });
    at.now = start + 120_000;
    const { ids, cursor } = await pull(at, first.cursor);
    expect(ids).toEqual([`C1:${ts(start + 60_000)}`]);
    expect(cursor).toMatchObject({ gapFrom: null, checkedTo: start + 120_000 });
  });

  it('reads a channel to which the app was invited later from the beginning', async () => {
    const at = world();
    const first = await pull(at, null, 'backfill');
    at.channels.push('C3');
    at.messages['C3'] = [facts(start - 20 * 24 * hour)];
    at.now = start + 6 * hour;
    expect((await pull(at, first.cursor)).ids).toEqual([`C3:${ts(start - 20 * 24 * hour)}`]);
  });

  it('R13: keeps a deletion as a form of the message that no older form undoes', async () => {
    const at = world();
    const one = facts(start + 1000);
    at.inbox.push(
      { kind: 'deleted', channel: 'C1', ts: one.ts, at: ts(start + 9000) },
      { kind: 'message', channel: 'C1', facts: one },
    );
    const { pages } = await pull(at, {
      after: null,
      checkedTo: start,
      channels: ['C1', 'C2'],
      gapFrom: null,
      round: null,
    });
    const versions = pages.flatMap(({ records }) => records.map(({ version }) => BigInt(version)));
    expect(versions[0]).toBeGreaterThan(versions[1] ?? 0n);
    expect(timeOf(one.ts)).toBe(start + 1000);
  });

  it('E11: tells an edit as newer than the message, in whatever order they come', async () => {
    const at = world();
    const one = facts(start + 1000);
    at.inbox.push(
      { kind: 'message', channel: 'C1', facts: { ...one, editedTs: ts(start + 5000) } },
      { kind: 'message', channel: 'C1', facts: one },
    );
    const cursor = { after: null, checkedTo: start, channels: ['C1', 'C2'], gapFrom: null, round: null };
    const [edited, first] = (await pull(at, cursor)).pages.flatMap(({ records }) => records);
    expect(edited?.id).toBe(first?.id);
    expect(BigInt(edited?.version ?? 0)).toBeGreaterThan(BigInt(first?.version ?? 0));
  });

  it('leaves out a channel from which the app was removed, and goes on', async () => {
    const at = world();
    at.messages['C2'] = [facts(start - hour)];
    const client = clientOf(at);
    const broken: SlackClient = {
      ...client,
      channels: () => Promise.resolve({ channels: ['C1', 'C9', 'C2'].map(channel), next: undefined }),
    };
    const pages = await collect(messageStream.pull(broken, null, '', context('backfill')));
    expect(pages.flatMap(({ records }) => records.map(({ id }) => id))).toEqual([`C2:${ts(start - hour)}`]);
  });

  it('R15: takes one step of history a run where Slack allows one a minute, events first', async () => {
    const at = world();
    const settings = { distribution: 'commercial' };
    const first = await pull(at, null, 'backfill', settings);
    at.messages['C1'] = [facts(start + hour)];
    at.now = start + 25 * hour;
    at.calls.length = 0;
    at.inbox.push({ kind: 'message', channel: 'C2', facts: facts(start + 24 * hour) });
    const second = await pull(at, first.cursor, 'live', settings);
    expect(second.ids[0]).toBe(`C2:${ts(start + 24 * hour)}`);
    expect(at.calls).toEqual(['history C1']);
    expect(second.cursor.round?.todo).toHaveLength(1);
    const third = await pull(at, second.cursor, 'live', settings);
    expect(at.calls).toEqual(['history C1', 'history C2']);
    const fourth = await pull(at, third.cursor, 'live', settings);
    expect(fourth.cursor).toMatchObject({ round: null, checkedTo: start + 25 * hour });
  });
});
