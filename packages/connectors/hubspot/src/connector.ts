import type { Connector } from '@waymark/connector-kit';
import { classify } from './classify.ts';
import { connect, type HubSpotClient } from './client.ts';
import { hint } from './hint.ts';
import { journalStream } from './journal.ts';
import { manifest } from './manifest.ts';
import {
  companyStream,
  contactStream,
  dealStream,
  emailStream,
  meetingStream,
  surveyStream,
  ticketStream,
} from './object-streams.ts';
import { ownerStream } from './owners.ts';
import { probe } from './probe.ts';
import { declarationSchema } from './settings.ts';
import { stageWriter } from './stage-writer.ts';

/** HubSpot: companies, contacts, owners, deals, tickets, meetings, logged mail and survey responses as journey events, and stages back. */
export const hubspot: Connector<HubSpotClient> = {
  manifest,
  settings: declarationSchema,
  connect,
  async identify(client) {
    const details = await client.details();
    const externalAccountId = String(details.portalId);
    return {
      externalAccountId,
      label: details.portalName ?? `HubSpot ${externalAccountId}`,
      ...(details.timeZone === undefined ? {} : { timezone: details.timeZone }),
    };
  },
  streams: [
    journalStream,
    ownerStream,
    companyStream,
    contactStream,
    dealStream,
    ticketStream,
    meetingStream,
    emailStream,
    surveyStream,
  ],
  classify,
  hint,
  probe,
  write: stageWriter,
};
