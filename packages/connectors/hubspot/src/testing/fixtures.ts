import type { MapContext } from '@waymark/connector-kit';

/** Text that stands for what people wrote: it must never come out of the connector. */
export const canary = 'CANARY-what-a-person-wrote';

/** The portal and the declaration that the fixtures belong to. */
export const context: MapContext = {
  ownDomains: ['vendor.example.com'],
  account: { externalAccountId: '501', label: 'Portal 501' },
  settings: {
    properties: {
      csm: 'csm',
      renewalDate: 'renewal_date',
      value: 'annual_value',
      tier: 'tier',
      onboardingStatus: 'onboarding_status',
    },
    contacts: { leftDate: 'left_date' },
    deals: { pipelineKinds: { 'Second pipeline': 'renewal' } },
  },
  keepSubjects: false,
  readAt: Date.parse('2026-11-01T00:00:00Z'),
};

type Past = readonly (readonly [at: string, value: string, source?: string])[];

interface Input {
  readonly id: string;
  readonly properties: Readonly<Record<string, string | null>>;
  readonly history?: Readonly<Record<string, Past>>;
  readonly companies?: readonly string[];
  readonly contacts?: readonly { readonly id: string; readonly address?: string; readonly name?: string }[];
  readonly owners?: Readonly<Record<string, { readonly email?: string; readonly name?: string }>>;
  readonly stages?: Readonly<Record<string, object>>;
  readonly tooOld?: boolean;
}

/** A record as a page carries it: history is given oldest first and stands newest first, as HubSpot gives it. */
export function record(input: Input) {
  return {
    id: input.id,
    properties: input.properties,
    propertiesWithHistory: Object.fromEntries(
      Object.entries(input.history ?? {}).map(([name, past]) => [
        name,
        past
          .map(([timestamp, value, sourceType = 'CRM_UI']) => ({
            value,
            timestamp,
            sourceType,
            sourceId: 'userId:1001',
          }))
          .toReversed(),
      ]),
    ),
    createdAt: '2026-01-05T09:00:00.000Z',
    updatedAt: '2026-06-01T12:00:00.000Z',
    archived: false,
    gathered: {
      url: `https://app.hubspot.com/contacts/501/record/0-0/${input.id}`,
      companies: input.companies ?? [],
      contacts: input.contacts ?? [],
      owners: input.owners ?? {},
      stages: input.stages ?? {},
      tooOld: input.tooOld ?? false,
    },
  };
}

const support = (label: string, closed = false) => ({ pipelineLabel: 'Support', label, closed });
const sales = (pipelineLabel: string, label: string, probability: number) => ({
  pipelineLabel,
  label,
  probability,
  closed: probability === 0 || probability === 1,
});

export const companies = {
  /** Lead, customer, cleared and set back by an app: the blank in between is no stage. */
  clearedAndSetBack: record({
    id: '1001',
    properties: {
      name: 'Fjord Freight',
      domain: 'Fjord.example.com',
      hs_additional_domains: 'fjord-freight.example.com;fjord.example.com',
      lifecyclestage: 'opportunity',
      hubspot_owner_id: '71',
      csm: 'Mia.Berg@vendor.example.com',
      renewal_date: '2027-03-01',
      annual_value: '48000',
      tier: 'enterprise',
      hs_merged_object_ids: '990;1001;991',
    },
    history: {
      lifecyclestage: [
        ['2026-01-05T09:00:00.000Z', 'lead'],
        ['2026-02-01T09:00:00.000Z', 'customer'],
        ['2026-03-01T09:00:00.000Z', '', 'INTEGRATION'],
        ['2026-03-01T09:00:01.000Z', 'opportunity', 'INTEGRATION'],
      ],
      hubspot_owner_id: [
        ['2026-01-05T09:00:00.000Z', '70'],
        ['2026-04-01T09:00:00.000Z', '71'],
      ],
      renewal_date: [
        ['2026-02-01T09:00:00.000Z', '2027-02-01'],
        ['2026-05-01T09:00:00.000Z', '2027-03-01'],
      ],
      onboarding_status: [['2026-02-03T09:00:00.000Z', 'kickoff']],
    },
  }),
  /** No name, no domain, a website with a path, a CSM as a HubSpot user, a value that is no number. */
  almostEmpty: record({
    id: '1002',
    properties: {
      name: null,
      website: 'www.kestrel.example.com/about',
      lifecyclestage: 'customer',
      csm: '72',
      annual_value: 'n/a',
      hubspot_owner_id: '',
    },
    history: { lifecyclestage: [['2026-02-01T09:00:00.000Z', 'customer']] },
  }),
  /** A record whose properties are no object. */
  malformed: { id: '1003', properties: 'none' },
};

export const contacts = {
  /** A champion with two addresses at two companies, who left; the property names another primary company than the order of ids. */
  leftWithTwoAddresses: record({
    id: '2001',
    properties: {
      firstname: 'Noor',
      lastname: 'Haddad',
      email: 'Noor@fjord.example.com',
      hs_additional_emails: 'noor.haddad@old.example.com;not-an-address',
      jobtitle: 'Head of Operations',
      hs_buying_role: 'END_USER;CHAMPION',
      associatedcompanyid: '1002',
      createdate: '2026-01-06T10:00:00.000Z',
      left_date: '2026-05-20',
    },
    companies: ['1001', '1002'],
  }),
  /** No address, no company. */
  nameless: record({ id: '2002', properties: { email: null, createdate: '1767690000000' } }),
};

