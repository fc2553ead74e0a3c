import type { Finding } from '@waymark/connector-kit';
import type { SalesforceClient } from './client.ts';
import type { Field } from './schema.ts';
import type { Declaration } from './settings.ts';
import { literal } from './soql.ts';

/** What a declared field should be, so that a date in a text field is found before a rule misses it. */
const WANTED_TYPES: Readonly<Record<string, readonly string[]>> = {
  renewalDate: ['date', 'datetime'],
  customerSince: ['date', 'datetime'],
  leftDate: ['date', 'datetime'],
  value: ['currency', 'double', 'int', 'percent'],
  outcome: ['picklist', 'string'],
};

/** Checks the declaration against the org: fields, values, record types, statuses, and that there are customers at all. */
export async function probeDeclaration(client: SalesforceClient): Promise<Finding[]> {
  const { declaration } = client;
  return [
    ...(await checkFields(client, 'Account', accountFields(declaration))),
    ...(await checkFields(client, 'Contact', contactFields(declaration))),
    ...(await checkFields(client, 'Event', {
      outcome: declaration.meetings.outcome,
      iCalUid: declaration.meetings.iCalUid,
    })),
    ...(await checkCustomers(client, declaration)),
    ...(await checkDeals(client, declaration)),
    ...(await checkStatuses(client, declaration)),
  ];
}

function accountFields({ customers, properties }: Declaration): Readonly<Record<string, unknown>> {
  const { watch, ...roles } = properties;
  return {
    customers: customers.property,
    ...roles,
    ...Object.fromEntries(watch.map((name) => [`watch: ${name}`, name])),
  };
}

function contactFields({ contacts }: Declaration): Readonly<Record<string, unknown>> {
  const { persona, leftDate, addresses } = contacts;
  return { persona, leftDate, ...Object.fromEntries(addresses.map((name) => [`address: ${name}`, name])) };
}

async function checkFields(
  client: SalesforceClient,
  object: string,
  declared: Readonly<Record<string, unknown>>,
): Promise<Finding[]> {
  const fields = await client.schema.fields(object);
  if (fields === null) return [];
  return Object.entries(declared).flatMap(([role, name]): Finding[] => {
    if (typeof name !== 'string') return [];
    const found = fields.get(name);
    const wanted = WANTED_TYPES[role];
    if (found === undefined) {
      return [
        {
          severity: 'error',
          code: 'property_missing',
          message: `${object} has no field "${name}", which is declared as ${role}, or the connected user may not see it.`,
          fix: 'Use the API name of the field, or give the connected user’s permission set Read on it.',
        },
      ];
    }
    if (wanted === undefined || wanted.includes(found.type)) return [];
    return [
      {
        severity: 'warning',
        code: 'property_type',
        message: `"${name}" is declared as ${role} and is a ${found.type} in Salesforce; wanted is ${wanted.join(' or ')}.`,
        fix: 'Declare another field, or see that every value can be read as one.',
      },
    ];
  });
}

async function checkCustomers(client: SalesforceClient, { customers }: Declaration): Promise<Finding[]> {
  const field = (await client.schema.fields('Account'))?.get(customers.property);
  if (field === undefined) return [];
  const options = activeValues(field);
  const unknown = options.length === 0 ? [] : customers.values.filter((value) => !options.includes(value));
  // The defaults name what orgs commonly use; of these one is enough.
  const partly = unknown.length < customers.values.length;
  const isDefault = customers.property === 'Type' && partly;
  const findings: Finding[] = (isDefault ? [] : unknown).map((value) => ({
    severity: partly ? 'warning' : 'error',
    code: 'customer_value_unknown',
    message: `"${value}" is declared to mean a customer and is no value of Account.${customers.property}.`,
    fix: `Declare API values, not labels. Salesforce has: ${options.slice(0, 30).join(', ')}.`,
  }));
  const values = customers.values.map(literal).join(',');
  const total = await client.count('Account', ['IsDeleted = false', `${customers.property} IN (${values})`]);
  if (total > 0) return findings;
  return [
    ...findings,
    {
      severity: 'error',
      code: 'no_customers',
      message: `No account that the connected user may see is a customer by the declaration (${customers.property} in ${customers.values.join(', ')}), so no risk rule applies to any.`,
      fix: 'Declare the field and the values by which your customers are known, and give the user View All on accounts.',
    },
  ];
}

async function checkDeals(client: SalesforceClient, { deals }: Declaration): Promise<Finding[]> {
  const fields = await client.schema.fields('Opportunity');
  if (fields === null) return [];
  const type = fields.get('Type');
  const types = type === undefined ? [] : activeValues(type);
  const recordTypes = [...(await client.catalog.recordTypes()).values()];
  const known = new Set([...types, ...recordTypes.flatMap((each) => [each.id, each.name, each.developerName])]);
  const unknown = Object.keys(deals.pipelineKinds).filter((name) => !known.has(name));
  const renewals =
    Object.values(deals.pipelineKinds).includes('renewal') || [...known].some((name) => /renew/i.test(name));
  return [
    ...unknown.map((name): Finding => ({
      severity: 'warning',
      code: 'pipeline_unknown',
      message: `"${name}" is declared and is neither a record type nor a type of opportunities of this org.`,
      fix: `Use one of: ${[...types, ...recordTypes.map((each) => each.name)].slice(0, 30).join(', ')}.`,
    })),
    ...(renewals ? [] : [noRenewals]),
  ];
}

const noRenewals: Finding = {
  severity: 'info',
  code: 'no_renewal_pipeline',
  message:
    'No record type or type of opportunities is known to mean renewals, so renewals are known by the renewal date alone.',
  fix: 'If one means them, declare it as renewal.',
};

async function checkStatuses(client: SalesforceClient, { tickets }: Declaration): Promise<Finding[]> {
  if (tickets.escalatedStages.length === 0) return [];
  const known = new Set(Object.keys(await client.catalog.caseStatuses()));
  return tickets.escalatedStages
    .filter((name) => !known.has(name))
    .map((name) => ({
      severity: 'warning',
      code: 'ticket_stage_unknown',
      message: `"${name}" is declared to mean an escalation and is no status of cases.`,
      fix: `Use one of: ${[...known].slice(0, 30).join(', ')}.`,
    }));
}

function activeValues(field: Field): string[] {
  return field.picklistValues.filter((option) => option.active).map((option) => option.value);
}
