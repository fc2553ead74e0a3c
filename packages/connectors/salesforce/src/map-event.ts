import { recordSubject, type MapContext, type Mapped } from '@waymark/connector-kit';
import {
  crmChangeIdentity,
  meetingIdentity,
  type Attributes,
  type EventDraft,
  type Participant,
} from '@waymark/journey';
import { createdAt, value, type GatheredRecord } from './record.ts';
import { declarationOf, type Declaration } from './settings.ts';
import { parseTime } from './time.ts';

type MeetingAttributes = Attributes<'meeting.held'>;

/** A meeting that the CRM holds. A calendar's own copy speaks before it. */
const RANK = 1;
const MINUTE = 60_000;

/**
 * A meeting in the CRM's calendar. What became of it is told only where the org keeps a field for it and declares it. It has no iCalUID
 * unless a tool writes one: without it the meeting cannot be told to be the calendar's (failure B4).
 * https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_event.htm
 */
export function mapEvent(record: GatheredRecord, context: MapContext): Mapped {
  const left = leftOut(record);
  if (left !== undefined) return { outcome: 'ignored', reason: left };
  const start = startOf(record);
  if (start === undefined) return { outcome: 'ignored', reason: 'no_start' };
  const participants = participantsOf(record);
  if (record.gathered.accounts.length === 0 && !record.gathered.people.some((person) => person.kind === 'contact')) {
    return { outcome: 'ignored', reason: 'no_customer' };
  }
  const { meetings } = declarationOf(context.settings);
  const made = createdAt(record);
  const loggedLater = made >= start;
  const uid = value(record, meetings.iCalUid);
  const attributes = attributesOf(record, context, start);
  const base = {
    identity:
      uid === undefined
        ? crmChangeIdentity(context.account.externalAccountId, 'events', record.id, 'meeting', 0)
        : meetingIdentity(uid.slice(0, 1000), start),
    touchpoint: 'meeting',
    // As the calendar tells it: what one of our own calls is outbound.
    direction: participants.some((each) => each.role === 'organizer') ? 'outbound' : 'none',
    participants,
    automated: false,
    rank: RANK,
    ...recordSubject(record.gathered.accounts[0]),
  } as const;

  const outcome = outcomeOf(value(record, meetings.outcome), meetings);
  const events: EventDraft[] = [];
  if (!loggedLater) events.push({ ...base, type: 'meeting.scheduled', occurredAt: made, attributes });
  if (outcome === 'held' || (outcome === undefined && loggedLater)) {
    const heldBasis = outcome === undefined ? 'assumed' : 'recorded';
    const endsAt = attributes.endsAt ?? start;
    events.push({ ...base, type: 'meeting.held', occurredAt: endsAt, attributes: { ...attributes, heldBasis } });
  } else if (outcome === 'no_show') {
    events.push({ ...base, type: 'meeting.no_show', occurredAt: start, attributes });
  } else if (outcome === 'canceled') {
    // Put on record after the start, a cancellation counts from the start.
    const at = Math.min(parseTime(value(record, 'LastModifiedDate')) ?? start, start);
    events.push({ ...base, type: 'meeting.canceled', occurredAt: at, attributes });
  }
  if (events.length === 0) return { outcome: 'ignored', reason: 'outcome_unknown' };
  return { outcome: 'stored', events, url: record.gathered.url };
}

/** Copies in the calendars of those asked, and the pattern of a series, are no meetings of their own. */
function leftOut(record: GatheredRecord): string | undefined {
  if (record.gathered.tooOld) return 'older_than_window';
  if (value(record, 'IsChild') === 'true') return 'attendee_copy';
  if (value(record, 'IsRecurrence') === 'true') return 'series_pattern';
  return value(record, 'IsPrivate') === 'true' ? 'private' : undefined;
}

function startOf(record: GatheredRecord): number | undefined {
  const fields = ['StartDateTime', 'ActivityDateTime', 'ActivityDate'];
  return fields.flatMap((name) => parseTime(value(record, name)) ?? [])[0];
}

function outcomeOf(
  text: string | undefined,
  meetings: Declaration['meetings'],
): 'held' | 'no_show' | 'canceled' | 'other' | undefined {
  if (text === undefined) return undefined;
  if (meetings.held.includes(text)) return 'held';
  if (meetings.noShow.includes(text)) return 'no_show';
  return meetings.canceled.includes(text) ? 'canceled' : 'other';
}

function attributesOf(record: GatheredRecord, context: MapContext, start: number): MeetingAttributes {
  const minutes = Number(value(record, 'DurationInMinutes') ?? Number.NaN);
  const lasted = Number.isFinite(minutes) ? start + Math.round(minutes) * MINUTE : undefined;
  const endsAt = parseTime(value(record, 'EndDateTime')) ?? lasted;
  const title = context.keepSubjects ? value(record, 'Subject') : undefined;
  return {
    startsAt: start,
    ...(endsAt === undefined ? {} : { endsAt }),
    ...(title === undefined ? {} : { title: title.slice(0, 1000) }),
  };
}

/** The owner called the meeting; all others were asked to it. */
function participantsOf(record: GatheredRecord): Participant[] {
  const owner = value(record, 'OwnerId');
  return record.gathered.people.slice(0, 200).map((person): Participant => ({
    role: person.id === owner ? 'organizer' : 'attendee',
    external: `salesforce:${person.kind}:${person.id}`,
    ...(person.address === undefined ? {} : { address: person.address }),
    ...(person.name === undefined ? {} : { name: person.name.slice(0, 500) }),
    ...(person.response === undefined ? {} : { response: person.response }),
  }));
}
