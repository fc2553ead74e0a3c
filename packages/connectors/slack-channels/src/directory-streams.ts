import type { Mapped, Page, PullContext, RawRecord, Stream } from '@waymark/connector-kit';
import { normalizeAddress } from '@waymark/connector-kit';
import type { ContactFact } from '@waymark/journey';
import { z } from 'zod';
import type { SlackClient } from './client.ts';
import { Directory } from './directory.ts';

const day = 86_400_000;

/** Lists that are short and have no "changed since" are read whole. */
const listCursor = z.strictObject({
  /** When the list that is complete was begun; 0 before the first. */
  readAt: z.number().int(),
  running: z.exactOptional(z.strictObject({ startedAt: z.number().int(), after: z.string() })),
});
type ListCursor = z.infer<typeof listCursor>;

const rawChannel = z.looseObject({
  id: z.string().min(1),
  name: z.string(),
  isShared: z.boolean(),
  isArchived: z.boolean(),
  teams: z.array(z.string()),
});
type RawChannel = z.infer<typeof rawChannel>;

/** The conversations that the app was invited to: what is watched at all. They make no events. */
export const channelStream: Stream<SlackClient, ListCursor, RawChannel> = {
  name: 'channels',
  object: 'channel',
  scopes: ['channels:read', 'groups:read'],
  order: 10,
  cursor: { kind: 'slack-channels', version: 1, schema: listCursor, overlapMs: 0, settleMs: 0 },
  raw: rawChannel,
  async *pull(client, from): AsyncGenerator<Page<ListCursor>> {
    let running = from?.running ?? { startedAt: client.session.now(), after: '' };
    for (;;) {
      const page = await client.channels(running.after || undefined);
      const version = String(running.startedAt);
      const records = page.channels.map((raw): RawRecord => ({ id: raw.id, version, raw }));
      const enumeration = { id: `channels-${running.startedAt}` };
      if (page.next === undefined) {
        yield { records, gone: [], cursor: { readAt: running.startedAt }, done: true, enumeration };
        return;
      }
      running = { ...running, after: page.next };
      yield { records, gone: [], cursor: { readAt: from?.readAt ?? 0, running }, done: false, enumeration };
    }
  },
  map: (): Mapped => ({ outcome: 'stored', events: [] }),
};

const rawPerson = z.looseObject({
  id: z.string().min(1),
  isBot: z.boolean(),
  isDeleted: z.boolean(),
  updatedAt: z.number(),
  outside: z.boolean(),
  name: z.string().nullish(),
  title: z.string().nullish(),
  email: z.string().nullish(),
});
type RawPerson = z.infer<typeof rawPerson>;

/** People of other workspaces and guests in those conversations, by their address. Nobody is ended by not being seen. */
export const peopleStream: Stream<SlackClient, ListCursor, RawPerson> = {
  name: 'people',
  object: 'person',
  scopes: ['users:read', 'users:read.email', 'channels:read', 'groups:read', 'team:read'],
  order: 20,
  cursor: { kind: 'slack-people', version: 1, schema: listCursor, overlapMs: 0, settleMs: 0 },
  raw: rawPerson,
  pull: pullPeople,
  map: mapPerson,
};

async function* pullPeople(
  client: SlackClient,
  from: ListCursor | null,
  _partition: string,
  context: PullContext,
): AsyncGenerator<Page<ListCursor>> {
  const now = client.session.now();
  const readAt = from?.readAt ?? 0;
  if (from && from.running === undefined && context.mode === 'live' && now - readAt < day) {
    yield { records: [], gone: [], cursor: from, done: true };
    return;
  }
  const directory = new Directory(client);
  let running = from?.running ?? { startedAt: now, after: '' };
  const seen = new Set<string>();
  for (;;) {
    const page = await client.channels(running.after || undefined);
    const records: RawRecord[] = [];
    for (const channel of page.channels) {
      for (const user of await directory.members(channel.id)) {
        if (seen.has(user.id)) continue;
        seen.add(user.id);
        const raw = { ...user, outside: await directory.isOutside(user, channel) };
        if (raw.outside) records.push({ id: user.id, version: String(user.updatedAt), raw });
      }
    }
    if (page.next === undefined) {
      yield { records, gone: [], cursor: { readAt: running.startedAt }, done: true };
      return;
    }
    running = { ...running, after: page.next };
    yield { records, gone: [], cursor: { readAt, running }, done: false };
  }
}

function mapPerson(raw: RawPerson): Mapped {
  if (!raw.outside) return { outcome: 'ignored', reason: 'own_side' };
  if (raw.isBot) return { outcome: 'ignored', reason: 'automated' };
  const address = normalizeAddress(raw.email);
  // Slack shows the address of people of other workspaces only where both sides allow it.
  if (address === undefined) return { outcome: 'ignored', reason: 'without_address' };
  const fact: ContactFact = {
    kind: 'contact',
    externalId: raw.id,
    addresses: [address],
    accountExternalIds: [],
    ...(raw.name && { name: raw.name.slice(0, 500) }),
    ...(raw.title && { title: raw.title.slice(0, 500) }),
    ...(raw.isDeleted && raw.updatedAt > 0 && { leftAt: raw.updatedAt }),
  };
  return { outcome: 'stored', events: [], entities: [fact] };
}
