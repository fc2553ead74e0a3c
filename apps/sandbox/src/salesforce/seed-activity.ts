import type { WorldDeal, WorldMail, WorldMeeting, WorldTicket } from '../company/world.ts';
import type { LoggedMeeting } from '../hubspot/seed-activity.ts';
import { CASE_PRIORITIES, CASE_STATUSES, DEAL_KINDS, DEAL_STAGES } from './seed-catalog.ts';
import type { SObject } from './state.ts';

/** A dated state of a record: the first one is how it was made. */
export interface Version {
  readonly at: number;
  readonly values: SObject;
}

const isoDate = (at: number): string => new Date(at).toISOString().slice(0, 10);

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

const joined = (people: readonly { readonly address: string }[] | undefined): string | null =>
  people === undefined || people.length === 0 ? null : people.map((each) => each.address).join('; ');

export function isOutgoing(mail: WorldMail, vendorDomains: readonly string[]): boolean {
  return vendorDomains.includes(domainOf(mail.from.address));
}

/** Everyone of a mail, the sender first. */
export const addressesOf = (mail: WorldMail): string[] =>
  [mail.from, ...mail.to, ...(mail.cc ?? [])].map((each) => each.address);

/** https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_emailmessage.htm */
export function emailValues(mail: WorldMail, outgoing: boolean): SObject {
  return {
    Subject: mail.subject,
    TextBody: mail.body,
    FromAddress: mail.from.address,
    FromName: mail.from.name ?? null,
    ToAddress: joined(mail.to),
    CcAddress: joined(mail.cc),
    Incoming: !outgoing,
    // 3 is "Sent", 1 is "Read".
    Status: outgoing ? '3' : '1',
    MessageDate: Math.floor(mail.at / 1000) * 1000,
    MessageIdentifier: `<${mail.messageId}>`,
    ThreadIdentifier: mail.references?.[0] ?? mail.messageId,
    IsClientManaged: true,
  };
}

/** The task that the platform files along with each mail. */
export function mailTask(mail: WorldMail): SObject {
  return {
    Subject: `Email: ${mail.subject}`.slice(0, 255),
    Status: 'Completed',
    Priority: 'Normal',
    Type: 'Email',
    TaskSubtype: 'Email',
    ActivityDate: isoDate(mail.at),
  };
}

/** Nothing tells when an outcome was entered but the stamps of the event: events keep no field history. */
export function eventVersions(meeting: WorldMeeting, logged: LoggedMeeting): Version[] {
  const [first, ...later] = logged.outcomes;
  const second = (at: number): number => Math.floor(at / 1000) * 1000;
  return [
    {
      at: meeting.createdAt,
      values: {
        Subject: meeting.title.slice(0, 255),
        StartDateTime: second(logged.start),
        EndDateTime: second(logged.end),
        Type: 'Meeting',
        EventSubtype: 'Event',
        ShowAs: 'Busy',
        IsPrivate: meeting.private ?? false,
        IsGroupEvent: meeting.attendees.length > 1,
        // A meeting entered by hand has no calendar event behind it.
        ICal_UID__c: meeting.calendars.length > 0 ? meeting.iCalUid : null,
        Outcome__c: first?.value ?? null,
      },
    },
    ...later.map((outcome) => ({ at: outcome.at, values: { Outcome__c: outcome.value } })),
  ];
}

export function caseVersions(ticket: WorldTicket): Version[] {
  const [first, ...later] = ticket.history;
  return [
    {
      at: first?.at ?? 0,
      values: {
        Subject: ticket.subject,
        Status: CASE_STATUSES[first?.status ?? 'new'],
        Priority: CASE_PRIORITIES[ticket.priority],
        Origin: 'Email',
        Desk_Reference__c: ticket.key,
      },
    },
    ...later.map((change) => ({ at: change.at, values: { Status: CASE_STATUSES[change.status] } })),
  ];
}

export function dealVersions(deal: WorldDeal): Version[] {
  const [, , Type] = DEAL_KINDS[deal.pipeline];
  const stages = deal.history.map((change) => ({ at: change.at, values: { StageName: DEAL_STAGES[change.stage] } }));
  const closes = deal.closeDates.map((change) => ({ at: change.at, values: { CloseDate: isoDate(change.closeAt) } }));
  const [stage, ...laterStages] = stages;
  const [close, ...laterCloses] = closes;
  const at = stage?.at ?? 0;
  const made = {
    Name: deal.name.slice(0, 120),
    Type,
    Amount: deal.amount,
    CloseDate: isoDate(at),
    ...stage?.values,
    ...close?.values,
  };
  return [{ at, values: made }, ...[...laterStages, ...laterCloses].toSorted((a, b) => a.at - b.at)];
}
