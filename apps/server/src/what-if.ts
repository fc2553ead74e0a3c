import { ConnectorFault } from '@waymark/connector-kit';
import {
  compileJourney,
  differenceOf,
  parseDefinition,
  reduce,
  type AnswerDifference,
  type CompiledJourney,
} from '@waymark/lifecycle';
import {
  accountRecords,
  accounts as readAccounts,
  lastWrittenValues,
  writebackMappings,
  type Account,
  type Database,
  type WritebackMapping,
} from '@waymark/store';
import { accountInputs, activeJourneys, peersAsked } from '@waymark/sync';
import type { Waymark } from './waymark.ts';
import { writebackDependencies } from './writeback.ts';

/** An account that another definition would judge otherwise. */
export interface WhatIfAccount extends AnswerDifference {
  readonly name: string;
  readonly csm: string | null;
}

/** A field of a CRM record that would be written otherwise. Values are the CRM's; '' is none. */
export interface WhatIfField {
  readonly accountId: string;
  readonly name: string;
  readonly externalId: string;
  readonly property: string;
  /** What the record holds: read from the CRM just now, or, where it cannot be reached, what was written last. */
  readonly before: string | null;
  readonly basis: 'crm' | 'last_written';
  /** Null: nobody has decided what the stage is in the CRM. */
  readonly after: string | null;
}

/** What would differ from now if a definition were in force. Nothing of it is stored. */
export interface WhatIf {
  readonly definition: { readonly id: string; readonly version: number; readonly digest: string };
  /** Null where its journey is not in force yet. */
  readonly inForce: { readonly version: number; readonly digest: string } | null;
  readonly asOf: number;
  readonly accounts: number;
  readonly differing: readonly WhatIfAccount[];
  readonly fields: readonly WhatIfField[];
  readonly totals: {
    readonly stages: number;
    readonly flagsOpened: number;
    readonly flagsWithdrawn: number;
    readonly health: number;
    readonly fields: number;
    /** Flags of each rule that would be opened or withdrawn. */
    readonly byRule: readonly { readonly rule: string; readonly opened: number; readonly withdrawn: number }[];
  };
}

/** Judges all accounts by a definition and by the one in force, as of now. Throws DefinitionError. */
export async function whatIf(
  waymark: Waymark,
  workspaceId: string,
  definition: { readonly source: string; readonly file: string },
): Promise<WhatIf> {
  const journey = compileJourney(parseDefinition(definition.source, definition.file));
  const { id, version } = journey.definition;
  const asOf = waymark.now();
  const compared = await compareAll(waymark.database, workspaceId, journey, asOf);
  const { active, differing } = compared;
  const fields = await differingFields(waymark, workspaceId, id, compared.stages);
  return {
    definition: { id, version, digest: journey.digest },
    inForce: active ? { version: active.definition.version, digest: active.digest } : null,
    asOf,
    accounts: compared.accounts,
    differing,
    fields,
    totals: {
      stages: differing.filter((one) => one.stage !== null).length,
      flagsOpened: differing.reduce((sum, one) => sum + one.opened.length, 0),
      flagsWithdrawn: differing.reduce((sum, one) => sum + one.withdrawn.length, 0),
      health: differing.filter((one) => one.health !== null).length,
      fields: fields.length,
      byRule: byRule(differing),
    },
  };
}

/** An account with the stage that the other definition gives it. */
interface JudgedStage {
  readonly account: Account;
  readonly stage: string | null;
}

async function compareAll(database: Database, workspaceId: string, journey: CompiledJourney, asOf: number) {
  return database.inWorkspace(workspaceId, async (tx) => {
    const active = (await activeJourneys(tx)).find((one) => one.definition.id === journey.definition.id);
    const read = await accountInputs(tx, { peers: await peersAsked(tx, journey.definition, asOf) });
    const standing = (await readAccounts(tx)).filter((account) => account.mergedInto === null);
    const differing: WhatIfAccount[] = [];
    const stages: JudgedStage[] = [];
    for (const account of standing) {
      const { context, facts } = await read(account);
      const after = reduce(journey, context, facts, asOf);
      const before = active ? reduce(active, context, facts, asOf) : null;
      stages.push({ account, stage: after.stage });
      const difference = differenceOf(before, after);
      if (difference) differing.push({ ...difference, name: account.name, csm: account.csmEmail });
    }
    differing.sort((a, b) => weight(b) - weight(a) || a.name.localeCompare(b.name));
    return { active, accounts: standing.length, differing, stages };
  });
}

