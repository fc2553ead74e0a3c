import { createHash } from 'node:crypto';
import { calendarNotFound } from './errors.ts';
import { eventTime, instanceId, instantOf } from './recurrence.ts';
import {
  emptyCalendar,
  type CalendarState,
  type EventFields,
  type EventTime,
  type GoogleState,
  type StoredEvent,
} from './state.ts';

/** How to name an occurrence: its original start, as epoch milliseconds or in Google's own form. */
export type OriginalStart = number | EventTime;

export interface AddEventOptions {
  /** Epoch milliseconds; the present without it. */
  readonly createdAt?: number;
}

/** The calendars: the only place that changes them. Every change gets the next version, which sync tokens compare with. */
export class CalendarStore {
  readonly #state: () => GoogleState;
  readonly #now: () => number;

  constructor(state: () => GoogleState, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** The user's calendars, the primary one first. */
  list(user: string): CalendarState[] {
    const all = Object.values(this.#state().calendars[user] ?? {});
    return all.toSorted((a, b) => Number(b.primary) - Number(a.primary) || a.id.localeCompare(b.id));
  }

  /** A calendar by id or `primary`. Throws 404. */
  calendar(user: string, id: string): CalendarState {
    const found = this.#state().calendars[user]?.[id === 'primary' ? user : id];
    if (!found) throw calendarNotFound();
    return found;
  }

  addCalendar(user: string, calendar: Pick<CalendarState, 'id' | 'summary' | 'timeZone' | 'primary'>): CalendarState {
    const own = (this.#state().calendars[user] ??= {});
    return (own[calendar.id] ??= emptyCalendar(calendar));
  }

  event(user: string, calendarId: string, eventId: string): StoredEvent {
    const event = this.calendar(user, calendarId).events[eventId];
    if (!event) throw calendarNotFound();
    return event;
  }

  /** The event or series (no exception) with this iCalUID in any of the user's calendars. */
  findByICalUid(
    user: string,
    iCalUid: string,
  ): { readonly calendarId: string; readonly event: StoredEvent } | undefined {
    for (const calendar of this.list(user)) {
      const event = Object.values(calendar.events).find(
        (each) => each.iCalUID === iCalUid && each.recurringEventId === undefined,
      );
      if (event) return { calendarId: calendar.id, event };
    }
    return undefined;
  }

  addEvent(user: string, calendarId: string, fields: EventFields, options: AddEventOptions = {}): StoredEvent {
    const calendar = this.calendar(user, calendarId);
    const number = calendar.nextEvent;
    calendar.nextEvent += 1;
    const id = createHash('sha256').update(`${calendar.id}:${number}`).digest('hex').slice(0, 26);
    const at = options.createdAt ?? this.#now();
    return this.#put(calendar, {
      ...fields,
      id,
      iCalUID: fields.iCalUID ?? `${id}@google.com`,
      status: 'confirmed',
      created: at,
      updated: at,
      sequence: 0,
    });
  }

  /** Changes an event or a whole series. */
  updateEvent(
    user: string,
    calendarId: string,
    eventId: string,
    changes: Partial<EventFields>,
    at = this.#now(),
  ): StoredEvent {
    const event = this.event(user, calendarId, eventId);
    const isMoved = changes.start !== undefined || changes.end !== undefined;
    return this.#put(this.calendar(user, calendarId), {
      ...event,
      ...changes,
      iCalUID: changes.iCalUID ?? event.iCalUID,
      updated: at,
      sequence: event.sequence + (isMoved ? 1 : 0),
    });
  }

  /** Deletes an event or a whole series; it stays as a tombstone until {@link expireSyncTokens}. */
  cancelEvent(user: string, calendarId: string, eventId: string, at = this.#now()): StoredEvent {
    const calendar = this.calendar(user, calendarId);
    const event = this.event(user, calendarId, eventId);
    for (const each of Object.values(calendar.events)) {
      if (each.recurringEventId === eventId) delete calendar.events[each.id];
    }
    return this.#put(calendar, { ...event, status: 'cancelled', updated: at, sequence: event.sequence + 1 });
  }

  /** Cancels one occurrence of a series. */
  cancelInstance(
    user: string,
    calendarId: string,
    seriesId: string,
    original: OriginalStart,
    at = this.#now(),
  ): StoredEvent {
    return this.#exception(user, calendarId, seriesId, original, {}, 'cancelled', at);
  }

  /** Moves or changes one occurrence of a series. */
  updateInstance(
    user: string,
    calendarId: string,
    seriesId: string,
    original: OriginalStart,
    changes: Partial<EventFields>,
    at = this.#now(),
  ): StoredEvent {
    return this.#exception(user, calendarId, seriesId, original, changes, 'confirmed', at);
  }

  /**
   * Makes every sync token handed out so far too old (A4). Tombstones of deleted events go too, as they do at Google
   * after a while, so that a full read shows nothing of them (A5); `keepTombstones` leaves them.
   */
  expireSyncTokens(user: string, calendarId: string, options: { readonly keepTombstones?: boolean } = {}): void {
    const calendar = this.calendar(user, calendarId);
    calendar.version += 1;
    calendar.oldestVersion = calendar.version;
    if (options.keepTombstones === true) return;
    for (const event of Object.values(calendar.events)) {
      if (event.status === 'cancelled' && event.recurringEventId === undefined) delete calendar.events[event.id];
    }
  }

  #exception(
    user: string,
    calendarId: string,
    seriesId: string,
    original: OriginalStart,
    changes: Partial<EventFields>,
    status: 'confirmed' | 'cancelled',
    at: number,
  ): StoredEvent {
    const calendar = this.calendar(user, calendarId);
    const series = this.event(user, calendarId, seriesId);
    const originalStartTime = originalTime(series, original);
    const id = instanceId(seriesId, originalStartTime);
    const { recurrence: _recurrence, ...inherited } = calendar.events[id] ?? series;
    const lengthMs = instantOf(series.end) - instantOf(series.start);
    const start = changes.start ?? (calendar.events[id] ? inherited.start : originalStartTime);
    const end = changes.end ?? (calendar.events[id] && !changes.start ? inherited.end : shifted(start, lengthMs));
    return this.#put(calendar, {
      ...inherited,
      ...changes,
      id,
      iCalUID: series.iCalUID,
      start,
      end,
      status,
      updated: at,
      sequence: inherited.sequence + 1,
      recurringEventId: seriesId,
      originalStartTime,
    });
  }

  #put(calendar: CalendarState, event: Omit<StoredEvent, 'version'>): StoredEvent {
    calendar.version += 1;
    const stored: StoredEvent = { ...event, version: calendar.version };
    calendar.events[stored.id] = stored;
    return stored;
  }
}

const originalTime = (series: StoredEvent, original: OriginalStart): EventTime => {
  if (typeof original !== 'number') return original;
  return 'date' in series.start
    ? { date: new Date(original).toISOString().slice(0, 10) }
    : eventTime(original, series.start.timeZone);
};

const shifted = (start: EventTime, lengthMs: number): EventTime => {
  const end = instantOf(start) + lengthMs;
  return 'date' in start ? { date: new Date(end).toISOString().slice(0, 10) } : eventTime(end, start.timeZone);
};
