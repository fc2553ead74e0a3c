import { ConnectorFault, horizonMs } from '@waymark/connector-kit';
import type { Gone, Page, PullContext, RawRecord } from '@waymark/connector-kit';
import type { CalendarClient, EventsAnswer, Item } from './client.ts';
import { spanStart } from './cursor.ts';
import type { CalendarCursor } from './cursor.ts';
import { changesParams, wholeParams } from './params.ts';
import { groupChanges, groupListing } from './series.ts';
import type { Group } from './series.ts';

const pageSize = 100;
/** An occurrence moved back by up to this much still finds its exception in the listing. */
const marginMs = 31 * 86_400_000;

/**
 * Pages of one calendar: a whole read from null or on a reread, else what has changed since the cursor's token. Throws
 * ConnectorFault; an expired token ends as `cursor-expired`, on any page of the answer (failure A4).
 */
export async function* pullEvents(
  client: CalendarClient,
  from: CalendarCursor | null,
  calendarId: string,
  context: PullContext,
): AsyncIterable<Page<CalendarCursor>> {
  const span = spanStart(from, context);
  const { since } = span;
  const records = recordsOf(calendarId, { from: since, to: context.until + horizonMs }, context);
  if (from?.phase === 'live' && context.mode !== 'resync') {
    const { items, syncToken } = await readAll((page) =>
      client.events(changesParams(calendarId, from.syncToken, page)),
    );
    const groups = await groupChanges(client, calendarId, items);
    yield* pagesOf(groups, records, { between: from, after: { phase: 'live', syncToken, since } }, {});
    return;
  }
  const between = { phase: 'reading' as const, enumeration: `${context.until}`, since };
  const { items, syncToken } = await readAll((page) => client.events(wholeParams(calendarId, since - marginMs, page)));
  if (syncToken === expiredToken(context.expired)) {
    throw new ConnectorFault({
      kind: 'transient',
      message: 'Google Calendar gave the sync token again that it refused',
      retryAfterMs: 3_600_000,
    });
  }
  // Where the first span is not remembered, only what certainly lies inside this one may count as missing.
  const bounds = span.known ? {} : { from: since, to: context.until };
  yield* pagesOf(
    groupListing(items),
    records,
    { between, after: { phase: 'live', syncToken, since } },
    {
      enumeration: { id: between.enumeration, ...bounds },
    },
  );
}

/** All pages of one answer; its sync token comes with the last one, and without it nothing was proved (failure A6). */
async function readAll(
  read: (pageToken: string | undefined) => Promise<EventsAnswer>,
): Promise<{ readonly items: readonly Item[]; readonly syncToken: string }> {
  const items: Item[] = [];
  let answer = await read(undefined);
  items.push(...answer.items);
  while (answer.nextPageToken !== undefined) {
    answer = await read(answer.nextPageToken);
    items.push(...answer.items);
  }
  if (answer.nextSyncToken === undefined) {
    throw new ConnectorFault({
      kind: 'transient',
      message: 'Google Calendar ended a listing without a sync token; it is read again later',
    });
  }
  return { items, syncToken: answer.nextSyncToken };
}

type Part = { readonly record: RawRecord } | { readonly gone: Gone };

function recordsOf(calendarId: string, window: { readonly from: number; readonly to: number }, context: PullContext) {
  return (group: Group): Part => {
    // The same event has one id in all its attendees' calendars, and a form of its own in each.
    const id = `${calendarId}/${group.id}`;
    if (group.kind === 'gone') return { gone: { id, certain: true } };
    // A canceled occurrence tells no time of change, so that the time of reading is the only version that always grows.
    return {
      record: { id, version: String(context.until), raw: { event: group.event, exceptions: group.exceptions, window } },
    };
  };
}

function* pagesOf(
  groups: readonly Group[],
  partOf: (group: Group) => Part,
  cursor: { readonly between: CalendarCursor; readonly after: CalendarCursor },
  extra: Pick<Page<CalendarCursor>, 'enumeration'>,
): Iterable<Page<CalendarCursor>> {
  const parts = groups.map(partOf);
  const pages = Math.max(1, Math.ceil(parts.length / pageSize));
  for (let index = 0; index < pages; index += 1) {
    const slice = parts.slice(index * pageSize, (index + 1) * pageSize);
    const done = index === pages - 1;
    yield {
      records: slice.flatMap((part) => ('record' in part ? [part.record] : [])),
      gone: slice.flatMap((part) => ('gone' in part ? [part.gone] : [])),
      cursor: done ? cursor.after : cursor.between,
      done,
      expected: parts.length,
      ...extra,
    };
  }
}

function expiredToken(expired: unknown): string | undefined {
  return typeof expired === 'object' &&
    expired !== null &&
    'syncToken' in expired &&
    typeof expired.syncToken === 'string'
    ? expired.syncToken
    : undefined;
}
