import { occurrences, eventTime } from '../google/recurrence.ts';
import { syncStateNotFound } from './graph-error.ts';
import { entryId, occurrenceId, type Entry } from './event-json.ts';
import type { Calendar, StoredEvent } from './state.ts';

export interface Window {
  /** Epoch milliseconds, inclusive. */
  readonly from: number;
  /** Epoch milliseconds, exclusive. */
  readonly to: number;
}

/** The single event, or the occurrences of a series that were not deleted, that touch the window; oldest first. */
export const entriesOf = (event: StoredEvent, { from, to }: Window): readonly Entry[] => {
  if (event.rrule === undefined) {
    const entry = singleEntry(event);
    return entry.start < to && entry.end > from ? [entry] : [];
  }
  return occurrencesOf(event, to).filter((entry) => entry.start < to && entry.end > from);
};

/** All occurrences with an original start before `to`, and those moved there from later, exceptions applied. */
const occurrencesOf = (event: StoredEvent, to: number): readonly Entry[] => {
  const moved = Object.entries(event.exceptions)
    .filter(([, exception]) => exception.start < to)
    .map(([original]) => Number(original));
  const until = Math.max(to, ...moved.map((original) => original + 1));
  const found: Entry[] = [];
  const series = {
    start: eventTime(event.start, event.timeZone),
    end: eventTime(event.end, event.timeZone),
    recurrence: [`RRULE:${event.rrule ?? ''}`],
  };
  for (const { at } of occurrences(series, until)) {
    const exception = event.exceptions[at];
    if (exception?.isDeleted === true) continue;
    found.push({
      event,
      type: exception ? 'exception' : 'occurrence',
      originalStart: at,
      start: exception?.start ?? at,
      end: exception?.end ?? at + (event.end - event.start),
      version: Math.max(event.version, exception?.version ?? 0),
    });
  }
  return found;
};

/** An event by itself: a single one, or a series as a whole. */
export const singleEntry = (event: StoredEvent): Entry => ({
  event,
  type: event.rrule === undefined ? 'singleInstance' : 'seriesMaster',
  originalStart: event.start,
  start: event.start,
  end: event.end,
  version: event.version,
});

/** The occurrence with this id. */
export const findOccurrence = (calendars: readonly Calendar[], id: string): Entry | undefined => {
  for (const calendar of calendars) {
    for (const event of Object.values(calendar.events)) {
      if (event.rrule === undefined) continue;
      const horizon = event.start + 5 * 366 * 86_400_000;
      const found = occurrencesOf(event, horizon).find((entry) => entryId(entry) === id);
      if (found) return found;
    }
  }
  return undefined;
};

/** A row of a delta round: an entry, or the id of what the window no longer shows. */
export interface ViewRow {
  readonly place: string;
  readonly id: string;
  readonly entry?: Entry;
}

/**
 * What a first round of a window tells (everything, each series before its occurrences), or what has changed in it after `since`.
 * What was deleted, and what was moved out of the window, both come as removed: the caller cannot tell them apart (A3).
 * Throws 410 when `since` is too old.
 */
export const viewRows = (calendar: Calendar, window: Window, since: number | undefined): readonly ViewRow[] => {
  if (since !== undefined && since < calendar.oldestVersion) throw syncStateNotFound();
  const rows = new Map<string, ViewRow>();
  const put = (id: string, version: number, entry?: Entry): void => {
    const place = `${String(version).padStart(12, '0')}:${entry?.type === 'seriesMaster' ? 0 : 1}:${id}`;
    rows.set(id, { place, id, ...(entry ? { entry } : {}) });
  };
  for (const event of Object.values(calendar.events)) {
    const newest = Math.max(event.version, ...Object.values(event.exceptions).map((exception) => exception.version));
    if (since !== undefined && newest <= since) continue;
    const shown = entriesOf(event, window);
    if (since === undefined) {
      const master = singleEntry(event);
      if (event.rrule !== undefined && shown.length > 0) put(event.id, event.version, master);
      for (const entry of shown) put(entryId(entry), entry.version, entry);
      continue;
    }
    if (event.rrule === undefined) {
      const [entry] = shown;
      put(event.id, event.version, entry);
      continue;
    }
    // The series is told again with any of its exceptions.
    if (shown.length > 0) put(event.id, newest, singleEntry(event));
    for (const entry of shown) if (entry.version > since) put(entryId(entry), entry.version, entry);
    for (const [original, exception] of Object.entries(event.exceptions)) {
      if (exception.version <= since) continue;
      const id = occurrenceId(event.id, Number(original));
      if (!rows.has(id)) put(id, exception.version);
    }
  }
  for (const gone of calendar.removed) if (since !== undefined && gone.version > since) put(gone.id, gone.version);
  return [...rows.values()].toSorted((a, b) => (a.place < b.place ? -1 : 1));
};
