import { dealStages, ticketStages } from './portal.ts';
import { LIFECYCLE_STAGES, type PropertyDefinition, type PropertyKind } from './property.ts';
import type { Pipeline } from './state.ts';
import type { OnboardingStatus, WorldDeal, WorldPerson, WorldTicket } from '../company/world.ts';

type DealStage = WorldDeal['history'][number]['stage'];
type TicketStatus = WorldTicket['history'][number]['status'];

const DEAL_ROWS = [
  ['qualified', 'Qualified', 0.4],
  ['proposal', 'Proposal', 0.6],
  ['negotiation', 'Negotiation', 0.8],
  ['won', 'Won', 1],
  ['lost', 'Lost', 0],
] as const;

interface DealPipeline {
  readonly id: string;
  readonly label: string;
  readonly stageIds: Readonly<Record<DealStage, string>>;
}

/** The default pipeline's stages have names, those of pipelines added later have numbers, as in HubSpot. */
export const DEAL_PIPELINES: Readonly<Record<WorldDeal['pipeline'], DealPipeline>> = {
  'new-business': {
    id: 'default',
    label: 'New business',
    stageIds: {
      qualified: 'qualifiedtobuy',
      proposal: 'presentationscheduled',
      negotiation: 'contractsent',
      won: 'closedwon',
      lost: 'closedlost',
    },
  },
  renewal: {
    id: '718042101',
    label: 'Renewals',
    stageIds: { qualified: '1040001', proposal: '1040002', negotiation: '1040003', won: '1040004', lost: '1040005' },
  },
  expansion: {
    id: '718042102',
    label: 'Expansion',
    stageIds: { qualified: '1050001', proposal: '1050002', negotiation: '1050003', won: '1050004', lost: '1050005' },
  },
};

export const TICKET_PIPELINE = '0';

export const TICKET_STAGES: Readonly<Record<TicketStatus, string>> = {
  new: '1',
  waiting_customer: '2',
  waiting_us: '3',
  closed: '4',
  escalated: '1060001',
};

export function samplePipelines(): { readonly deals: readonly Pipeline[]; readonly tickets: readonly Pipeline[] } {
  const deals = Object.values(DEAL_PIPELINES).map((pipeline, displayOrder) => ({
    id: pipeline.id,
    label: pipeline.label,
    displayOrder,
    stages: dealStages(DEAL_ROWS.map(([stage, label, probability]) => [pipeline.stageIds[stage], label, probability])),
  }));
  const tickets = [
    {
      id: TICKET_PIPELINE,
      label: 'Support',
      displayOrder: 0,
      stages: ticketStages([
        [TICKET_STAGES.new, 'New', 'OPEN'],
        [TICKET_STAGES.waiting_customer, 'Waiting on customer', 'OPEN'],
        [TICKET_STAGES.waiting_us, 'Waiting on us', 'OPEN'],
        [TICKET_STAGES.escalated, 'Escalated', 'OPEN'],
        [TICKET_STAGES.closed, 'Closed', 'CLOSED'],
      ]),
    },
  ];
  return { deals, tickets };
}

/** The vendor's lifecycle stages: the default ones with two that its RevOps added. */
export const SAMPLE_LIFECYCLE_STAGES: readonly (readonly [value: string, label: string])[] = [
  ...LIFECYCLE_STAGES,
  ['partner', 'Partner'],
  ['churned', 'Churned'],
];

const ONBOARDING: readonly (readonly [OnboardingStatus, string])[] = [
  ['contract_signed', 'Contract signed'],
  ['kickoff', 'Kickoff held'],
  ['training', 'Training done'],
  ['live', 'Live'],
];

/** Values of `hs_buying_role` by persona. https://knowledge.hubspot.com/records/hubspots-default-contact-properties */
export const BUYING_ROLES: Readonly<Record<WorldPerson['persona'], string | undefined>> = {
  champion: 'CHAMPION',
  buyer: 'BUDGET_HOLDER',
  admin: 'INFLUENCER',
  user: 'END_USER',
  other: undefined,
};

function custom(
  name: string,
  label: string,
  type: PropertyKind,
  options: readonly (readonly [value: string, label: string])[] = [],
): PropertyDefinition {
  const fieldTypes: Readonly<Record<PropertyKind, string>> = {
    enumeration: 'select',
    number: 'number',
    date: 'date',
    datetime: 'date',
    bool: 'booleancheckbox',
    string: 'text',
  };
  return {
    name,
    label,
    type,
    fieldType: fieldTypes[type],
    groupName: 'customer_success',
    description: '',
    options: options.map(([value, text], displayOrder) => ({ value, label: text, displayOrder })),
    hubspotDefined: false,
  };
}

/** The vendor's own company properties: who looks after the account, when it renews, what it is worth. */
export const COMPANY_PROPERTIES: readonly PropertyDefinition[] = [
  custom('csm', 'CSM', 'string'),
  custom('renewal_date', 'Renewal date', 'date'),
  custom('annual_value', 'Annual value', 'number'),
  custom('tier', 'Tier', 'enumeration', [
    ['enterprise', 'Enterprise'],
    ['mid', 'Mid-market'],
    ['small', 'Small'],
  ]),
  custom('customer_since', 'Customer since', 'date'),
  custom('onboarding_status', 'Onboarding status', 'enumeration', ONBOARDING),
];

export const CONTACT_PROPERTIES: readonly PropertyDefinition[] = [custom('left_date', 'Left the company on', 'date')];

/** The number by which the vendor's people know a ticket; also what keeps a ticket from being entered twice. */
export const TICKET_PROPERTIES: readonly PropertyDefinition[] = [custom('desk_reference', 'Desk reference', 'string')];
