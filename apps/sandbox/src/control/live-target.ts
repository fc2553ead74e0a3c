import type { LiveTarget } from '../company/live.ts';
import type { World } from '../company/world.ts';
import type { GoogleHandle } from '../google/google.ts';
import { mailLabels, meetingFields } from '../google/seed.ts';
import type { HubSpotHandle } from '../hubspot/handle.ts';
import { samplePortals } from '../hubspot/seed.ts';
import { TICKET_PIPELINE, TICKET_STAGES } from '../hubspot/seed-catalog.ts';
import type { Running } from './services.ts';

/** Lets live mode act where it would show in life: mail and meetings at Google, tickets in HubSpot. */
export function liveTarget(
  world: World,
  services: { readonly google: Running<GoogleHandle>; readonly hubspot: Running<HubSpotHandle> },
): LiveTarget {
  const { google, hubspot } = services;
  const portal = samplePortals.main;
  const companyOf = (key: string): string | undefined => {
    const account = world.accounts.find((one) => one.key === key);
    return account && hubspot.handle.findBy(portal, 'companies', 'name', account.name)[0]?.id;
  };
  const contactOf = (key: string): string | undefined => {
    const email = world.people.find((person) => person.key === key)?.addresses[0];
    return email === undefined ? undefined : hubspot.handle.findBy(portal, 'contacts', 'email', email)[0]?.id;
  };
  return {
    deliver: (mail) => {
      for (const mailbox of mail.mailboxes) {
        const labelIds = mailLabels(mail, mailbox);
        google.handle.addMail(mailbox, mail, {
          labelIds: labelIds.includes('SENT') ? labelIds : [...labelIds, 'UNREAD'],
        });
      }
    },
    openTicket: (ticket) => {
      const [first, ...later] = ticket.history;
      const company = companyOf(ticket.account);
      const contact = contactOf(ticket.requester);
      const record = hubspot.handle.upsert(portal, 'tickets', {
        properties: {
          subject: ticket.subject,
          hs_pipeline: TICKET_PIPELINE,
          hs_pipeline_stage: TICKET_STAGES[first?.status ?? 'new'],
          hs_ticket_priority: ticket.priority,
          source_type: 'EMAIL',
        },
        associate: [
          ...(company === undefined ? [] : [['companies', company] as const]),
          ...(contact === undefined ? [] : [['contacts', contact] as const]),
        ],
        ...(first ? { at: first.at } : {}),
      });
      for (const { at, status } of later) {
        hubspot.handle.patch(portal, 'tickets', record.id, { hs_pipeline_stage: TICKET_STAGES[status] }, { at });
      }
      return record.id;
    },
    moveTicket: (id, status, at) => {
      hubspot.handle.patch(portal, 'tickets', id, { hs_pipeline_stage: TICKET_STAGES[status] }, { at });
    },
    plan: (meeting) => {
      for (const calendar of meeting.calendars) {
        google.handle.calendars.addEvent(calendar, calendar, meetingFields(meeting, world), {
          createdAt: meeting.createdAt,
        });
      }
      google.touch();
    },
  };
}
