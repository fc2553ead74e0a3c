import type { WorldDeal, WorldMail, WorldMeeting, WorldTicket } from '../company/world.ts';
import type { RecordInput } from './portal.ts';
import { DEAL_PIPELINES, TICKET_PIPELINE, TICKET_STAGES } from './seed-catalog.ts';

type Properties = RecordInput['properties'];

const iso = (at: number): string => new Date(at).toISOString();

/** The first part of a name is the first name, the rest the last name. */
export function splitName(name: string): readonly [first: string, last: string] {
  const [first = '', ...rest] = name.split(' ');
  return [first, rest.join(' ')];
}

interface MailContext {
  readonly vendorDomains: readonly string[];
  readonly ownerId: (email: string) => string | undefined;
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

function person(each: { readonly name?: string; readonly address: string }): Record<string, string> {
  const [firstName, lastName] = splitName(each.name ?? '');
  return {
    email: each.address,
    ...(firstName === '' ? {} : { firstName }),
    ...(lastName === '' ? {} : { lastName }),
  };
}

/** A mail as HubSpot logs it from a connected mailbox. https://developers.hubspot.com/docs/api-reference/crm-emails-v3/guide */
export function emailProperties(mail: WorldMail, context: MailContext): Properties {
  const outgoing = context.vendorDomains.includes(domainOf(mail.from.address));
  const staff = outgoing ? mail.from.address : mail.to.find((to) => context.ownerId(to.address) !== undefined)?.address;
  return {
    hs_email_subject: mail.subject,
    hs_email_text: mail.body,
    hs_email_direction: outgoing ? 'EMAIL' : 'INCOMING_EMAIL',
    hs_email_status: outgoing ? 'SENT' : undefined,
    hs_email_message_id: `<${mail.messageId}>`,
    hs_email_thread_id: mail.references?.[0] ?? mail.messageId,
    hs_email_from_email: mail.from.address,
    hs_email_to_email: mail.to.map((to) => to.address).join(';'),
    hs_email_cc_email: mail.cc?.map((cc) => cc.address).join(';'),
    hs_email_headers: JSON.stringify({
      from: person(mail.from),
      to: mail.to.map(person),
      cc: (mail.cc ?? []).map(person),
      bcc: [],
      sender: { email: mail.from.address },
    }),
    hs_object_source: 'EMAIL',
    hs_timestamp: iso(mail.at),
    hubspot_owner_id: staff === undefined ? undefined : context.ownerId(staff),
  };
}

/** One logged meeting; a series that the CRM logs occurrence by occurrence gives one for each. */
export interface LoggedMeeting {
  readonly start: number;
  readonly end: number;
  /** Oldest first. */
  readonly outcomes: readonly { readonly at: number; readonly value: string }[];
}

/** What the CRM holds of a meeting: the single one that was logged, or the occurrences of a series to which nobody came. */
export function loggedMeetings(meeting: WorldMeeting): LoggedMeeting[] {
  const noShows = (meeting.exceptions ?? []).filter((exception) => exception.outcome === 'no_show');
  const occurrences = noShows.map((exception) => {
    const start = exception.start ?? exception.originalStart;
    const end = exception.end ?? start + (meeting.end - meeting.start);
    return {
      start,
      end,
      outcomes: [
        { at: meeting.createdAt, value: 'SCHEDULED' },
        { at: end + 900_000, value: 'NO_SHOW' },
      ],
    };
  });
  if (meeting.crm === undefined) return occurrences;
  const scheduled = { at: meeting.createdAt, value: 'SCHEDULED' };
  const { outcome } = meeting.crm;
  const settledAt =
    outcome === 'CANCELED' || outcome === 'RESCHEDULED' ? (meeting.canceledAt ?? meeting.start) : meeting.end + 900_000;
  const outcomes =
    outcome === 'SCHEDULED'
      ? [scheduled]
      : [scheduled, { at: Math.max(settledAt, meeting.createdAt + 1), value: outcome }];
  return [{ start: meeting.start, end: meeting.end, outcomes }, ...occurrences];
}

/** https://developers.hubspot.com/docs/api-reference/crm-meetings-v3/guide */
export function meetingProperties(
  meeting: WorldMeeting,
  logged: LoggedMeeting,
  ownerId: (email: string) => string | undefined,
): Properties {
  const synced = meeting.calendars.length > 0;
  return {
    hs_meeting_title: meeting.title,
    hs_meeting_start_time: iso(logged.start),
    hs_meeting_end_time: iso(logged.end),
    hs_timestamp: iso(logged.start),
    hs_meeting_outcome: logged.outcomes,
    // A meeting logged by hand has no calendar event behind it.
    hs_i_cal_uid: synced ? meeting.iCalUid : undefined,
    hs_engagement_source: synced ? 'MEETINGS' : 'CRM_UI',
    hs_object_source: synced ? 'MEETINGS' : 'CRM_UI',
    hubspot_owner_id: ownerId(meeting.organizer),
  };
}

export function ticketProperties(ticket: WorldTicket): Properties {
  const closed = ticket.history.filter((change) => change.status === 'closed').at(-1);
  const open = ticket.history.at(-1)?.status !== 'closed';
  return {
    subject: ticket.subject,
    hs_pipeline: TICKET_PIPELINE,
    hs_pipeline_stage: ticket.history.map((change) => ({ at: change.at, value: TICKET_STAGES[change.status] })),
    hs_ticket_priority: ticket.priority,
    source_type: 'EMAIL',
    closed_date: closed === undefined || open ? undefined : [{ at: closed.at, value: iso(closed.at) }],
    desk_reference: ticket.key,
  };
}

export function dealProperties(deal: WorldDeal, ownerId: string | undefined): Properties {
  const pipeline = DEAL_PIPELINES[deal.pipeline];
  return {
    dealname: deal.name,
    pipeline: pipeline.id,
    dealstage: deal.history.map((change) => ({ at: change.at, value: pipeline.stageIds[change.stage] })),
    amount: String(deal.amount),
    closedate: deal.closeDates.map((change) => ({ at: change.at, value: iso(change.closeAt) })),
    dealtype: deal.pipeline === 'new-business' ? 'newbusiness' : 'existingbusiness',
    hubspot_owner_id: ownerId,
  };
}
