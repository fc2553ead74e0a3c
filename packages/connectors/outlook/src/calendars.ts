import { z } from 'zod';
import type { GraphClient, GraphPage } from './client.ts';

/** An installation's settings. */
export const outlookSettings = z.object({
  /** Calendars to read, by id or name, beside the primary one; without them, all that the account owns. */
  calendars: z.array(z.string().min(1).max(1_000)).max(100).optional(),
  /** Whether subjects and titles are kept. */
  keepSubjects: z.boolean().default(false),
});

const calendarRow = z.looseObject({
  id: z.string().min(1),
  name: z.string().nullish(),
  isDefaultCalendar: z.boolean().nullish(),
  owner: z.looseObject({ address: z.string().nullish() }).nullish(),
});
type CalendarRow = z.infer<typeof calendarRow>;

/** The partition of the primary calendar, whose paths name no calendar. */
export const primary = '';

/**
 * The calendars of the mailbox that are read, each with a cursor of its own (failure N5), the primary one first. One that another person
 * shares is theirs to connect: Graph would ask for the right to read what is shared.
 * https://learn.microsoft.com/en-us/graph/api/user-list-calendars
 */
export async function calendarPartitions(client: GraphClient): Promise<readonly { id: string; label: string }[]> {
  const chosen = outlookSettings.safeParse(client.settings).data?.calendars;
  const all: CalendarRow[] = [];
  const seen = new Set<string>();
  let link: string | undefined = `${client.root}/calendars?$select=id,name,isDefaultCalendar,owner&$top=100`;
  while (link !== undefined && !seen.has(link)) {
    seen.add(link);
    const page: GraphPage<CalendarRow> = await client.page({
      path: link,
      row: calendarRow,
      doc: 'user-list-calendars',
    });
    all.push(...page.rows);
    link = page.next;
  }
  const own = ownerOf(all.find((row) => row.isDefaultCalendar === true));
  const more = all
    .filter((row) => row.isDefaultCalendar !== true)
    .filter((row) =>
      chosen === undefined
        ? own !== undefined && ownerOf(row) === own
        : chosen.includes(row.id) || chosen.includes(row.name ?? ''),
    )
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return [{ id: primary, label: 'calendar' }, ...more.map(({ id, name }) => ({ id, label: name || id }))];
}

function ownerOf(row: CalendarRow | undefined): string | undefined {
  return row?.owner?.address?.toLowerCase() || undefined;
}

/** The path below which a calendar's view lies. */
export function calendarRoot(client: GraphClient, partition: string): string {
  return partition === primary ? client.root : `${client.root}/calendars/${encodeURIComponent(partition)}`;
}
