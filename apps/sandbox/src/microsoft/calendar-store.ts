import { entriesOf } from './calendar-view.ts';
import { entryId } from './event-json.ts';
import { itemNotFound } from './graph-error.ts';
import { opaque } from './mail-store.ts';
import type { Calendar, EventFields, MicrosoftState, StoredEvent, StoredException } from './state.ts';

const year = 366 * 86_400_000;

/** A change that subscribers hear of. */
export interface CalendarChange {
  readonly user: string;
  readonly calendarId: string;
  readonly kind: 'created' | 'updated' | 'deleted';
  readonly id: string;
}

/** The calendars: the only place that changes them. Every change gets the next version, which delta tokens compare with. */
export class CalendarStore {
  readonly #state: () => MicrosoftState;
  readonly #now: () => number;
  readonly #onChange: (change: CalendarChange) => void;

  constructor(
    state: () => MicrosoftState,
    now: () => number,
    onChange: (change: CalendarChange) => void = () => undefined,
  ) {
    this.#state = state;
    this.#now = now;
    this.#onChange = onChange;
  }

  /** The user's calendars, the default one first. */
  list(user: string): Calendar[] {
    if (!this.#state().users[user]) throw itemNotFound();
    const own = (this.#state().calendars[user] ??= {});
    if (Object.keys(own).length === 0) this.addCalendar(user, 'Calendar');
    return Object.values(own).toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault));
  }

