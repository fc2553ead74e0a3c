import { ConnectorFault, type Finding } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import type { SalesforceClient } from './client.ts';
import type { ObjectSpec } from './object-spec.ts';
import { objectSpecs } from './object-streams.ts';
import { probeDeclaration } from './probe-declaration.ts';
import { literal } from './soql.ts';

/** Fields that only some orgs have: nothing is hidden where they are missing. */
const SOMETIMES = new Set([
  'IsPersonAccount',
  'CurrencyIsoCode',
  'RecordTypeId',
  'AutomationType',
  'LastStageChangeDate',
  'ActivityDateTime',
  'AccountId',
  'UserType',
  'MasterRecordId',
  'IsPrivate',
  'Type',
  'ThreadIdentifier',
]);

const limits = z.looseObject({
  DailyApiRequests: z.looseObject({ Max: z.number(), Remaining: z.number() }).optional(),
});

/** Reads of one day that go on even where nothing changes: eight objects every five minutes. */
const QUIET_DAY = 8 * 12 * 24;

/** Checks what the connected user may see against what is read and declared, and what is left of the day's calls. */
export async function probe(client: SalesforceClient): Promise<readonly Finding[]> {
  await client.schema.refresh();
  const checks = [
    ...objectSpecs.map((spec) => () => checkObject(client, spec)),
    () => checkHistories(client),
    () => probeDeclaration(client),
    () => checkLimits(client),
  ];
  const findings: Finding[] = [];
  for (const check of checks) findings.push(...(await unlessForbidden(check)));
  return findings;
}

/** A missing right is told by the object's own check; here it only means that something could not be looked at. */
async function unlessForbidden(check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof ConnectorFault) || error.fault.kind !== 'scope-missing') throw error;
    return [
      {
        severity: 'warning',
        code: 'right_missing',
        message: `A part of the org could not be checked: ${error.message}`,
        fix: 'Give the connected user the permissions that docs/install.md names.',
      },
    ];
  }
}

/** Fields that the user may not see are left out of every query, so that they would be empty without a word (failure D12). */
async function checkObject(client: SalesforceClient, spec: ObjectSpec): Promise<Finding[]> {
  const fields = await client.schema.fields(spec.object);
  if (fields === null) {
    // Orgs without Enhanced Email have no EmailMessage: mailboxes tell of mail anyway.
    const spared = spec.object === 'EmailMessage';
    return [
      {
        severity: spared ? 'warning' : 'error',
        code: 'object_hidden',
        message: `The connected user may not read ${spec.object}${spared ? ', or the org has none' : ''}, so the stream ${spec.name} stands still.`,
        fix: `Give its permission set Read (and View All) on ${spec.object}${spared ? ', or turn on Enhanced Email' : ''}.`,
      },
    ];
  }
  const required = ['SystemModstamp', ...spec.required].filter((name) => !fields.has(name));
  const declared = new Set(declaredFields(client));
  const optional = spec
    .optional(client.declaration)
    .filter((name) => !fields.has(name) && !SOMETIMES.has(name) && !declared.has(name));
  const hidden = (names: readonly string[], severity: Finding['severity'], effect: string): Finding[] =>
    names.length === 0
      ? []
      : [
          {
            severity,
            code: 'field_hidden',
            message: `The connected user may not see ${names.map((name) => `${spec.object}.${name}`).join(', ')}: ${effect}.`,
            fix: 'Give its permission set Read on these fields (Setup, Permission Sets, Object Settings).',
          },
        ];
  return [
    ...hidden(required, 'error', `the stream ${spec.name} stands still`),
    ...hidden(optional, 'warning', 'they are read as unknown'),
  ];
}

function declaredFields({ declaration }: SalesforceClient): (string | undefined)[] {
  const { watch, ...roles } = declaration.properties;
  const { persona, leftDate, addresses } = declaration.contacts;
  const { outcome, iCalUid } = declaration.meetings;
  return [
    declaration.customers.property,
    ...Object.values(roles),
    ...watch,
    persona,
    leftDate,
    ...addresses,
    outcome,
    iCalUid,
  ];
}

/** What is not tracked has no past: a stage is then known as it is now, and since when is a guess. */
async function checkHistories(client: SalesforceClient): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const parent of ['Account', 'Opportunity', 'Case']) {
    const object = `${parent}History`;
    // A history goes with its object, of which it is told already.
    if ((await client.schema.fields(parent)) === null || (await client.schema.fields(object)) !== null) continue;
    findings.push({
      severity: 'warning',
      code: 'history_hidden',
      message: `The connected user may not read ${object}, or the org keeps none: the past of these records is unknown.`,
      fix: 'Turn on field history tracking for the object, and give the user Read on it.',
    });
  }
  if ((await client.schema.fields('AccountHistory')) === null) return findings;
  const { customers, properties } = client.declaration;
  const watched = new Set([customers.property, properties.stage, properties.onboardingStatus]);
  for (const field of watched) {
    if (field === undefined || (await client.schema.fields('Account'))?.has(field) !== true) continue;
    if ((await client.count('AccountHistory', [`Field = ${literal(field)}`])) > 0) continue;
    findings.push({
      severity: 'info',
      code: 'history_not_tracked',
      message: `No change of Account.${field} is on record: its present value counts as held since the account was made.`,
      fix: 'Turn on field history tracking for it (Setup, Object Manager, Account, Fields & Relationships, Set History Tracking). It begins from that day.',
    });
  }
  return findings;
}

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm */
async function checkLimits(client: SalesforceClient): Promise<Finding[]> {
  const { DailyApiRequests: daily } = await client.json({
    method: 'GET',
    path: paths.limits,
    idempotent: true,
    doc: docs.limits,
    answer: limits,
  });
  if (daily === undefined || daily.Max <= 0) return [];
  const { share, stopAbove } = client.declaration.quota;
  const used = daily.Max - daily.Remaining;
  const findings: Finding[] = [];
  if (used > stopAbove * daily.Max) {
    findings.push({
      severity: 'warning',
      code: 'daily_calls_low',
      message: `The org has used ${used} of its ${daily.Max} daily API calls: reading waits.`,
      fix: 'See in Setup, Company Information and API Usage, which tool uses them; raise quota.stopAbove if they may be used up.',
    });
  }
  if (share * daily.Max < QUIET_DAY) {
    findings.push({
      severity: 'warning',
      code: 'share_too_small',
      message: `A share of ${share} of ${daily.Max} daily API calls is less than the ${QUIET_DAY} that looking for news takes.`,
      fix: 'Raise quota.share.',
    });
  }
  return findings;
}
