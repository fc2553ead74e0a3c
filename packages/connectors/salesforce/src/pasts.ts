import type { SalesforceClient } from './client.ts';
import { rowsFor } from './keyset.ts';
import type { Fielded, Gathered } from './object-spec.ts';
import { flatten, isId, value, type PastValue } from './record.ts';
import { parseTime } from './time.ts';

type Past = Gathered['past'];

/** A table of changes of tracked fields. https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_associated_objects_history.htm */
interface HistoryTable {
  /** The object whose history it is. */
  readonly of: string;
  readonly object: string;
  readonly parent: string;
}

interface Change {
  readonly id: string;
  readonly field: string;
  readonly at: number;
  readonly old: string;
  readonly new: string;
  readonly by: string | undefined;
}

/**
 * What fields have been over time, from the history of tracked fields. It begins with the first old value, which held since the record
 * was made. Where there is no history what holds now is taken to have held since then, and says so. Field-level security and
 * tracking decide what is there at all; `probe` names what is missing.
 */
export async function fieldPasts(
  client: SalesforceClient,
  table: HistoryTable,
  fields: readonly string[],
  records: readonly Fielded[],
): Promise<ReadonlyMap<string, Past>> {
  const changes = await readChanges(client, table, fields, records);
  return new Map(
    records.map((record) => {
      const made = parseTime(value(record, 'CreatedDate'));
      const own = changes.get(record.id) ?? [];
      const past = fields.map((field): [string, PastValue[]] => {
        const ofField = inOrder(own.filter((change) => change.field === historyName(field)));
        return [field, pastOf(ofField, value(record, field), made)];
      });
      return [record.id, Object.fromEntries(past.filter(([, versions]) => versions.length > 0))];
    }),
  );
}

function pastOf(changes: readonly Change[], current: string | undefined, made: number | undefined): PastValue[] {
  const [first] = changes;
  if (first === undefined) {
    return current === undefined || made === undefined ? [] : [{ value: current, at: made, assumed: true }];
  }
  const start = made === undefined ? [] : [{ value: first.old, at: Math.min(made, first.at) }];
  const moves = changes.map(({ new: to, at, by }) => ({ value: to, at, ...(by === undefined ? {} : { by }) }));
  return [...start, ...moves];
}

async function readChanges(
  client: SalesforceClient,
  table: HistoryTable,
  fields: readonly string[],
  records: readonly Fielded[],
): Promise<ReadonlyMap<string, Change[]>> {
  const visible = await client.schema.fields(table.object);
  if (visible === null || fields.length === 0) return new Map();
  const described = await client.schema.fields(table.of);
  const lookups = new Set(
    fields.filter((field) => described?.get(field)?.type === 'reference').map((field) => historyName(field)),
  );
  const named = fields.map((field) => `'${historyName(field)}'`).join(',');
  const rows = await rowsFor(client, {
    object: table.object,
    select: [table.parent, 'Field', 'OldValue', 'NewValue', 'CreatedDate', 'CreatedById'],
    field: table.parent,
    ids: records.map((record) => record.id),
    and: `Field IN (${named})`,
  });
  const changes = rows.flatMap((each): [string, Change][] => {
    const row = { fields: flatten(each) };
    const parent = value(row, table.parent);
    const field = value(row, 'Field');
    const at = parseTime(value(row, 'CreatedDate'));
    if (parent === undefined || field === undefined || at === undefined) return [];
    const change = {
      old: value(row, 'OldValue') ?? '',
      new: value(row, 'NewValue') ?? '',
      by: value(row, 'CreatedById'),
    };
    return lookups.has(field) && isNamed(change) ? [] : [[parent, { id: each.Id, field, at, ...change }]];
  });
  const byParent = new Map<string, Change[]>();
  for (const [parent, change] of changes) byParent.set(parent, [...(byParent.get(parent) ?? []), change]);
  return byParent;
}

/** A standard lookup stands in the history without the "Id" of its field's name. */
function historyName(field: string): string {
  return field.endsWith('Id') && !field.endsWith('__c') ? field.slice(0, -2) : field;
}

/** A change of a lookup is told twice, by names and by ids; the ids say whom. */
function isNamed(change: { readonly old: string; readonly new: string }): boolean {
  return ![change.old, change.new].every((text) => text === '' || isId(text));
}

/** By time; within a second, which is the grain, so that each change begins where the one before ended. */
function inOrder(changes: readonly Change[]): Change[] {
  const left = changes.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const ordered: Change[] = [];
  while (left.length > 0) {
    const at = left[0]?.at;
    const together = left.filter((change) => change.at === at);
    const current = ordered.at(-1)?.new ?? startOf(together);
    const next = together.find((change) => change.old === current) ?? together[0];
    if (next === undefined) break;
    ordered.push(next);
    left.splice(left.indexOf(next), 1);
  }
  return ordered;
}

/** The old value that no change of the same second leads to. */
function startOf(together: readonly Change[]): string | undefined {
  return together.find((change) => !together.some((other) => other !== change && other.new === change.old))?.old;
}

const SNAPSHOTS = ['StageName', 'Amount', 'CloseDate'];

/**
 * The past of opportunities: Salesforce keeps a snapshot of stage, amount and close date at each change of one, without being asked.
 * https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_opportunityhistory.htm
 */
export async function opportunityPasts(
  client: SalesforceClient,
  records: readonly Fielded[],
): Promise<ReadonlyMap<string, Past>> {
  const visible = await client.schema.fields('OpportunityHistory');
  const columns = SNAPSHOTS.filter((name) => visible?.has(name));
  const rows =
    visible === null
      ? []
      : await rowsFor(client, {
          object: 'OpportunityHistory',
          select: ['OpportunityId', 'CreatedDate', 'CreatedById', ...columns],
          field: 'OpportunityId',
          ids: records.map((record) => record.id),
        });
  const snapshots = rows
    .map((each) => ({ id: each.Id, fields: flatten(each) }))
    .toSorted((a, b) => (timeOf(a) ?? 0) - (timeOf(b) ?? 0) || (a.id < b.id ? -1 : 1));
  const byOpportunity = Map.groupBy(snapshots, (snapshot) => value(snapshot, 'OpportunityId'));
  return new Map(
    records.map((record) => {
      const own = byOpportunity.get(record.id) ?? [];
      const past = SNAPSHOTS.map((field): [string, PastValue[]] => [
        field,
        own.length > 0 && columns.includes(field)
          ? own.flatMap((one) => versionOf(one, field))
          : assumed(record, field),
      ]);
      return [record.id, Object.fromEntries(past.filter(([, versions]) => versions.length > 0))];
    }),
  );
}

function versionOf(snapshot: Fielded, field: string): PastValue[] {
  const at = timeOf(snapshot);
  const by = value(snapshot, 'CreatedById');
  return at === undefined ? [] : [{ value: value(snapshot, field) ?? '', at, ...(by === undefined ? {} : { by }) }];
}

/** Without snapshots the stage holds since its last change, which the opportunity itself tells, and all else since it was made. */
function assumed(record: Fielded, field: string): PastValue[] {
  const current = value(record, field);
  const changed = field === 'StageName' ? parseTime(value(record, 'LastStageChangeDate')) : undefined;
  const at = changed ?? timeOf(record);
  return current === undefined || at === undefined ? [] : [{ value: current, at, assumed: true }];
}

function timeOf(record: Fielded): number | undefined {
  return parseTime(value(record, 'CreatedDate'));
}
