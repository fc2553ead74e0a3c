import { ConnectorFault, type Finding } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import type { HubSpotClient } from './client.ts';
import { stageWriter } from './stage-writer.ts';
import type { Declaration } from './settings.ts';

const propertiesAnswer = z.looseObject({
  results: z.array(z.looseObject({ name: z.string(), type: z.string().default('string') })),
});
const totalAnswer = z.looseObject({ total: z.number() });

/** What a declared property should hold, so that a date in a text field is found before a rule misses it. */
const WANTED_TYPES: Readonly<Record<string, readonly string[]>> = {
  renewalDate: ['date', 'datetime'],
  customerSince: ['date', 'datetime'],
  leftDate: ['date', 'datetime'],
  value: ['number'],
};

/** Checks the declaration against the account: properties, values, pipelines, and that there are customers at all. */
export async function probe(client: HubSpotClient): Promise<readonly Finding[]> {
  const { declaration } = client;
  const checks = [
    () => checkProperties(client, 'companies', companyProperties(declaration)),
    () => checkProperties(client, 'contacts', contactProperties(declaration)),
    () => checkCustomers(client, declaration),
    () => checkPipelines(client, declaration),
    () => checkTicketStages(client, declaration),
    () => checkMeetingOutcomes(client, declaration),
  ];
  const findings: Finding[] = [];
  for (const check of checks) findings.push(...(await unlessScopeMissing(check)));
  return findings;
}

/** A missing scope is the streams' own finding; here it only means that something could not be looked at. */
async function unlessScopeMissing(check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof ConnectorFault) || error.fault.kind !== 'scope-missing') throw error;
    const { scope } = error.fault;
    return [
      {
        severity: 'warning',
        code: 'scope_missing',
        message: `A part of the declaration could not be checked: ${error.message}`,
        fix: `Connect HubSpot again${scope === undefined ? '' : ` and grant ${scope}`}.`,
      },
    ];
  }
}

function companyProperties({ customers, properties }: Declaration): ReadonlyMap<string, string> {
  const { watch, ...roles } = properties;
  return new Map([
    ...watch.map((name): [string, string] => [`watch: ${name}`, name]),
    ...Object.entries(roles).flatMap(([role, name]): [string, string][] => (name === undefined ? [] : [[role, name]])),
    ['customers', customers.property],
  ]);
}

function contactProperties({ contacts }: Declaration): ReadonlyMap<string, string> {
  return new Map([
    ['persona', contacts.persona],
    ...(contacts.leftDate ? [['leftDate', contacts.leftDate] as const] : []),
  ]);
}

async function checkProperties(
  client: HubSpotClient,
  type: 'companies' | 'contacts',
  declared: ReadonlyMap<string, string>,
): Promise<Finding[]> {
  const answer = await client.json({
    bucket: 'portal',
    method: 'GET',
    path: paths.properties(type),
    idempotent: true,
    doc: docs.properties,
    answer: propertiesAnswer,
  });
  const types = new Map(answer.results.map((property) => [property.name, property.type]));
  return [...declared].flatMap(([role, name]): Finding[] => {
    const found = types.get(name);
    const wanted = WANTED_TYPES[role];
    if (found === undefined) {
      return [
        {
          severity: 'error',
          code: 'property_missing',
          message: `HubSpot has no property "${name}" of ${type}, which is declared as ${role}, or the connected user may not see it.`,
          fix: 'Use the internal name that HubSpot shows in the settings of the property, or make the property visible to the connected user.',
        },
      ];
    }
    if (wanted === undefined || wanted.includes(found)) return [];
    return [
      {
        severity: 'warning',
        code: 'property_type',
        message: `"${name}" is declared as ${role} and is a ${found} in HubSpot; wanted is ${wanted.join(' or ')}.`,
        fix: 'Declare another property, or see that every value can be read as one.',
      },
    ];
  });
}

