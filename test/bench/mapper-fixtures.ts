import type { AnyConnector, MapContext } from '@waymark/connector-kit';
import { gmail } from '@waymark/connector-gmail';
import { googleCalendar } from '@waymark/connector-google-calendar';
import { hubspot } from '@waymark/connector-hubspot';
import { intercom } from '@waymark/connector-intercom';
import { outlook } from '@waymark/connector-outlook';
import { salesforce } from '@waymark/connector-salesforce';
import { slackChannels } from '@waymark/connector-slack-channels';
import { webhook } from '@waymark/connector-webhook';
import { zendesk } from '@waymark/connector-zendesk';
import * as mail from '../../packages/connectors/gmail/fixtures/messages.ts';
import * as meetings from '../../packages/connectors/google-calendar/fixtures/meetings.ts';
import * as activities from '../../packages/connectors/hubspot/src/testing/activity-fixtures.ts';
import * as crm from '../../packages/connectors/hubspot/src/testing/fixtures.ts';
import * as conversations from '../../packages/connectors/intercom/fixtures/conversations.ts';
import * as graphMeetings from '../../packages/connectors/outlook/fixtures/meetings.ts';
import * as graphMail from '../../packages/connectors/outlook/fixtures/messages.ts';
import * as org from '../../packages/connectors/salesforce/src/testing/fixtures.ts';
import * as channels from '../../packages/connectors/slack-channels/fixtures/records.ts';
import * as deliveries from '../../packages/connectors/webhook/fixtures/deliveries.ts';
import * as desk from '../../packages/connectors/zendesk/src/testing/fixtures.ts';

/** A connector with records of its contract tests, by stream. */
export interface MapperFixtures {
  readonly connector: AnyConnector;
  readonly context: MapContext;
  readonly records: Readonly<Record<string, readonly unknown[]>>;
}

const context: MapContext = {
  ownDomains: ['vendor.example'],
  account: { externalAccountId: 'ana@vendor.example', label: 'Ana', address: 'ana@vendor.example' },
  settings: {},
  keepSubjects: false,
  readAt: Date.UTC(2026, 10, 1),
};

/** The records of the contract tests that every connector passes. */
export const mapperFixtures: readonly MapperFixtures[] = [
  { connector: gmail, context, records: { messages: Object.values(mail.messages) } },
  { connector: googleCalendar, context, records: { events: Object.values(meetings.meetings) } },
  {
    connector: outlook,
    context,
    records: { mail: Object.values(graphMail.messages), calendar: Object.values(graphMeetings.meetings) },
  },
  {
    connector: hubspot,
    context: crm.context,
    records: {
      companies: Object.values(crm.companies),
      contacts: Object.values(crm.contacts),
      deals: Object.values(crm.deals),
      tickets: Object.values(crm.tickets),
      meetings: Object.values(activities.meetings),
      emails: Object.values(activities.emails),
      feedback_submissions: Object.values(activities.surveys),
    },
  },
  {
    connector: salesforce,
    context: org.context,
    records: {
      accounts: Object.values(org.accounts),
      contacts: Object.values(org.contacts),
      opportunities: Object.values(org.opportunities),
      cases: Object.values(org.cases),
      events: Object.values(org.events),
      emails: Object.values(org.emails),
      tasks: Object.values(org.tasks),
    },
  },
  {
    connector: zendesk,
    context: desk.context,
    records: {
      organizations: Object.values(desk.organizations),
      users: Object.values(desk.users),
      tickets: Object.values(desk.tickets),
      'satisfaction-ratings': Object.values(desk.ratings),
    },
  },
  { connector: slackChannels, context, records: { 'channel-messages': Object.values(channels.messages) } },
  {
    connector: webhook,
    context: { ...context, settings: deliveries.surveySettings },
    records: { deliveries: Object.values(deliveries.stored) },
  },
  { connector: intercom, context, records: { conversations: Object.values(conversations.conversations) } },
];
