import { isOwnAddress, ownSide, recordSubject, type MapContext, type Mapped } from '@waymark/connector-kit';
import {
  crmChangeIdentity,
  meetingIdentity,
  type Attributes,
  type EventDraft,
  type Participant,
} from '@waymark/journey';
import { versions } from './history.ts';
import { createdAt, value, values, type GatheredRecord } from './record.ts';
import { declarationOf } from './settings.ts';
import { parseTime } from './time.ts';

type MeetingAttributes = Attributes<'meeting.held'>;

/** A meeting that the CRM holds. A calendar's own copy speaks before it. */
const RANK = 1;

/** HubSpot's own outcomes. `SCHEDULED` and `RESCHEDULED` say nothing of what became of it. */
const OUTCOMES: ReadonlyMap<string, 'held' | 'no_show' | 'canceled'> = new Map([
  ['COMPLETED', 'held'],
  ['NO_SHOW', 'no_show'],
  ['CANCELED', 'canceled'],
]);

/**
 * A logged meeting. What became of it is HubSpot's `hs_meeting_outcome`, the one record of a no-show that any provider keeps. With
 * an iCalUID it is the same meeting as the calendar's (failure B4).
 * https://developers.hubspot.com/docs/api-reference/crm-meetings-v3/guide
 */
export function mapMeeting(record: GatheredRecord, context: MapContext): Mapped {
  if (record.gathered.tooOld) return { outcome: 'ignored', reason: 'older_than_window' };
  const start = parseTime(value(record, 'hs_meeting_start_time') ?? value(record, 'hs_timestamp'));
  if (start === undefined) return { outcome: 'ignored', reason: 'no_start' };
  const made = createdAt(record);
  const loggedLater = made >= start;
  const uid = value(record, 'hs_i_cal_uid');
  const told = value(record, 'hs_meeting_outcome');
  const outcome = outcomeOf(told, context);
  const attributes = attributesOf(record, context, start);
  const participants = participantsOf(record);
  const left = leftOut(record, context);
  if (left !== undefined) return { outcome: 'ignored', reason: left };
  const base = {
    identity:
      uid === undefined
        ? crmChangeIdentity(context.account.externalAccountId, 'meetings', record.id, 'meeting', 0)
        : meetingIdentity(uid, start),
    touchpoint: 'meeting',
    // As the calendar tells it: what one of our own calls is outbound.
    direction: participants.some((each) => each.role === 'organizer') ? 'outbound' : 'none',
    participants,
    automated: false,
    rank: RANK,
    ...recordSubject(record.gathered.companies[0]),
  } as const;

  const events: EventDraft[] = [];
  if (!loggedLater) events.push({ ...base, type: 'meeting.scheduled', occurredAt: made, attributes });
  if (outcome === 'held' || (told === undefined && loggedLater)) {
    const heldBasis = told === undefined ? 'assumed' : 'recorded';
    const endsAt = attributes.endsAt ?? start;
    events.push({ ...base, type: 'meeting.held', occurredAt: endsAt, attributes: { ...attributes, heldBasis } });
  } else if (outcome === 'no_show') {
    events.push({ ...base, type: 'meeting.no_show', occurredAt: start, attributes });
  } else if (outcome === 'canceled') {
    events.push({ ...base, type: 'meeting.canceled', occurredAt: canceledAt(record, context, start), attributes });
  }
  if (events.length === 0) return { outcome: 'ignored', reason: 'outcome_unknown' };
  return { outcome: 'stored', events, url: record.gathered.url, ...titleOf(value(record, 'hs_meeting_title')) };
}

/** What an outcome means: as declared, else as HubSpot names its own. */
function outcomeOf(told: string | undefined, context: MapContext): 'held' | 'no_show' | 'canceled' | undefined {
  if (told === undefined) return undefined;
  const declared = new Map(Object.entries(declarationOf(context.settings).meetings.outcomes));
  return declared.get(told) ?? OUTCOMES.get(told.toUpperCase());
}

/** Our own people may stand in the CRM as contacts too: a meeting of theirs alone is none with a customer, whatever it is filed under. */
function leftOut(record: GatheredRecord, context: MapContext): string | undefined {
  const { companies, contacts } = record.gathered;
  if (companies.length === 0 && contacts.length === 0) return 'no_customer';
  const own = ownSide(context);
  const internal =
    contacts.length > 0 && contacts.every(({ address }) => address !== undefined && isOwnAddress(address, own));
  return internal ? 'internal' : undefined;
}

const titleOf = (title: string | undefined) => (title === undefined ? {} : { title: title.slice(0, 1000) });

/** Put on record after the start, a cancellation counts from the start: it must be known before the calendar's "held" at the end. */
function canceledAt(record: GatheredRecord, context: MapContext, start: number): number {
  const told = versions(record, 'hs_meeting_outcome').findLast(
    (version) => outcomeOf(version.value, context) === 'canceled',
  );
  return Math.min(told?.at ?? start, start);
}

function attributesOf(record: GatheredRecord, context: MapContext, start: number): MeetingAttributes {
  const endsAt = parseTime(value(record, 'hs_meeting_end_time'));
  const title = context.keepSubjects ? value(record, 'hs_meeting_title') : undefined;
  return {
    startsAt: start,
    ...(endsAt === undefined ? {} : { endsAt }),
    ...(title === undefined ? {} : { title: title.slice(0, 1000) }),
  };
}

/** The owner called the meeting; contacts and further owners were asked to it. */
function participantsOf(record: GatheredRecord): Participant[] {
  const organizer = value(record, 'hubspot_owner_id');
  const owners = [...new Set([organizer, ...values(record, 'hs_attendee_owner_ids')])].filter((id) => id !== undefined);
  const people: readonly Participant[] = [
    ...owners.map((id): Participant => {
      const { email, name } = record.gathered.owners[id] ?? {};
      return {
        role: id === organizer ? 'organizer' : 'attendee',
        external: `hubspot:owner:${id}`,
        ...(email === undefined ? {} : { address: email }),
        ...(name === undefined ? {} : { name: name.slice(0, 500) }),
      };
    }),
    ...record.gathered.contacts.map((contact): Participant => ({
      role: 'attendee',
      external: `hubspot:contact:${contact.id}`,
      ...(contact.address === undefined ? {} : { address: contact.address }),
      ...(contact.name === undefined ? {} : { name: contact.name.slice(0, 500) }),
    })),
  ];
  return people.slice(0, 200);
}
