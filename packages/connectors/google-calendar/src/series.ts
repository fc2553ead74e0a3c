import { ConnectorFault } from '@waymark/connector-kit';
import type { CalendarClient, Item } from './client.ts';
import { seriesParams } from './params.ts';
import { googleEvent, isBare, isException } from './raw-event.ts';

/** What the items of a listing become: a meeting with all its exceptions, or one that is gone for good. */
export type Group =
  | { readonly kind: 'meeting'; readonly id: string; readonly event: unknown; readonly exceptions: readonly unknown[] }
  | { readonly kind: 'gone'; readonly id: string };

interface Sorted {
  readonly series: ReadonlyMap<string, Item>;
  readonly singles: readonly Item[];
  /** Exceptions by the id of their series. */
  readonly exceptions: ReadonlyMap<string, readonly Item[]>;
}

/**
 * The meetings of a whole listing. An exception whose series is not in it is a meeting of its own: the calendar belongs to a
 * guest of that one occurrence.
 */
export function groupListing(items: readonly Item[]): readonly Group[] {
  const { series, singles, exceptions } = sort(items);
  const loose = [...exceptions].filter(([id]) => !series.has(id)).flatMap(([, list]) => list);
  return [
    ...singles.map((item) => groupOf(item, [])),
    ...[...series].map(([id, item]) => groupOf(item, exceptions.get(id) ?? [])),
    ...loose.map((item) => groupOf(item, [])),
  ];
}

/**
 * The meetings that a list of changes touches. A changed exception comes without its series, a changed series without its
 * exceptions; so each touched series is read again in full (failure C1).
 */
export async function groupChanges(
  client: CalendarClient,
  calendarId: string,
  items: readonly Item[],
): Promise<readonly Group[]> {
  const { series, singles, exceptions } = sort(items);
  const touched = new Set([...series.keys(), ...exceptions.keys()]);
  const read = await Promise.all(
    [...touched].map((id) => readSeries(client, calendarId, id, series.get(id), exceptions.get(id) ?? [])),
  );
  return [...singles.map((item) => groupOf(item, [])), ...read.flat()];
}

async function readSeries(
  client: CalendarClient,
  calendarId: string,
  id: string,
  changed: Item | undefined,
  exceptions: readonly Item[],
): Promise<readonly Group[]> {
  const master = changed ?? (await findEvent(client, calendarId, id));
  // No series to be seen: the calendar knows these occurrences alone.
  if (master === undefined) return exceptions.map((item) => groupOf(item, []));
  const uid = googleEvent.safeParse(master.event).data?.iCalUID;
  if (!uid) return [groupOf(master, exceptions)];
  const found = new Map(exceptions.map((item) => [item.id, item]));
  let latest = master;
  let pageToken: string | undefined;
  do {
    const page = await client.events(seriesParams(calendarId, uid, pageToken));
    for (const item of page.items) {
      if (item.id === id) latest = item;
      else if (seriesOf(item) === id) found.set(item.id, item);
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return [groupOf(latest, [...found.values()])];
}

async function findEvent(client: CalendarClient, calendarId: string, id: string): Promise<Item | undefined> {
  try {
    return await client.event(calendarId, id);
  } catch (error) {
    if (error instanceof ConnectorFault && error.fault.kind === 'record-gone') return undefined;
    throw error;
  }
}

function sort(items: readonly Item[]): Sorted {
  const series = new Map<string, Item>();
  const singles = new Map<string, Item>();
  const exceptions = new Map<string, Map<string, Item>>();
  for (const item of items) {
    const of = seriesOf(item);
    if (of !== undefined) exceptions.set(of, (exceptions.get(of) ?? new Map<string, Item>()).set(item.id, item));
    else if (isSeries(item)) series.set(item.id, item);
    else singles.set(item.id, item);
  }
  return {
    series,
    singles: [...singles.values()],
    exceptions: new Map([...exceptions].map(([id, list]) => [id, [...list.values()]])),
  };
}

function groupOf(item: Item, exceptions: readonly Item[]): Group {
  const event = googleEvent.safeParse(item.event).data;
  // What does not parse goes on as it is, to be set aside with its reason.
  if (event !== undefined && isBare(event)) return { kind: 'gone', id: item.id };
  return { kind: 'meeting', id: item.id, event: item.event, exceptions: exceptions.map(({ event: each }) => each) };
}

function seriesOf(item: Item): string | undefined {
  const event = googleEvent.safeParse(item.event).data;
  return event !== undefined && isException(event) ? (event.recurringEventId ?? undefined) : undefined;
}

function isSeries(item: Item): boolean {
  return (googleEvent.safeParse(item.event).data?.recurrence ?? []).length > 0;
}
