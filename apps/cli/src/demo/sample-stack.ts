import {
  demoApp,
  demoChannelsApp,
  SAMPLE_DECLARATION,
  samplePortals,
  sampleSubdomains,
  sampleTeams,
} from '@waymark/sandbox';
import { ownProperty } from '@waymark/writeback';
import { z } from 'zod';

/** Where each part of the sample company lives, as the sandbox tells. */
export const stackSchema = z.object({
  name: z.string(),
  mailboxes: z.object({ google: z.array(z.string()), microsoft: z.array(z.string()) }),
  accounts: z.object({ hubspot: z.array(z.string()), salesforce: z.array(z.string()) }),
  tickets: z.object({ hubspot: z.array(z.string()), salesforce: z.array(z.string()), zendesk: z.array(z.string()) }),
  channels: z.boolean(),
});

export type SampleStack = z.infer<typeof stackSchema>;

/** One account of the sample company at a provider, as an admin would connect it. */
export interface SampleAccount {
  readonly connector: string;
  /** The mailbox, where it is one of many. */
  readonly address?: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly loginHint: string;
  /** The account property into which stages are written, for a CRM. */
  readonly stageProperty?: string;
}

/** What the sample company's HubSpot declares: which properties hold what. */
const hubspotDeclaration = {
  properties: {
    csm: 'csm',
    renewalDate: 'renewal_date',
    value: 'annual_value',
    tier: 'tier',
    customerSince: 'customer_since',
    onboardingStatus: 'onboarding_status',
  },
  contacts: { leftDate: 'left_date' },
  keepSubjects: true,
  writeback: true,
};

/** The user as whom Salesforce is connected: an administrator of the sample's org. */
const salesforceUser = 'carla.nunez@lumenledger.example';

/** The connectors of each mail provider: Google has one for mail and one for calendars, Microsoft one for both. */
const mailConnectors = { google: ['gmail', 'google-calendar'], microsoft: ['outlook'] } as const;

/** What is connected for a stack, CRMs first: the accounts must be known before the mail of their people is read. */
export function sampleAccounts(stack: SampleStack, watched: readonly string[]): readonly SampleAccount[] {
  const crms: SampleAccount[] = [
    {
      connector: 'hubspot',
      settings: hubspotDeclaration,
      loginHint: String(samplePortals.main),
      stageProperty: ownProperty,
    },
    {
      connector: 'salesforce',
      settings: { ...SAMPLE_DECLARATION, keepSubjects: true, writeback: true },
      loginHint: salesforceUser,
      stageProperty: 'Waymark_Stage__c',
    },
  ];
  const desk: SampleAccount = {
    connector: 'zendesk',
    settings: { subdomain: sampleSubdomains.main },
    loginHint: sampleSubdomains.main,
  };
  const channels: SampleAccount = { connector: 'slack-channels', settings: {}, loginHint: sampleTeams.main };
  return [
    ...crms.filter(({ connector }) => stack.accounts[connector === 'hubspot' ? 'hubspot' : 'salesforce'].length > 0),
    ...(stack.tickets.zendesk.length > 0 ? [desk] : []),
    ...(stack.channels ? [channels] : []),
    ...watched.flatMap((address) =>
      mailConnectors[stack.mailboxes.microsoft.includes(address) ? 'microsoft' : 'google'].map((connector) => ({
        connector,
        address,
        settings: {},
        loginHint: address,
      })),
    ),
  ];
}

/** An app that the workspace has at a provider, and where the sandbox's service sends what it has for it. */
export interface SampleApp {
  readonly provider: string;
  /** The sandbox's service that knows the app. */
  readonly service: string;
  readonly clientId: string;
  /** What an admin copies beside id and secret. */
  readonly extra: Readonly<Record<string, string>>;
  /** Addresses of ours that are set at the provider, for the server at this public address. */
  readonly addresses: (publicUrl: string) => Readonly<Record<string, string>>;
}

const noAddresses = () => ({});
const signed = { signingSecret: demoApp.signingSecret };

/** The apps that a stack needs, Slack's own among them. */
export function sampleApps(stack: SampleStack): readonly SampleApp[] {
  const plain = (provider: string): SampleApp => ({
    provider,
    service: provider,
    clientId: demoApp.clientId,
    extra: {},
    addresses: noAddresses,
  });
  const webhooks = (provider: string) => (publicUrl: string) => `${publicUrl}/webhooks/${provider}`;
  return [
    ...(stack.mailboxes.google.length > 0 ? [plain('google')] : []),
    ...(stack.accounts.hubspot.length > 0
      ? [{ ...plain('hubspot'), addresses: (url: string) => ({ webhookUrl: webhooks('hubspot')(url) }) }]
      : []),
    ...(stack.mailboxes.microsoft.length > 0 ? [plain('microsoft')] : []),
    ...(stack.accounts.salesforce.length > 0 ? [plain('salesforce')] : []),
    ...(stack.tickets.zendesk.length > 0 ? [plain('zendesk')] : []),
    { ...plain('slack'), extra: signed, addresses: (url) => ({ requestUrl: `${url}/slack/events` }) },
    ...(stack.channels
      ? [
          {
            provider: 'slack-channels',
            service: 'slack',
            clientId: demoChannelsApp.clientId,
            extra: signed,
            addresses: (url: string) => ({
              clientSecret: demoApp.clientSecret,
              signingSecret: demoApp.signingSecret,
              name: demoChannelsApp.name,
              requestUrl: webhooks('slack-channels')(url),
            }),
          },
        ]
      : []),
  ];
}
