import { ConnectorFault } from '@waymark/connector-kit';
import type { Gone, Page, PullContext, RawRecord } from '@waymark/connector-kit';
import { calendarCursor, isAnchored, spanOf, windowOf } from './calendar-cursor.ts';
import type { CalendarCursor, LiveCalendar } from './calendar-cursor.ts';
import { changesLink, liesIn, readEvent, readRound, readView } from './calendar-reads.ts';
import type { EventRow } from './calendar-reads.ts';
import type { GraphClient } from './client.ts';

const pageSize = 100;

/** What rows of a calendar become: a meeting, a series with its occurrences, or one that is gone for good. */
interface Group {
  readonly id: string;
  readonly event?: EventRow;
  readonly occurrences: readonly EventRow[];
}

/**
 * Pages of a calendar: the whole window from null, on a reread and every week, else what has changed in it. Throws
 * ConnectorFault; a link that Graph has forgotten ends as `cursor-expired`, on any page of the round (failures A4, A7).
 */
export async function* pullCalendar(
  client: GraphClient,
  from: CalendarCursor | null,
  calendar: string,
  context: PullContext,
): AsyncIterable<Page<CalendarCursor>> {
  if (from?.phase === 'live' && isAnchored(from, context)) {
    const { rows, committed } = await changesSince(client, from);
    const groups = await changedGroups(client, calendar, rows, from.window);
    const cursor = { between: from, after: { ...from, committed } };
    yield* pagesOf(groups, { from: from.since, to: from.window.to }, cursor, context, {});
    return;
  }
  const span = spanOf(from, context);
  const window = windowOf(span.since, context.until);
  // The place in the changes comes first: what happens during the listing is among them (failure A3).
  const { committed } = await readRound(client, changesLink(client, calendar, window));
  refuseExpired(committed, context);
  const groups = await wholeGroups(client, await readView(client, calendar, window));
  const between = { phase: 'reading' as const, enumeration: String(context.until), since: span.since };
  const after = { phase: 'live' as const, committed, since: span.since, window, anchoredAt: context.until };
  // Where the first span is not remembered, only what certainly lies inside this one may count as missing.
  const missing = span.known ? {} : { from: span.since, to: context.until };
  const extra = { enumeration: { id: between.enumeration, ...missing } };
  yield* pagesOf(groups, { from: span.since, to: window.to }, { between, after }, context, extra);
}

/** A round that dies in the middle begins anew from the link that the last whole one ended with (failure A7). */
async function changesSince(client: GraphClient, from: LiveCalendar): ReturnType<typeof readRound> {
  try {
    return await readRound(client, from.committed);
  } catch (error) {
    if (!(error instanceof ConnectorFault && error.fault.kind === 'cursor-expired')) throw error;
    return readRound(client, from.committed);
  }
}

function refuseExpired(committed: string, context: PullContext): void {
  const expired = calendarCursor.safeParse(context.expired);
  if (!expired.success || expired.data.phase !== 'live' || expired.data.committed !== committed) return;
  throw new ConnectorFault({
    kind: 'transient',
    message: 'Graph gave the delta link of the calendar again that it refused; it is read again later',
    retryAfterMs: 3_600_000,
  });
}

/** The meetings of a window: single events as they are, occurrences with the series that they belong to. */
async function wholeGroups(client: GraphClient, view: readonly EventRow[]): Promise<readonly Group[]> {
  const series = new Set(view.flatMap(({ seriesId }) => seriesId ?? []));
  const singles = view.filter(({ seriesId }) => seriesId === undefined);
  return [...singles.map(groupOf), ...(await seriesGroups(client, series, view))];
}

/**
 * The meetings that a round of changes touches. Of a series it tells the master and bare occurrences, and of what left the window no
 * more than an id, whether it was deleted or moved out: so each touched series is read again, and each missing id asked for (A9, C1).
 */
async function changedGroups(
  client: GraphClient,
  calendar: string,
  rows: readonly EventRow[],
  window: { readonly from: number; readonly to: number },
): Promise<readonly Group[]> {
  // A round may tell of one event twice; its last word counts (failure A8).
  const latest = [...new Map(rows.map((row) => [row.id, row])).values()];
  const removed = latest.filter((row) => row.removed);
  const found = await Promise.all(removed.map(async ({ id }) => ({ id, row: await readEvent(client, id) })));
  // What a person moved to another calendar is that one's to tell; only what left the window is still told here.
  const stayed = await Promise.all(
    found.flatMap(({ row }) => row ?? []).map(async (row) => ((await liesIn(client, calendar, row.id)) ? [row] : [])),
  );
  const present = [...latest.filter((row) => !row.removed), ...stayed.flat()];
  const series = new Set(present.flatMap((row) => seriesOf(row) ?? []));
  const singles = present.filter((row) => seriesOf(row) === undefined);
  const gone = found.filter(({ row }) => row === undefined).map(({ id }) => ({ id, occurrences: [] }));
  const view = series.size === 0 ? [] : await readView(client, calendar, window);
  return [...gone, ...singles.map(groupOf), ...(await seriesGroups(client, series, view))];
}

function seriesOf(row: EventRow): string | undefined {
  return row.type === 'seriesMaster' ? row.id : row.seriesId;
}

async function seriesGroups(
  client: GraphClient,
  series: ReadonlySet<string>,
  view: readonly EventRow[],
): Promise<readonly Group[]> {
  const occurrences = Map.groupBy(view, ({ seriesId }) => seriesId);
  const masters = await Promise.all([...series].map(async (id) => ({ id, row: await readEvent(client, id) })));
  return masters.flatMap(({ id, row }): Group[] => {
    const own = occurrences.get(id) ?? [];
    if (row !== undefined) return [{ id, event: row, occurrences: own }];
    // A series that cannot be seen itself: its occurrences stand for themselves.
    return own.length === 0 ? [{ id, occurrences: [] }] : own.map(groupOf);
  });
}

function groupOf(row: EventRow): Group {
  return { id: row.id, event: row, occurrences: [] };
}

function* pagesOf(
  groups: readonly Group[],
  window: { readonly from: number; readonly to: number },
  cursor: { readonly between: CalendarCursor; readonly after: CalendarCursor },
  context: PullContext,
  extra: Pick<Page<CalendarCursor>, 'enumeration'>,
): Iterable<Page<CalendarCursor>> {
  const pages = Math.max(1, Math.ceil(groups.length / pageSize));
  for (let index = 0; index < pages; index += 1) {
    const slice = groups.slice(index * pageSize, (index + 1) * pageSize);
    const done = index === pages - 1;
    yield {
      records: slice.flatMap((group) => recordOf(group, window, context) ?? []),
      gone: slice.flatMap(({ id, event }): Gone[] => (event === undefined ? [{ id, certain: true }] : [])),
      cursor: done ? cursor.after : cursor.between,
      done,
      expected: groups.length,
      ...extra,
    };
  }
}

function recordOf(
  { id, event, occurrences }: Group,
  window: { readonly from: number; readonly to: number },
  context: PullContext,
): RawRecord | undefined {
  if (event === undefined) return undefined;
  const raw = {
    event: event.event,
    occurrences: occurrences.map((occurrence) => occurrence.event),
    canceled: event.canceled,
    window,
  };
  // The time of reading alone grows with every change: a series shows no time at which one of its occurrences was deleted.
  return { id, version: String(context.until), raw };
}