  addCalendar(user: string, name: string): Calendar {
    const own = (this.#state().calendars[user] ??= {});
    const id = opaque('AAMkAGI2', `${user}:calendar:${Object.keys(own).length}`, 60);
    const isDefault = Object.keys(own).length === 0;
    const calendar: Calendar = {
      id,
      name,
      isDefault,
      version: 1,
      oldestVersion: 0,
      nextEvent: 1,
      events: {},
      removed: [],
    };
    own[id] = calendar;
    return calendar;
  }

  /** A calendar by id, the default one without. Throws 404. */
  calendar(user: string, id?: string): Calendar {
    const found = this.list(user).find((calendar) => (id === undefined ? calendar.isDefault : calendar.id === id));
    if (!found) throw itemNotFound();
    return found;
  }

  /** The event or series with this id, in any of the user's calendars. Throws 404. */
  find(user: string, eventId: string): { readonly calendar: Calendar; readonly event: StoredEvent } {
    for (const calendar of this.list(user)) {
      const event = calendar.events[eventId];
      if (event) return { calendar, event };
    }
    throw itemNotFound();
  }

  findByICalUId(
    user: string,
    iCalUId: string,
  ): { readonly calendar: Calendar; readonly event: StoredEvent } | undefined {
    for (const calendar of this.list(user)) {
      const event = Object.values(calendar.events).find((each) => each.iCalUId === iCalUId);
      if (event) return { calendar, event };
    }
    return undefined;
  }

  add(
    user: string,
    fields: EventFields,
    options: { readonly calendarId?: string; readonly at?: number } = {},
  ): StoredEvent {
    const calendar = this.calendar(user, options.calendarId);
    const id = opaque('AAkALgAAAAAAHYQDEVEN', `${calendar.id}:${calendar.nextEvent}`, 80);
    calendar.nextEvent += 1;
    const at = options.at ?? this.#now();
    const event = this.#put(calendar, {
      ...fields,
      id,
      iCalUId: fields.iCalUId ?? globalObjectId(id),
      createdAt: at,
      modifiedAt: at,
      isCancelled: false,
      exceptions: {},
    });
    this.#onChange({ user, calendarId: calendar.id, kind: 'created', id });
    return event;
  }

  /** Moves an event or a series to another calendar, as a person does by drawing it there: its id stays. */
  move(user: string, eventId: string, calendarId: string): void {
    const { calendar, event } = this.find(user, eventId);
    delete calendar.events[eventId];
    calendar.version += 1;
    this.#bury(calendar, [eventId]);
    this.#put(this.calendar(user, calendarId), event);
  }

  /** Changes an event or a whole series. */
  update(user: string, eventId: string, changes: Partial<EventFields>, at = this.#now()): StoredEvent {
    const { calendar, event } = this.find(user, eventId);
    const before = this.#occurrenceIds(event);
    const changed = this.#put(calendar, {
      ...event,
      ...changes,
      iCalUId: changes.iCalUId ?? event.iCalUId,
      modifiedAt: at,
    });
    const after = new Set(this.#occurrenceIds(changed));
    this.#bury(
      calendar,
      before.filter((id) => !after.has(id)),
    );
    this.#onChange({ user, calendarId: calendar.id, kind: 'updated', id: eventId });
    return changed;
  }

  /** The copy of a guest whose organizer called the meeting off: it stays, and says so. */
  markCancelled(user: string, eventId: string, at = this.#now()): StoredEvent {
    const { calendar, event } = this.find(user, eventId);
    const subject = event.subject.startsWith('Canceled: ') ? event.subject : `Canceled: ${event.subject}`;
    const changed = this.#put(calendar, { ...event, subject, isCancelled: true, modifiedAt: at });
    this.#onChange({ user, calendarId: calendar.id, kind: 'updated', id: eventId });
    return changed;
  }

  /** Deletes an event or a whole series, as calling it off does in the organizer's calendar. */
  remove(user: string, eventId: string): void {
    const { calendar, event } = this.find(user, eventId);
    delete calendar.events[eventId];
    calendar.version += 1;
    this.#bury(calendar, [eventId, ...this.#occurrenceIds(event)]);
    this.#onChange({ user, calendarId: calendar.id, kind: 'deleted', id: eventId });
  }

  /** Deletes one occurrence of a series, or moves it; `originalStart` is epoch milliseconds. */
  except(
    user: string,
    eventId: string,
    originalStart: number,
    change: { readonly start?: number; readonly end?: number; readonly isDeleted?: boolean; readonly subject?: string },
    at = this.#now(),
  ): StoredEvent {
    const { calendar, event } = this.find(user, eventId);
    const start = change.start ?? event.exceptions[originalStart]?.start ?? originalStart;
    const exception: StoredException = {
      isDeleted: change.isDeleted === true,
      start,
      end: change.end ?? start + (event.end - event.start),
      modifiedAt: at,
      version: calendar.version + 1,
      ...(change.subject === undefined ? {} : { subject: change.subject }),
    };
    const exceptions = { ...event.exceptions, [originalStart]: exception };
    const kept = this.#put(calendar, { ...event, exceptions }, event.version);
    this.#onChange({
      user,
      calendarId: calendar.id,
      kind: change.isDeleted === true ? 'deleted' : 'updated',
      id: eventId,
    });
    return kept;
  }

  /** Makes every delta token handed out so far too old (A7). What was deleted leaves no trace. */
  expireDelta(user: string): void {
    for (const calendar of this.list(user)) {
      calendar.version += 1;
      calendar.oldestVersion = calendar.version;
      calendar.removed = [];
    }
  }

  /** Ids of a series' occurrences about now: what a watched window may hold. */
  #occurrenceIds(event: StoredEvent): string[] {
    if (event.rrule === undefined) return [];
    const now = this.#now();
    return entriesOf(event, { from: now - year, to: now + year }).map(entryId);
  }

  #bury(calendar: Calendar, ids: readonly string[]): void {
    for (const id of ids) calendar.removed.push({ id, defaultId: id, version: calendar.version });
  }

  #put(calendar: Calendar, event: Omit<StoredEvent, 'version'>, version?: number): StoredEvent {
    calendar.version += 1;
    const stored: StoredEvent = { ...event, version: version ?? calendar.version };
    calendar.events[stored.id] = stored;
    return stored;
  }
}

/** A global object id in hexadecimal, as Exchange makes one for its own meetings (MS-OXOCAL 2.2.1.27). */
const globalObjectId = (seed: string): string =>
  `040000008200E00074C5B7101A82E00800000000${Buffer.from(seed).toString('hex').slice(0, 56).toUpperCase().padEnd(56, '0')}`;
