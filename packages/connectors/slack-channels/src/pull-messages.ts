import type { Delivery, Page, PullContext, RawRecord, Stream } from '@waymark/connector-kit';
import type { SlackClient } from './client.ts';
import { Directory } from './directory.ts';
import { beginRound, isDue, stepRound, type Found } from './history.ts';
import { slackDelivery } from './inbox-payload.ts';
import { mapMessage } from './map-message.ts';
import { firstCursor, messageCursor, type MessageCursor } from './message-cursor.ts';
import { versionOf } from './message-facts.ts';
import { describeMessage, messageId, rawMessage, type RawMessage } from './raw-message.ts';

/**
 * Messages of the conversations that the app was invited to: from the events, and from history where those may have left something
 * out.
 */
export const messageStream: Stream<SlackClient, MessageCursor, RawMessage> = {
  name: 'channel-messages',
  object: 'message',
  scopes: ['channels:history', 'groups:history', 'channels:read', 'groups:read', 'users:read'],
  sees: ['chat'],
  order: 50,
  cursor: { kind: 'slack-messages', version: 1, schema: messageCursor, overlapMs: 600_000, settleMs: 0 },
  raw: rawMessage,
  pull: pullMessages,
  map: mapMessage,
};

const inboxPage = 200;

/**
 * What waits in the inbox goes first, also between two requests for history, of which there may be one a minute. Goes on from any
 * cursor it yielded. A first reading ends when all history is read; a later one of a slow app takes a step a run.
 */
async function* pullMessages(
  client: SlackClient,
  from: MessageCursor | null,
  _partition: string,
  context: PullContext,
): AsyncGenerator<Page<MessageCursor>> {
  const directory = new Directory(client);
  let cursor = from ?? firstCursor;
  let compared = false;
  let steps = 0;
  for (;;) {
    for (;;) {
      const read = (await client.session.inbox?.read('channel-messages', cursor.after, inboxPage)) ?? [];
      if (read.length === 0) break;
      const gaps = read.map(gapOf).filter((gap) => gap !== undefined);
      const gapFrom = gaps.length === 0 ? cursor.gapFrom : Math.min(cursor.gapFrom ?? Infinity, ...gaps);
      cursor = { ...cursor, after: read.at(-1)?.place ?? cursor.after, gapFrom };
      yield { records: await deliveredRecords(directory, read), gone: [], cursor, done: false };
    }
    if (cursor.round === null && !compared && isDue(client, cursor, context, client.session.now())) {
      cursor = { ...cursor, round: await beginRound(client, directory, cursor, context) };
    }
    compared = true;
    const { round } = cursor;
    const enough = context.mode === 'live' && client.settings.distribution === 'commercial' && steps >= 1;
    if (round === null || enough) {
      yield { records: [], gone: [], cursor, done: true };
      return;
    }
    if (round.todo.length === 0) {
      cursor = closed(cursor, round.startedAt, round.gapFrom, round.channels);
      continue;
    }
    const step = await stepRound(client, round);
    steps += 1;
    cursor = { ...cursor, round: step.round };
    yield { records: await foundRecords(directory, step.found), gone: [], cursor, done: false };
  }
}

/** History was compared up to the beginning of the reading. A gap that was told of meanwhile stays open. */
function closed(
  cursor: MessageCursor,
  startedAt: number,
  gapFrom: number | null,
  channels: readonly string[],
): MessageCursor {
  return {
    ...cursor,
    checkedTo: startedAt,
    channels: [...channels],
    gapFrom: cursor.gapFrom === gapFrom ? null : cursor.gapFrom,
    round: null,
  };
}

function gapOf(delivery: Delivery): number | undefined {
  const payload = slackDelivery.safeParse(delivery.payload);
  return payload.success && payload.data.kind === 'gap' ? payload.data.from : undefined;
}

async function deliveredRecords(directory: Directory, deliveries: readonly Delivery[]): Promise<readonly RawRecord[]> {
  const records: RawRecord[] = [];
  for (const { payload, place } of deliveries) {
    const read = slackDelivery.safeParse(payload);
    if (!read.success || read.data.kind === 'unread')
      records.push({ id: `delivery:${place}`, version: place, raw: payload });
    else if (read.data.kind === 'deleted') {
      const { channel, ts, at } = read.data;
      // A record of its own version, so that the message stays deleted whenever an older form of it comes (failure R13).
      const raw = { kind: 'deleted', channelId: channel, ts };
      records.push({ id: messageId(channel, ts), version: versionOf(at), raw });
    } else if (read.data.kind === 'message') records.push(...(await foundRecords(directory, [read.data])));
  }
  return records;
}

async function foundRecords(directory: Directory, found: readonly Found[]): Promise<readonly RawRecord[]> {
  const records: RawRecord[] = [];
  for (const { channel, facts } of found) {
    const raw = await describeMessage(directory, channel, facts);
    // The app has left the channel: what is written there is not ours to read.
    if (!raw) continue;
    records.push({ id: messageId(channel, facts.ts), version: versionOf(facts.editedTs ?? facts.ts), raw });
  }
  return records;
}