async function checkCustomers(client: HubSpotClient, { customers }: Declaration): Promise<Finding[]> {
  const described = await stageWriter.describe(client, customers.property);
  if (described === null) return [];
  const options = described.options.map((option) => option.value);
  const unknown = options.length === 0 ? [] : customers.values.filter((value) => !options.includes(value));
  const findings: Finding[] = unknown.map((value) => ({
    severity: unknown.length === customers.values.length ? 'error' : 'warning',
    code: 'customer_value_unknown',
    message: `"${value}" is declared to mean a customer and is no option of "${customers.property}".`,
    fix: `Declare internal values, not labels. HubSpot has: ${options.slice(0, 30).join(', ')}.`,
  }));
  const answer = await client.json({
    bucket: 'search',
    method: 'POST',
    path: paths.search('companies'),
    body: {
      filterGroups: [{ filters: [{ propertyName: customers.property, operator: 'IN', values: customers.values }] }],
      properties: ['hs_object_id'],
      limit: 1,
    },
    idempotent: true,
    doc: docs.search,
    answer: totalAnswer,
  });
  if (answer.total > 0) return findings;
  return [
    ...findings,
    {
      severity: 'error',
      code: 'no_customers',
      message: `No company is a customer by the declaration (${customers.property} in ${customers.values.join(', ')}), so no risk rule applies to any.`,
      fix: 'Declare the property and the values by which your customers are known.',
    },
  ];
}

async function checkPipelines(client: HubSpotClient, { deals }: Declaration): Promise<Finding[]> {
  const pipelines = await client.directory.pipelines('deals');
  const known = new Set(pipelines.flatMap((pipeline) => [pipeline.id, pipeline.label]));
  const unknown = Object.keys(deals.pipelineKinds).filter((name) => !known.has(name));
  const renewals =
    Object.values(deals.pipelineKinds).includes('renewal') || pipelines.some((each) => /renew/i.test(each.label));
  return [
    ...unknown.map((name): Finding => ({
      severity: 'warning',
      code: 'pipeline_unknown',
      message: `"${name}" is declared and is no deal pipeline of this account.`,
      fix: `Use an id or a label of: ${pipelines.map((each) => `${each.label} (${each.id})`).join(', ')}.`,
    })),
    ...(renewals ? [] : [noRenewalPipeline]),
  ];
}

const noRenewalPipeline: Finding = {
  severity: 'info',
  code: 'no_renewal_pipeline',
  message: 'No deal pipeline is known to hold renewals, so renewals are known by the renewal date alone.',
  fix: 'If one holds them, declare it as renewal.',
};

async function checkTicketStages(client: HubSpotClient, { tickets }: Declaration): Promise<Finding[]> {
  if (tickets.escalatedStages.length === 0) return [];
  const pipelines = await client.directory.pipelines('tickets');
  const known = new Set(pipelines.flatMap((each) => each.stages.flatMap((stage) => [stage.id, stage.label])));
  return tickets.escalatedStages
    .filter((name) => !known.has(name))
    .map((name) => ({
      severity: 'warning',
      code: 'ticket_stage_unknown',
      message: `"${name}" is declared to mean an escalation and is no stage of a ticket pipeline.`,
      fix: 'Use the id or the label of a stage.',
    }));
}

/** HubSpot's own outcomes, whose meaning is known. */
const OWN_OUTCOMES = new Set(['SCHEDULED', 'COMPLETED', 'RESCHEDULED', 'NO_SHOW', 'CANCELED']);
const optionsAnswer = z.looseObject({ options: z.array(z.looseObject({ value: z.string() })).default([]) });

/** An account may add outcomes of its own: undeclared, they leave open whether a meeting was held. */
async function checkMeetingOutcomes(client: HubSpotClient, { meetings }: Declaration): Promise<Finding[]> {
  const found = await client.jsonOrNone({
    bucket: 'portal',
    method: 'GET',
    path: paths.property('meetings', 'hs_meeting_outcome'),
    idempotent: true,
    doc: docs.properties,
    answer: optionsAnswer,
  });
  const options = found?.options.map((option) => option.value) ?? [];
  const declared = Object.keys(meetings.outcomes);
  const open = options.filter((option) => !OWN_OUTCOMES.has(option.toUpperCase()) && !declared.includes(option));
  const unknown = found === undefined ? [] : declared.filter((name) => !options.includes(name));
  return [
    ...unknown.map((name): Finding => ({
      severity: 'warning',
      code: 'meeting_outcome_unknown',
      message: `"${name}" is declared as an outcome of meetings and is none of this account.`,
      fix: `Use internal values. HubSpot has: ${options.slice(0, 30).join(', ')}.`,
    })),
    ...(open.length === 0
      ? []
      : [
          {
            severity: 'info' as const,
            code: 'meeting_outcome_open',
            message: `Meetings can end as ${open.slice(0, 10).join(', ')}, of which the declaration does not say whether they were held.`,
            fix: 'Declare each under meetings.outcomes as held, no_show or canceled, if it says so.',
          },
        ]),
  ];
}
