import type { ObjectType } from './object-type.ts';

export type PropertyKind = 'string' | 'number' | 'date' | 'datetime' | 'enumeration' | 'bool';

export interface PropertyOption {
  readonly label: string;
  readonly value: string;
  readonly displayOrder: number;
  readonly hidden?: boolean;
}

export interface PropertyDefinition {
  readonly name: string;
  readonly label: string;
  readonly type: PropertyKind;
  readonly fieldType: string;
  readonly groupName: string;
  readonly description: string;
  readonly options: readonly PropertyOption[];
  readonly hubspotDefined: boolean;
  readonly readOnly?: boolean;
  /** The options are owners, pipelines or stages and are not listed on the property. */
  readonly externalOptions?: boolean;
  /** Epoch milliseconds. */
  readonly createdAt?: number;
}

/** HubSpot's default lifecycle stages in order. https://knowledge.hubspot.com/records/use-lifecycle-stages */
export const LIFECYCLE_STAGES = [
  ['subscriber', 'Subscriber'],
  ['lead', 'Lead'],
  ['marketingqualifiedlead', 'Marketing Qualified Lead'],
  ['salesqualifiedlead', 'Sales Qualified Lead'],
  ['opportunity', 'Opportunity'],
  ['customer', 'Customer'],
  ['evangelist', 'Evangelist'],
  ['other', 'Other'],
] as const;

type Row = readonly [name: string, type?: PropertyKind, flags?: 'readOnly' | 'external'];

const ROWS: Readonly<Record<ObjectType, readonly Row[]>> = {
  companies: [
    ['name'],
    ['domain'],
    ['website'],
    ['hs_additional_domains'],
    ['industry'],
    ['city'],
    ['country'],
    ['description'],
    ['numberofemployees', 'number'],
    ['annualrevenue', 'number'],
    ['lifecyclestage', 'enumeration'],
    ['hubspot_owner_id', 'enumeration', 'external'],
    ['hs_parent_company_id', 'number'],
    ['createdate', 'datetime', 'readOnly'],
    ['hs_lastmodifieddate', 'datetime', 'readOnly'],
  ],
  contacts: [
    ['firstname'],
    ['lastname'],
    ['email'],
    ['hs_additional_emails'],
    ['jobtitle'],
    ['phone'],
    ['company'],
    ['lifecyclestage', 'enumeration'],
    ['hs_buying_role'],
    ['associatedcompanyid', 'number', 'readOnly'],
    ['hubspot_owner_id', 'enumeration', 'external'],
    ['createdate', 'datetime', 'readOnly'],
    ['lastmodifieddate', 'datetime', 'readOnly'],
  ],
  deals: [
    ['dealname'],
    ['amount', 'number'],
    ['closedate', 'datetime'],
    ['dealstage', 'enumeration', 'external'],
    ['pipeline', 'enumeration', 'external'],
    ['dealtype'],
    ['hs_is_closed', 'bool'],
    ['hs_is_closed_won', 'bool'],
    ['deal_currency_code'],
    ['hubspot_owner_id', 'enumeration', 'external'],
    ['createdate', 'datetime', 'readOnly'],
    ['hs_lastmodifieddate', 'datetime', 'readOnly'],
  ],
  tickets: [
    ['subject'],
    ['content'],
    ['hs_pipeline', 'enumeration', 'external'],
    ['hs_pipeline_stage', 'enumeration', 'external'],
    ['hs_ticket_priority', 'enumeration'],
    ['source_type'],
    ['closed_date', 'datetime'],
    ['hubspot_owner_id', 'enumeration', 'external'],
    ['createdate', 'datetime', 'readOnly'],
    ['hs_lastmodifieddate', 'datetime', 'readOnly'],
  ],
  meetings: [
    ['hs_meeting_title'],
    ['hs_meeting_body'],
    ['hs_meeting_start_time', 'datetime'],
    ['hs_meeting_end_time', 'datetime'],
    ['hs_meeting_outcome', 'enumeration'],
    ['hs_meeting_external_url'],
    ['hs_meeting_location'],
    ['hs_i_cal_uid'],
    ['hs_attendee_owner_ids'],
    ['hs_engagement_source'],
    ['hs_engagement_source_id'],
    ['hs_object_source'],
    ['hs_timestamp', 'datetime'],
    ['hubspot_owner_id', 'enumeration', 'external'],
    ['hs_createdate', 'datetime', 'readOnly'],
    ['hs_lastmodifieddate', 'datetime', 'readOnly'],
  ],
  emails: [
    ['hs_email_subject'],
    ['hs_email_text'],
    ['hs_email_html'],
    ['hs_email_direction', 'enumeration'],
    ['hs_email_status'],
    ['hs_email_message_id'],
    ['hs_email_thread_id'],
    ['hs_email_headers'],
    ['hs_email_from_email'],
    ['hs_email_to_email'],
    ['hs_email_cc_email'],
    ['hs_object_source'],
    ['hs_sequence_id'],
    ['hs_timestamp', 'datetime'],
    ['hubspot_owner_id', 'enumeration', 'external'],
    ['hs_createdate', 'datetime', 'readOnly'],
    ['hs_lastmodifieddate', 'datetime', 'readOnly'],
  ],
  feedback_submissions: [
    ['hs_survey_type'],
    ['hs_survey_channel'],
    ['hs_survey_id'],
    ['hs_survey_name'],
    ['hs_submission_name'],
    ['hs_submission_timestamp', 'datetime'],
    ['hs_response_group'],
    ['hs_value', 'number'],
    ['hs_content'],
    ['hs_createdate', 'datetime', 'readOnly'],
    ['hs_lastmodifieddate', 'datetime', 'readOnly'],
  ],
};

