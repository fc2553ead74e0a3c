import type { LiveTarget } from '../company/live.ts';
import type { World } from '../company/world.ts';
import type { GoogleHandle } from '../google/google.ts';
import { cancelWorldMeeting, deliverWorldMail, planWorldMeeting } from '../google/world-changes.ts';
import type { HubSpotHandle } from '../hubspot/handle.ts';
import { SampleDesk } from '../hubspot/sample-desk.ts';

/** Lets live mode act where it would show in life: mail and meetings at Google, tickets in HubSpot. */
export function liveTarget(
  world: World,
  handles: { readonly google: GoogleHandle; readonly hubspot: HubSpotHandle },
): LiveTarget {
  const { google, hubspot } = handles;
  const desk = new SampleDesk(hubspot, world);
  return {
    deliver: (mail) => {
      deliverWorldMail(google, world, mail);
      if (mail.loggedInCrm) desk.logMail(mail);
    },
    saveTicket: (ticket) => {
      desk.saveTicket(ticket);
    },
    plan: (meeting) => {
      planWorldMeeting(google, world, meeting);
      if (meeting.crm) desk.logMeeting(meeting);
    },
    cancel: (iCalUid, at) => {
      cancelWorldMeeting(google, iCalUid, at);
    },
  };
}
