import { ConnectorFault } from '@waymark/connector-kit';
import { z } from 'zod';
import { calendarRoot, primary } from './calendars.ts';
import type { GraphClient, GraphPage } from './client.ts';
import { eventFields, withoutText } from './raw-event.ts';

/** A row of a calendar, stripped of texts and otherwise as it came; a bad one must not spoil its page (I9). */
export interface EventRow {
  readonly id: string;
  readonly removed: boolean;
  /** `singleInstance`, `seriesMaster`, `occurrence` or `exception`. */
  readonly type: string;
  readonly seriesId: string | undefined;
  readonly event: unknown;
  /** Ids of occurrences that were deleted one by one, which a series tells where it is asked. */
  readonly canceled: readonly unknown[];
}

const eventRow: z.ZodType<EventRow> = z.looseObject({ id: z.string().min(1) }).transform((row) => ({
  id: row.id,
  removed: row['@removed'] !== undefined,
  type: typeof row['type'] === 'string' ? row['type'] : 'singleInstance',
  seriesId:
    typeof row['seriesMasterId'] === 'string' && row['seriesMasterId'] !== '' ? row['seriesMasterId'] : undefined,
  event: withoutText(row),
  canceled: Array.isArray(row['cancelledOccurrences']) ? row['cancelledOccurrences'] : [],
}));

interface Window {
  readonly from: number;
  readonly to: number;
}

const bounds = ({ from, to }: Window): string =>
  `startDateTime=${new Date(from).toISOString()}&endDateTime=${new Date(to).toISOString()}`;

/** The first link of a window's changes. It takes no `$select`, so that bodies come and are dropped on arrival. */
export function changesLink(client: GraphClient, calendar: string, window: Window): string {
  return `${calendarRoot(client, calendar)}/calendarView/delta?${bounds(window)}`;
}

/** A round of changes up to its end: what it told, and the link to ask for the next with. */
export async function readRound(
  client: GraphClient,
  first: string,
): Promise<{ readonly rows: readonly EventRow[]; readonly committed: string }> {
  const rows: EventRow[] = [];
  const seen = new Set<string>();
  for (let link = first; ;) {
    seen.add(link);
    const page: GraphPage<EventRow> = await client.page({
      path: link,
      row: eventRow,
      doc: 'event-delta',
      pageSize: 100,
    });
    rows.push(...page.rows);
    if (page.delta !== undefined) return { rows, committed: page.delta };
    if (page.next === undefined || seen.has(page.next)) {
      throw new ConnectorFault({
        kind: 'transient',
        message: 'Graph ended a page of the calendar without a link to go on from; it is read again later',
      });
    }
    link = page.next;
  }
}

/** All single events and occurrences that touch a window, in full. https://learn.microsoft.com/en-us/graph/api/calendar-list-calendarview */
export async function readView(client: GraphClient, calendar: string, window: Window): Promise<readonly EventRow[]> {
  const rows = new Map<string, EventRow>();
  const seen = new Set<string>();
  let link: string | undefined =
    `${calendarRoot(client, calendar)}/calendarView?${bounds(window)}&$select=${eventFields}&$top=200`;
  while (link !== undefined && !seen.has(link)) {
    seen.add(link);
    const page: GraphPage<EventRow> = await client.page({
      path: link,
      row: eventRow,
      doc: 'calendar-list-calendarview',
    });
    for (const row of page.rows) rows.set(row.id, row);
    link = page.next;
  }
  return [...rows.values()];
}

/** One event by its id, a series with the occurrences that were deleted from it; undefined where it is gone. */
export async function readEvent(client: GraphClient, id: string): Promise<EventRow | undefined> {
  try {
    return await client.read({
      path: `${client.root}/events/${encodeURIComponent(id)}?$select=${eventFields},cancelledOccurrences`,
      answer: eventRow,
      doc: 'event-get',
    });
  } catch (error) {
    if (error instanceof ConnectorFault && error.fault.kind === 'record-gone') return undefined;
    throw error;
  }
}

/** The ids of the meetings and series that touch a window: what `doctor` compares (failure A11). */
export async function meetingIds(client: GraphClient, calendar: string, window: Window): Promise<readonly string[]> {
  return [...new Set((await readView(client, calendar, window)).map(({ id, seriesId }) => seriesId ?? id))];
}

const home = z.looseObject({ id: z.string(), isDefaultCalendar: z.boolean().nullish() });

/** Whether an event still lies in a calendar, and not in another one of the mailbox. */
export async function liesIn(client: GraphClient, calendar: string, id: string): Promise<boolean> {
  try {
    const found = await client.read({
      path: `${client.root}/events/${encodeURIComponent(id)}/calendar?$select=id,isDefaultCalendar`,
      answer: home,
      doc: 'calendar-get',
    });
    return calendar === primary ? found.isDefaultCalendar !== false : found.id === calendar;
  } catch (error) {
    if (error instanceof ConnectorFault && error.fault.kind === 'record-gone') return true;
    throw error;
  }
}
