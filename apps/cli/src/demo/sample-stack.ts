import { SAMPLE_DECLARATION, samplePortals, sampleSubdomains } from '@waymark/sandbox';
import { ownProperty } from '@waymark/writeback';
import { z } from 'zod';

/** Where each part of the sample company lives, as the sandbox tells. */
export const stackSchema = z.object({
  name: z.string(),
  mailboxes: z.object({ google: z.array(z.string()), microsoft: z.array(z.string()) }),
  accounts: z.object({ hubspot: z.array(z.string()), salesforce: z.array(z.string()) }),
  tickets: z.object({ hubspot: z.array(z.string()), salesforce: z.array(z.string()), zendesk: z.array(z.string()) }),
  channels: z.array(z.string()),
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
  return [
    ...crms.filter(({ connector }) => stack.accounts[connector === 'hubspot' ? 'hubspot' : 'salesforce'].length > 0),
    ...(stack.tickets.zendesk.length > 0 ? [desk] : []),
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

/** The providers whose app the workspace needs for a stack, Slack among them. */
export function sampleProviders(stack: SampleStack): readonly string[] {
  const isUsed: Readonly<Record<string, boolean>> = {
    google: stack.mailboxes.google.length > 0,
    hubspot: stack.accounts.hubspot.length > 0,
    microsoft: stack.mailboxes.microsoft.length > 0,
    salesforce: stack.accounts.salesforce.length > 0,
    slack: true,
    zendesk: stack.tickets.zendesk.length > 0,
  };
  return Object.keys(isUsed).filter((provider) => isUsed[provider] === true);
}