export const deals = {
  /** Moved to another pipeline, won, reopened and lost; HubSpot set the close date itself when it was won. */
  reopenedAfterWon: record({
    id: '3001',
    properties: {
      dealname: 'Fjord 2027',
      pipeline: '88',
      dealstage: '884',
      amount: '52000',
      closedate: '2026-07-01T00:00:00Z',
      deal_currency_code: 'EUR',
      createdate: '2026-01-10T09:00:00.000Z',
    },
    history: {
      pipeline: [
        ['2026-01-10T09:00:00.000Z', 'default'],
        ['2026-02-10T09:00:00.000Z', '88'],
      ],
      dealstage: [
        ['2026-01-10T09:00:00.000Z', 'qualifiedtobuy'],
        ['2026-02-10T09:00:00.000Z', '881'],
        ['2026-03-10T09:00:00.000Z', '883'],
        ['2026-03-12T09:00:00.000Z', '881'],
        ['2026-04-10T09:00:00.000Z', '884'],
      ],
      amount: [
        ['2026-01-10T09:00:00.000Z', '40000'],
        ['2026-03-01T09:00:00.000Z', '52000'],
      ],
      closedate: [
        ['2026-01-10T09:00:00.000Z', '2026-05-01T00:00:00Z'],
        ['2026-02-20T09:00:00.000Z', '2026-06-01T00:00:00Z'],
        ['2026-03-10T09:00:00.500Z', '2026-03-10T09:00:00Z'],
        ['2026-03-12T10:00:00.000Z', '2026-07-01T00:00:00Z'],
      ],
    },
    companies: ['1001', '1002'],
    stages: {
      'default/qualifiedtobuy': sales('Sales Pipeline', 'Qualified', 0.4),
      '88/881': sales('Second pipeline', 'Open', 0.5),
      '88/883': sales('Second pipeline', 'Won', 1),
      '88/884': sales('Second pipeline', 'Lost', 0),
    },
  }),
  /** Made as won, in a stage that was deleted since, without a company. */
  importedAsWon: record({
    id: '3002',
    properties: {
      pipeline: 'default',
      dealstage: 'closedwon',
      dealtype: 'newbusiness',
      createdate: '2026-01-10T09:00:00.000Z',
    },
    history: {
      pipeline: [['2026-01-10T09:00:00.000Z', 'default']],
      dealstage: [
        ['2026-01-10T09:00:00.000Z', 'closedwon'],
        ['2026-01-11T09:00:00.000Z', 'deleted-stage'],
      ],
    },
    stages: { 'default/closedwon': sales('Pipeline', 'Closed won', 1) },
  }),
};

export const tickets = {
  /** Moved to a pipeline of the account's own, where the same stage id is closed. */
  inOwnPipeline: record({
    id: '4002',
    properties: { hs_pipeline: '77', hs_pipeline_stage: '2' },
    history: {
      hs_pipeline: [
        ['2026-01-05T09:00:00.000Z', '0'],
        ['2026-01-07T09:00:00.000Z', '77'],
      ],
      hs_pipeline_stage: [
        ['2026-01-05T09:00:00.000Z', '2'],
        ['2026-01-07T09:00:00.000Z', '1'],
        ['2026-01-08T09:00:00.000Z', '2'],
      ],
    },
    companies: ['1001'],
    stages: {
      '0/2': support('Waiting on us'),
      '77/1': { pipelineLabel: 'Migrations', label: 'Planned', closed: false },
      '77/2': { pipelineLabel: 'Migrations', label: 'Migrated', closed: true },
    },
  }),
  /** Escalated, made urgent, closed, reopened and closed again. */
  reopenedAndEscalated: record({
    id: '4001',
    properties: {
      hs_pipeline: '0',
      hs_pipeline_stage: '4',
      hs_ticket_priority: 'URGENT',
      subject: canary,
      content: canary,
    },
    history: {
      hs_pipeline: [['2026-01-05T09:00:00.000Z', '0']],
      hs_pipeline_stage: [
        ['2026-01-05T09:00:00.000Z', '1'],
        ['2026-01-05T11:00:00.000Z', '5'],
        ['2026-01-06T09:00:00.000Z', '4'],
        ['2026-01-08T09:00:00.000Z', '2'],
        ['2026-01-09T09:00:00.000Z', '4'],
      ],
      hs_ticket_priority: [
        ['2026-01-05T09:00:00.000Z', 'LOW'],
        ['2026-01-05T12:00:00.000Z', 'URGENT'],
      ],
      subject: [['2026-01-05T09:00:00.000Z', canary]],
    },
    companies: ['1001'],
    contacts: [{ id: '2001', address: 'noor@fjord.example.com', name: 'Noor Haddad' }],
    stages: {
      '0/1': support('New'),
      '0/2': support('Waiting on us'),
      '0/4': support('Closed', true),
      '0/5': support('Escalated to engineering'),
    },
  }),
};

export const owners = {
  archived: {
    id: '70',
    email: 'Old.Owner@vendor.example.com',
    firstName: 'Old',
    lastName: 'Owner',
    archived: true,
    updatedAt: '2026-01-01T00:00:00.000Z',
  },
  queue: { id: '73', type: 'QUEUE', archived: false },
};
