import { z } from 'zod';
import type { CalendarClient, CalendarEntry } from './client.ts';

/** An installation's settings. */
export const calendarSettings = z.object({
  /** Calendars to read, by id; without them, all that the account owns or writes and shows. */
  calendars: z.array(z.string().min(1).max(500)).max(100).optional(),
  /** Whether titles are kept. */
  keepSubjects: z.boolean().default(false),
});

/** The calendars of an account that are read, each with a cursor of its own (failure N5), the primary one first. */
export async function calendarPartitions(client: CalendarClient): Promise<readonly { id: string; label: string }[]> {
  const chosen = calendarSettings.safeParse(client.settings).data?.calendars;
  const all: CalendarEntry[] = [];
  let pageToken: string | undefined;
  do {
    const page = await client.calendars(pageToken);
    all.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return all
    .filter((entry) => !entry.deleted && (chosen === undefined ? isOwn(entry) : chosen.includes(entry.id)))
    .toSorted((a, b) => Number(b.primary) - Number(a.primary) || a.id.localeCompare(b.id))
    .map(({ id, summary }) => ({ id, label: summary || id }));
}

/** A calendar that the account speaks for: what it may only read belongs to another person, or to a land's holidays. */
function isOwn(entry: CalendarEntry): boolean {
  return entry.primary || (entry.selected && (entry.accessRole === 'owner' || entry.accessRole === 'writer'));
}
