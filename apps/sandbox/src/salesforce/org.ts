import { picklist, type FieldDefinition } from './field.ts';
import { standardObjects } from './object-catalog.ts';
import { numberedId } from './record-id.ts';
import type { FieldValue, Org, Profile, SObject } from './state.ts';

/** API name, whether it is closed, whether it is won, probability, forecast category. */
export type StageRow = readonly [name: string, closed: boolean, won: boolean, probability: number, forecast: string];

export interface OrgInput {
  /** 15 or 18 characters from 00D. */
  readonly id: string;
  readonly name: string;
  readonly timeZone?: string;
  readonly currency?: string;
  readonly edition?: string;
  readonly sandbox?: boolean;
  /** When the org was made, epoch milliseconds. */
  readonly createdAt?: number;
  readonly stages?: readonly StageRow[];
  readonly caseStatuses?: readonly (readonly [name: string, closed: boolean])[];
  readonly recordTypes?: readonly (readonly [object: string, developerName: string, name: string])[];
  /** Further fields, and standard ones replaced, by object. */
  readonly fields?: Readonly<Record<string, readonly FieldDefinition[]>>;
}

const STAGES: readonly StageRow[] = [
  ['Prospecting', false, false, 10, 'Pipeline'],
  ['Proposal/Price Quote', false, false, 75, 'Pipeline'],
  ['Negotiation/Review', false, false, 90, 'Pipeline'],
  ['Closed Won', true, true, 100, 'Closed'],
  ['Closed Lost', true, false, 0, 'Omitted'],
];

const CASE_STATUSES = [
  ['New', false],
  ['Working', false],
  ['Escalated', false],
  ['Closed', true],
] as const;

const profile = (id: string, name: string, admin: boolean, more: Partial<Profile> = {}): Profile => ({
  id,
  name,
  admin,
  apiEnabled: true,
  viewAll: true,
  hiddenObjects: [],
  hiddenFields: [],
  readOnlyObjects: [],
  readOnlyFields: [],
  ...more,
});

/** Ids of the profiles that each org has. */
export const PROFILES = {
  admin: numberedId('00e', 1),
  standard: numberedId('00e', 2),
  integration: numberedId('00e', 3),
} as const;

/** An org with its set-up and without any business data: an administrator's, a standard user's and an integration user's profile. */
export function createOrg(input: OrgInput): Org {
  const createdAt = input.createdAt ?? Date.UTC(2020, 0, 1);
  const profiles = [
    profile(PROFILES.admin, 'System Administrator', true),
    profile(PROFILES.standard, 'Standard User', false, { apiEnabled: true }),
    profile(PROFILES.integration, 'Minimum Access - API Only Integrations', false),
  ];
  const org: Org = {
    id: input.id,
    name: input.name,
    timeZone: input.timeZone ?? 'Europe/Berlin',
    currency: input.currency ?? 'USD',
    edition: input.edition ?? 'Enterprise Edition',
    sandbox: input.sandbox ?? false,
    profiles: Object.fromEntries(profiles.map((each) => [each.id, each])),
    objects: standardObjects(),
    records: {},
    sequences: {},
  };
  const setUp = (object: string, values: SObject): void => plantRow(org, object, values, createdAt);
  plantRow(
    org,
    'Organization',
    {
      Id: org.id,
      Name: org.name,
      OrganizationType: org.edition,
      TimeZoneSidKey: org.timeZone,
      InstanceName: 'DEU42',
      IsSandbox: org.sandbox,
      DefaultLocaleSidKey: 'en_US',
      LanguageLocaleKey: 'en_US',
    },
    createdAt,
  );
  for (const each of profiles) {
    setUp('Profile', { Id: each.id, Name: each.name, UserType: 'Standard' });
    setUp('PermissionSet', { Name: `X${each.id}`, Label: each.name, ProfileId: each.id, IsOwnedByProfile: true });
  }
  const stages = input.stages ?? STAGES;
  for (const [index, [name, closed, won, probability, forecast]] of stages.entries()) {
    setUp('OpportunityStage', {
      MasterLabel: name,
      ApiName: name,
      IsActive: true,
      SortOrder: index + 1,
      IsClosed: closed,
      IsWon: won,
      DefaultProbability: probability,
      ForecastCategory: forecast,
      ForecastCategoryName: forecast === 'BestCase' ? 'Best Case' : forecast,
    });
  }
  const statuses = input.caseStatuses ?? CASE_STATUSES;
  for (const [index, [name, closed]] of statuses.entries()) {
    setUp('CaseStatus', {
      MasterLabel: name,
      ApiName: name,
      SortOrder: index + 1,
      IsDefault: index === 0,
      IsClosed: closed,
    });
  }
  for (const [object, developerName, name] of input.recordTypes ?? []) {
    setUp('RecordType', { Name: name, DeveloperName: developerName, SobjectType: object, IsActive: true });
  }
  replaceFields(org, 'Opportunity', [
    picklist(
      'StageName',
      stages.map(([name]) => name),
      { nillable: false, label: 'Stage' },
    ),
  ]);
  replaceFields(org, 'Case', [
    picklist(
      'Status',
      statuses.map(([name]) => name),
      { tracked: true },
    ),
  ]);
  for (const [object, fields] of Object.entries(input.fields ?? {})) replaceFields(org, object, fields);
  return org;
}

/** Adds fields to an object; one of the same name is replaced. */
export function replaceFields(org: Org, object: string, fields: readonly FieldDefinition[]): void {
  const schema = org.objects[object];
  if (schema === undefined) throw new Error(`The sandbox's Salesforce has no object ${object}; add it to the catalog.`);
  const names = new Set(fields.map((each) => each.name));
  schema.fields = [...schema.fields.filter((each) => !names.has(each.name)), ...fields];
}

/** The next id of an object. */
export function nextId(org: Org, prefix: string): string {
  const number = (org.sequences[prefix] ?? 0) + 1;
  org.sequences[prefix] = number;
  return numberedId(prefix, number + 1000);
}

function plantRow(org: Org, object: string, values: SObject, at: number): void {
  const schema = org.objects[object];
  if (schema === undefined) throw new Error(`The sandbox's Salesforce has no object ${object}.`);
  const given = values['Id'];
  const id = typeof given === 'string' ? given : nextId(org, schema.prefix);
  const row: Record<string, FieldValue> = {
    CreatedDate: at,
    LastModifiedDate: at,
    SystemModstamp: at,
    ...values,
    Id: id,
  };
  (org.records[object] ??= {})[id] = row;
}
