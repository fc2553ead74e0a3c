import type { OnboardingStatus, WorldAccount, WorldDeal, WorldPerson, WorldTicket } from '../company/world.ts';
import { field, picklist, reference, type FieldDefinition } from './field.ts';
import type { OrgInput, StageRow } from './org.ts';

type DealStage = WorldDeal['history'][number]['stage'];
type TicketStatus = WorldTicket['history'][number]['status'];

export const DEAL_STAGES: Readonly<Record<DealStage, string>> = {
  qualified: 'Qualified',
  proposal: 'Proposal',
  negotiation: 'Negotiation',
  won: 'Closed Won',
  lost: 'Closed Lost',
};

const STAGE_ROWS: readonly StageRow[] = [
  [DEAL_STAGES.qualified, false, false, 40, 'Pipeline'],
  [DEAL_STAGES.proposal, false, false, 60, 'BestCase'],
  [DEAL_STAGES.negotiation, false, false, 80, 'Commit'],
  [DEAL_STAGES.won, true, true, 100, 'Closed'],
  [DEAL_STAGES.lost, true, false, 0, 'Omitted'],
];

/** Developer name and name of the record type, and the opportunity's Type. */
export const DEAL_KINDS: Readonly<
  Record<WorldDeal['pipeline'], readonly [developerName: string, name: string, type: string]>
> = {
  'new-business': ['New_Business', 'New Business', 'New Business'],
  renewal: ['Renewal', 'Renewals', 'Renewal'],
  expansion: ['Expansion', 'Expansion', 'Expansion'],
};

export const CASE_STATUSES: Readonly<Record<TicketStatus, string>> = {
  new: 'New',
  waiting_customer: 'Waiting on customer',
  waiting_us: 'Waiting on us',
  escalated: 'Escalated',
  closed: 'Closed',
};

export const CASE_PRIORITIES: Readonly<Record<WorldTicket['priority'], string>> = {
  LOW: 'Low',
  MEDIUM: 'Medium',
  HIGH: 'High',
  URGENT: 'Urgent',
};

/** The account's Type, which says less than its lifecycle stage. */
export const ACCOUNT_TYPES: Readonly<Record<WorldAccount['lifecycle'], string>> = {
  lead: 'Prospect',
  opportunity: 'Prospect',
  customer: 'Customer',
  churned: 'Former Customer',
  partner: 'Partner',
};

export const BUYING_ROLES: Readonly<Record<WorldPerson['persona'], string | null>> = {
  champion: 'CHAMPION',
  buyer: 'BUDGET_HOLDER',
  admin: 'INFLUENCER',
  user: 'END_USER',
  other: null,
};

const labeled = (rows: readonly (readonly [value: string, label: string])[]) =>
  rows.map(([value, label]) => ({ value, label, active: true }));

const ONBOARDING: readonly (readonly [OnboardingStatus, string])[] = [
  ['contract_signed', 'Contract signed'],
  ['kickoff', 'Kickoff held'],
  ['training', 'Training done'],
  ['live', 'Live'],
];

/**
 * The vendor's own fields: who looks after the account, when it renews, what it is worth. The CSM is a lookup to a user; the fields whose
 * past matters are tracked. An event's calendar id is written by the vendor's calendar sync.
 */
const FIELDS: Readonly<Record<string, readonly FieldDefinition[]>> = {
  Account: [
    reference('CSM__c', ['User'], { label: 'CSM', tracked: true }),
    field('Renewal_Date__c', 'date', { tracked: true }),
    field('Annual_Value__c', 'currency'),
    picklist(
      'Tier__c',
      labeled([
        ['enterprise', 'Enterprise'],
        ['mid', 'Mid-market'],
        ['small', 'Small'],
      ]),
      { restricted: true },
    ),
    field('Customer_Since__c', 'date'),
    picklist('Onboarding_Status__c', labeled(ONBOARDING), { restricted: true, tracked: true }),
    picklist(
      'Lifecycle_Stage__c',
      labeled([
        ['lead', 'Lead'],
        ['opportunity', 'Opportunity'],
        ['customer', 'Customer'],
        ['partner', 'Partner'],
        ['churned', 'Churned'],
      ]),
      { restricted: true, tracked: true },
    ),
    field('Other_Domains__c', 'string'),
    // Made by the org's administrator for write-back: a field made by the API would be hidden from everybody.
    field('Waymark_Stage__c', 'string', { label: 'Journey stage', tracked: true }),
  ],
  Contact: [
    field('Left_Date__c', 'date', { label: 'Left the company on', tracked: true }),
    picklist('Buying_Role__c', ['CHAMPION', 'BUDGET_HOLDER', 'INFLUENCER', 'END_USER'], { restricted: true }),
    field('Alternate_Email__c', 'email'),
  ],
  Case: [field('Desk_Reference__c', 'string')],
  Event: [
    picklist('Outcome__c', ['SCHEDULED', 'COMPLETED', 'RESCHEDULED', 'NO_SHOW', 'CANCELED'], { restricted: true }),
    field('ICal_UID__c', 'string'),
  ],
};

/** What the sample's orgs are set up with. */
export const SAMPLE_SETUP: Pick<OrgInput, 'stages' | 'caseStatuses' | 'recordTypes' | 'fields'> = {
  stages: STAGE_ROWS,
  caseStatuses: (['new', 'waiting_customer', 'waiting_us', 'escalated', 'closed'] as const).map((status) => [
    CASE_STATUSES[status],
    status === 'closed',
  ]),
  recordTypes: Object.values(DEAL_KINDS).map(([developerName, name]) => ['Opportunity', developerName, name] as const),
  fields: FIELDS,
};

/** How the vendor's fields are declared to a reader: the names of the declaration that a connector asks an administrator for. */
export const SAMPLE_DECLARATION = {
  customers: { property: 'Lifecycle_Stage__c', values: ['customer'] },
  properties: {
    csm: 'CSM__c',
    renewalDate: 'Renewal_Date__c',
    value: 'Annual_Value__c',
    tier: 'Tier__c',
    customerSince: 'Customer_Since__c',
    onboardingStatus: 'Onboarding_Status__c',
    stage: 'Lifecycle_Stage__c',
    domains: 'Other_Domains__c',
  },
  contacts: { persona: 'Buying_Role__c', championValues: ['CHAMPION'], leftDate: 'Left_Date__c' },
  meetings: { outcome: 'Outcome__c', iCalUid: 'ICal_UID__c' },
} as const;
