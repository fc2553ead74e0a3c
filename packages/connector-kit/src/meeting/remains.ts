import type { KnownEvent } from '../contract.ts';
import { meetingIdentity } from '@waymark/journey';
import type { EventDraft } from '@waymark/journey';

/**
 * What remains of meetings whose event was deleted without a trace of itself: those that had ended took place, the next one
 * that was to come is canceled, and of a series the rest was never due (failure A5). Pure.
 */
export function remainsOf(known: readonly KnownEvent[], at: number): readonly EventDraft[] {
  const keys = new Set(known.filter((event) => settledBefore(event, at)).map(keyOf));
  const settled = known.filter((event) => keys.has(keyOf(event)));
  const next = known
    .filter((event) => event.type === 'meeting.scheduled' && !keys.has(keyOf(event)))
    .toSorted((a, b) => startOf(a) - startOf(b))[0];
  return [...settled.flatMap(draftOf), ...(next === undefined ? [] : [...draftOf(next), ...canceled(next, at)])];
}

/** Held and canceled meetings are done; so is one that nobody came to. */
function settledBefore(event: KnownEvent, at: number): boolean {
  if (event.type === 'meeting.held' || event.type === 'meeting.canceled') return event.occurredAt <= at;
  return event.type === 'meeting.scheduled' && startOf(event) <= at && startOf(event) !== Infinity;
}

function draftOf(event: KnownEvent): readonly EventDraft[] {
  const identity = keyOf(event);
  return identity === undefined ? [] : [{ ...event, identity, rank: 0 }];
}

function canceled(event: KnownEvent, at: number): readonly EventDraft[] {
  const identity = keyOf(event);
  if (identity === undefined || event.type !== 'meeting.scheduled') return [];
  return [{ ...event, type: 'meeting.canceled', occurredAt: at, identity, rank: 0 }];
}

function keyOf(event: KnownEvent): string | undefined {
  const { uid, originalStart }: Readonly<Record<string, unknown>> = event.attributes;
  if (typeof uid !== 'string' || (typeof originalStart !== 'number' && typeof originalStart !== 'string'))
    return undefined;
  return meetingIdentity(uid, originalStart);
}

function startOf(event: KnownEvent): number {
  const { startsAt, date }: Readonly<Record<string, unknown>> = event.attributes;
  if (typeof startsAt === 'number') return startsAt;
  return typeof date === 'string' ? Date.parse(`${date}T00:00:00Z`) : Infinity;
}