/** Properties that every object has. */
const COMMON: readonly Row[] = [
  ['hs_object_id', 'number', 'readOnly'],
  ['hs_merged_object_ids', 'enumeration', 'readOnly'],
];

const OPTIONS: Readonly<Record<string, readonly (readonly [value: string, label: string])[]>> = {
  lifecyclestage: LIFECYCLE_STAGES,
  hs_ticket_priority: [
    ['LOW', 'Low'],
    ['MEDIUM', 'Medium'],
    ['HIGH', 'High'],
    ['URGENT', 'Urgent'],
  ],
  hs_meeting_outcome: [
    ['SCHEDULED', 'Scheduled'],
    ['COMPLETED', 'Completed'],
    ['RESCHEDULED', 'Rescheduled'],
    ['NO_SHOW', 'No show'],
    ['CANCELED', 'Canceled'],
  ],
  hs_email_direction: [
    ['EMAIL', 'Email'],
    ['INCOMING_EMAIL', 'Incoming email'],
    ['FORWARDED_EMAIL', 'Forwarded email'],
  ],
};

const FIELD_TYPES: Readonly<Record<PropertyKind, string>> = {
  string: 'text',
  number: 'number',
  date: 'date',
  datetime: 'date',
  enumeration: 'select',
  bool: 'booleancheckbox',
};

/** The properties that every new portal has for an object, by name. */
export function builtInProperties(type: ObjectType): Record<string, PropertyDefinition> {
  const rows = [...COMMON, ...ROWS[type]];
  return Object.fromEntries(
    rows.map(([name, kind = 'string', flag]): [string, PropertyDefinition] => [
      name,
      {
        name,
        label: name.replace(/^hs_/, '').replaceAll('_', ' '),
        type: kind,
        fieldType: FIELD_TYPES[kind],
        groupName: `${type === 'companies' ? 'company' : type.slice(0, -1)}information`,
        description: '',
        options: (OPTIONS[name] ?? []).map(([value, label], displayOrder) => ({
          value,
          label,
          displayOrder,
        })),
        hubspotDefined: true,
        ...(flag === 'readOnly' ? { readOnly: true } : {}),
        // Merged ids have no listed options either; the vendor fills them by itself.
        ...(flag === 'external' || name === 'hs_merged_object_ids' ? { externalOptions: true } : {}),
      },
    ]),
  );
}

/** The answer of the properties API for one property. https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide */
export function propertyJson(definition: PropertyDefinition): Record<string, unknown> {
  const at = new Date(definition.createdAt ?? Date.UTC(2020, 0, 1)).toISOString();
  return {
    name: definition.name,
    label: definition.label,
    type: definition.type,
    fieldType: definition.fieldType,
    description: definition.description,
    groupName: definition.groupName,
    options: definition.options.map((option) => ({ description: '', hidden: false, ...option })),
    displayOrder: -1,
    calculated: false,
    externalOptions: definition.externalOptions ?? false,
    hasUniqueValue: false,
    hidden: false,
    hubspotDefined: definition.hubspotDefined,
    archived: false,
    formField: false,
    createdAt: at,
    updatedAt: at,
    modificationMetadata: {
      archivable: !definition.hubspotDefined,
      readOnlyDefinition: definition.hubspotDefined,
      readOnlyOptions: definition.hubspotDefined && definition.name !== 'lifecyclestage',
      readOnlyValue: definition.readOnly ?? false,
    },
  };
}
