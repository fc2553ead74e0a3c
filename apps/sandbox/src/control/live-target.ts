import type { LiveTarget } from '../company/live.ts';
import { worldOf, type Stack } from '../company/stack.ts';
import type { World } from '../company/world.ts';
import type { GoogleHandle } from '../google/google.ts';
import { cancelWorldMeeting, deliverWorldMail, planWorldMeeting } from '../google/world-changes.ts';
import type { HubSpotHandle } from '../hubspot/handle.ts';
import { SampleDesk } from '../hubspot/sample-desk.ts';
import type { MicrosoftHandle } from '../microsoft/microsoft.ts';
import * as atMicrosoft from '../microsoft/world-changes.ts';
import type { SalesforceHandle } from '../salesforce/handle.ts';
import type { ZendeskHandle } from '../zendesk/handle.ts';
import { SampleHelpDesk } from '../zendesk/sample-desk.ts';
import { saveCase } from './live-cases.ts';

/** Lets live mode act where it would show in life: mail and meetings in whichever mailbox holds them, tickets in the account's desk. */
export function liveTarget(
  world: World,
  stack: Stack,
  handles: {
    readonly google: GoogleHandle;
    readonly hubspot: HubSpotHandle;
    readonly microsoft: MicrosoftHandle;
    readonly salesforce: SalesforceHandle;
    readonly zendesk: ZendeskHandle;
  },
): LiveTarget {
  const { google, hubspot, microsoft, salesforce, zendesk } = handles;
  const desk = new SampleDesk(
    hubspot,
    worldOf(world, { accounts: stack.accounts.hubspot, tickets: stack.tickets.hubspot }),
  );
  const helpDesk = new SampleHelpDesk(zendesk, world);
  return {
    deliver: (mail) => {
      deliverWorldMail(google, world, mail);
      atMicrosoft.deliverWorldMail(microsoft, world, mail);
      if (mail.loggedInCrm) desk.logMail(mail);
    },
    saveTicket: (ticket) => {
      if (stack.tickets.hubspot.includes(ticket.account)) desk.saveTicket(ticket);
      if (stack.tickets.salesforce.includes(ticket.account)) saveCase(salesforce, world, ticket);
      if (stack.tickets.zendesk.includes(ticket.account)) helpDesk.saveTicket(ticket);
    },
    plan: (meeting) => {
      planWorldMeeting(google, world, meeting);
      atMicrosoft.planWorldMeeting(microsoft, world, meeting);
      if (meeting.crm) desk.logMeeting(meeting);
    },
    cancel: (iCalUid, at) => {
      cancelWorldMeeting(google, iCalUid, at);
      atMicrosoft.cancelWorldMeeting(microsoft, iCalUid, at);
    },
  };
}