/** What a person looks at first: flags, then stages, then health. */
const weight = (one: AnswerDifference): number =>
  4 * (one.opened.length + one.withdrawn.length) + 2 * (one.stage ? 1 : 0) + (one.health ? 1 : 0);

function byRule(differing: readonly AnswerDifference[]): WhatIf['totals']['byRule'] {
  const rules = new Map<string, { opened: number; withdrawn: number }>();
  const of = (rule: string) => {
    const known = rules.get(rule) ?? { opened: 0, withdrawn: 0 };
    rules.set(rule, known);
    return known;
  };
  for (const one of differing) {
    for (const flag of one.opened) of(flag.rule).opened += 1;
    for (const flag of one.withdrawn) of(flag.rule).withdrawn += 1;
  }
  return [...rules].map(([rule, counts]) => ({ rule, ...counts })).toSorted((a, b) => (a.rule < b.rule ? -1 : 1));
}

/** The fields of CRM records that the stages of the other definition would change, for every mapping of its journey. */
async function differingFields(
  waymark: Waymark,
  workspaceId: string,
  journeyId: string,
  stages: readonly JudgedStage[],
): Promise<readonly WhatIfField[]> {
  const byAccount = new Map(stages.map((one) => [one.account.accountId, one]));
  const known = await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const mappings = (await writebackMappings(tx)).filter((one) => one.journey === journeyId && one.enabled);
    return Promise.all(
      mappings.map(async (mapping) => ({
        mapping,
        written: await lastWrittenValues(tx, mapping),
        records: await accountRecords(tx, { installationId: mapping.installationId }),
      })),
    );
  });
  const fields: WhatIfField[] = [];
  for (const { mapping, written, records } of known) {
    const standing = records.filter((one) => one.fact.externalId === one.externalId && byAccount.has(one.accountId));
    const held = await heldNow(waymark, workspaceId, mapping, standing);
    for (const { accountId, externalId } of standing) {
      const judged = byAccount.get(accountId);
      if (!judged || judged.stage === null) continue;
      const after = Object.hasOwn(mapping.values, judged.stage) ? (mapping.values[judged.stage] ?? null) : judged.stage;
      const isDecided = Object.hasOwn(mapping.values, judged.stage);
      // Deliberately not written.
      if (isDecided && after === null) continue;
      const before = held ? (held.get(externalId) ?? '') : (written.get(externalId)?.value ?? null);
      if (isDecided && before === after) continue;
      fields.push({
        accountId,
        name: judged.account.name,
        externalId,
        property: mapping.property,
        before,
        basis: held ? 'crm' : 'last_written',
        after: isDecided ? after : null,
      });
    }
  }
  return fields.toSorted((a, b) => a.name.localeCompare(b.name) || (a.externalId < b.externalId ? -1 : 1));
}

/** What the records hold now; undefined where the CRM cannot be reached. */
async function heldNow(
  waymark: Waymark,
  workspaceId: string,
  mapping: WritebackMapping,
  records: readonly { readonly externalId: string }[],
): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const { writer, client } = await writebackDependencies(waymark).openWriter(workspaceId, mapping.installationId);
    const held = new Map<string, string>();
    if ((await writer.describe(client, mapping.property)) === null) return held;
    for (let start = 0; start < records.length; start += writer.batchSize) {
      const batch = records.slice(start, start + writer.batchSize).map((one) => one.externalId);
      for (const [id, { value }] of await writer.read(client, mapping.property, batch)) held.set(id, value);
    }
    return held;
  } catch (error) {
    if (error instanceof ConnectorFault) return undefined;
    throw error;
  }
}
