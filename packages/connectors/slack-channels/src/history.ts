import { ConnectorFault, type PullContext } from '@waymark/connector-kit';
import type { SlackClient } from './client.ts';
import { orGone, type Directory } from './directory.ts';
import type { MessageCursor, Round } from './message-cursor.ts';
import { timeOf, type MessageFacts } from './message-facts.ts';

const hour = 3_600_000;
/** How far a comparison reads back over what is proven. */
const overlapMs = 10 * 60_000;
/** Threads of messages so much older than the span are looked into as well; history tells of replies only at their first message. */
const threadsBackMs = 7 * 24 * hour;

/** A message found in history, to be described. */
export interface Found {
  readonly channel: string;
  readonly facts: MessageFacts;
}

/** Whether history is to be compared with what the events brought. */
export function isDue(client: SlackClient, cursor: MessageCursor, context: PullContext, now: number): boolean {
  if (cursor.checkedTo === 0 || cursor.gapFrom !== null) return true;
  if (context.mode === 'resync' && client.settings.distribution !== 'commercial') return true;
  const standard = client.settings.distribution === 'commercial' ? 24 : 6;
  return now - cursor.checkedTo >= (client.settings.checkHours ?? standard) * hour;
}

/** Begins a reading: every channel from where its history is proven, a new one from the beginning of the span that is wanted. */
export async function beginRound(
  client: SlackClient,
  directory: Directory,
  cursor: MessageCursor,
  context: PullContext,
): Promise<Round> {
  const startedAt = client.session.now();
  const proven = new Set(cursor.channels);
  const again = context.mode === 'resync' && client.settings.distribution !== 'commercial';
  const known = Math.min(cursor.checkedTo, cursor.gapFrom ?? Infinity) - overlapMs;
  const todo: Round['todo'] = [];
  let after: string | undefined;
  do {
    const page = await client.channels(after);
    for (const channel of page.channels) {
      await directory.view(channel);
      const isNew = !proven.has(channel.id);
      todo.push({ channel: channel.id, from: Math.max(0, isNew || again ? context.since : known) });
    }
    after = page.next;
  } while (after !== undefined);
  const channels = todo.map(({ channel }) => channel);
  return { startedAt, gapFrom: cursor.gapFrom, channels, todo, cursor: null, listed: false, threads: [] };
}

/** One request of a reading: a page of a thread that was found, else a page of the channel's listing. */
export async function stepRound(
  client: SlackClient,
  round: Round,
): Promise<{ readonly found: readonly Found[]; readonly round: Round }> {
  const [current, ...rest] = round.todo;
  if (!current) return { found: [], round };
  const nextChannel: Round = { ...round, todo: rest, cursor: null, listed: false, threads: [] };
  const { channel, from } = current;
  const [thread, ...threads] = round.threads;
  if (thread) {
    const range = {
      channel,
      oldest: toStamp(from),
      latest: toStamp(round.startedAt),
      cursor: thread.cursor ?? undefined,
    };
    const page = await orGone(client.replies(thread.ts, range));
    const left = page?.next === undefined ? threads : [{ ts: thread.ts, cursor: page.next }, ...threads];
    return settle(foundIn(channel, page?.messages ?? []), { ...round, threads: left }, nextChannel);
  }
  const scarce = client.settings.distribution === 'commercial';
  const oldest = toStamp(scarce ? from : Math.max(0, from - threadsBackMs));
  const range = { channel, oldest, latest: toStamp(round.startedAt), cursor: round.cursor ?? undefined };
  const page = await orGone(listing(client, range));
  if (!page) return { found: [], round: nextChannel };
  const replied = page.messages.flatMap(({ facts, latestReply }) =>
    latestReply !== undefined && timeOf(latestReply) >= from ? [{ ts: facts.ts, cursor: null }] : [],
  );
  const after: Round = { ...round, cursor: page.next ?? null, listed: page.next === undefined, threads: replied };
  return settle(foundIn(channel, page.messages), after, nextChannel);
}

/** A place in a listing may have died between two runs: then the listing begins anew, once. */
async function listing(client: SlackClient, range: Parameters<SlackClient['history']>[0]) {
  try {
    return await client.history(range);
  } catch (error) {
    const dead = error instanceof ConnectorFault && error.fault.kind === 'rejected' && range.cursor !== undefined;
    if (!dead) throw error;
    return client.history({ ...range, cursor: undefined });
  }
}

const settle = (found: readonly Found[], round: Round, nextChannel: Round) => ({
  found,
  round: round.listed && round.threads.length === 0 ? nextChannel : round,
});

const foundIn = (channel: string, messages: readonly { readonly facts: MessageFacts }[]): readonly Found[] =>
  messages.map(({ facts }) => ({ channel, facts }));

const toStamp = (at: number): string => `${Math.floor(at / 1000)}.${String(at % 1000).padStart(3, '0')}000`;
