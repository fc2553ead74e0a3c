import { ConnectorFault, type Gone, type Page, type PullContext, type RawRecord } from '@waymark/connector-kit';
import { bulkRows } from './bulk-query.ts';
import type { SalesforceClient } from './client.ts';
import { objectCursorSpec, type ObjectCursor } from './cursor.ts';
import { chunks, rowsFor } from './keyset.ts';
import type { Fielded, Gathered, ObjectSpec } from './object-spec.ts';
import { flatten, isId, value, type Row } from './record.ts';
import { soql } from './soql.ts';
import { parseTime, soqlTime } from './time.ts';

type ObjectPage = Page<ObjectCursor>;

/** Deleted records leave the recycle bin after 15 days or at its limit, unseen by any query: a list of all tells (failure D9). */
const ENUMERATE_AFTER_MS = 30 * 86_400_000;

/**
 * Reads a kind of CRM object: first the list of all of them in the order of their ids, which is a complete enumeration, by Bulk API
 * where there are many; then what changed, by stamp and id. Both ways end in the same records and the same mapper (failure N4).
 */
export async function* pullObjects(
  client: SalesforceClient,
  spec: ObjectSpec,
  from: ObjectCursor | null,
  context: PullContext,
): AsyncGenerator<ObjectPage> {
  const now = client.session.now();
  const since = keptSince(from, context);
  const reread = context.mode === 'resync';
  if (from === null || from.phase === 'enumerate') {
    const begin = { phase: 'enumerate' as const, startedAt: now, after: '' };
    yield* enumerate(client, spec, { ...(from ?? begin), since });
    return;
  }
  if (reread && (spec.rereadAll || now - from.enumeratedAt > ENUMERATE_AFTER_MS)) {
    yield* enumerate(client, spec, { phase: 'enumerate', startedAt: now, after: '', since });
    return;
  }
  const { enumeratedAt } = from;
  if (from.phase === 'changes') {
    yield* changes(client, spec, { ...from, since });
    return;
  }
  const stamp = reread ? Math.min(context.since, from.from) : from.from;
  yield* changes(client, spec, { phase: 'changes', to: now, stamp, id: '', enumeratedAt, since });
}

/** How far back activities are kept: what the backfill was told, or further where more is wanted now. A reread names its own span. */
function keptSince(from: ObjectCursor | null, context: PullContext): number {
  if (from === null) return context.mode === 'resync' ? 0 : context.since;
  return context.mode === 'resync' ? from.since : Math.min(from.since, context.since);
}

async function* enumerate(
  client: SalesforceClient,
  spec: ObjectSpec,
  start: ObjectCursor & { phase: 'enumerate' },
): AsyncGenerator<ObjectPage> {
  const { startedAt, since } = start;
  const select = await selected(client, spec);
  const conditions = [...standing(spec, select), ...dated(spec, since)];
  const expected = await client.count(spec.object, [...conditions, ...afterId(start.after)]);
  const window = spec.datedBy === undefined ? {} : { from: since };
  const enumeration = { id: `${spec.name}-${startedAt}`, ...window };
  const told = start.after === '' ? { expected } : {};
  let after = start.after;
  if (expected >= client.declaration.bulkFrom) {
    const question = soql({ select, from: spec.object, where: [...conditions, ...afterId(after)], orderBy: 'Id' });
    for await (const rows of bulkRows(client, question)) {
      for (const part of chunks(rows, spec.pageSize)) {
        after = part.at(-1)?.Id ?? after;
        yield {
          ...(await toPage(client, spec, part, since)),
          cursor: { ...start, after },
          done: false,
          enumeration,
          ...told,
        };
      }
    }
  }
  // What Bulk refused or left is read by pages; after a complete Bulk query one page finds nothing more, which ends the list.
  for (;;) {
    const question = soql({
      select,
      from: spec.object,
      where: [...conditions, ...afterId(after)],
      orderBy: 'Id',
      limit: spec.pageSize,
    });
    const { rows, cut } = await client.rows(question, { all: true, patient: true });
    after = rows.at(-1)?.Id ?? after;
    const done = !cut && rows.length < spec.pageSize;
    const cursor: ObjectCursor = done
      ? { phase: 'live', from: startedAt - objectCursorSpec.overlapMs, enumeratedAt: startedAt, since }
      : { ...start, after };
    yield { ...(await toPage(client, spec, rows, since)), cursor, done, enumeration, ...told };
    if (done) return;
  }
}

async function* changes(
  client: SalesforceClient,
  spec: ObjectSpec,
  start: ObjectCursor & { phase: 'changes' },
): AsyncGenerator<ObjectPage> {
  const { to, enumeratedAt, since } = start;
  const select = await selected(client, spec);
  let { stamp, id } = start;
  for (;;) {
    const at = soqlTime(stamp);
    const after =
      id === '' ? `SystemModstamp >= ${at}` : `(SystemModstamp > ${at} OR (SystemModstamp = ${at} AND Id > '${id}'))`;
    const conditions = [...narrowed(spec, select), after, `SystemModstamp <= ${soqlTime(to)}`];
    const question = soql({
      select,
      from: spec.object,
      where: conditions,
      orderBy: 'SystemModstamp, Id',
      limit: spec.pageSize,
    });
    const { rows, cut } = await client.rows(question, { all: true });
    const page = await toPage(client, spec, rows, since);
    const last = rows.at(-1);
    const lastStamp = last === undefined ? undefined : stampOf(last);
    if (last === undefined || (!cut && rows.length < spec.pageSize)) {
      const rest = to - objectCursorSpec.overlapMs;
      yield { ...page, cursor: { phase: 'live', from: rest, enumeratedAt, since }, done: true };
      return;
    }
    if (lastStamp === undefined) throw withoutStamp(spec);
    stamp = lastStamp;
    id = last.Id;
    yield { ...page, cursor: { phase: 'changes', to, stamp, id, enumeratedAt, since }, done: false };
  }
}

/** A page without a stamp to go on from would be read for ever. */
function withoutStamp(spec: ObjectSpec): ConnectorFault {
  return new ConnectorFault({
    kind: 'rejected',
    message: `Salesforce gave a row of ${spec.object} without SystemModstamp.`,
  });
}

/** The fields to ask for: those that the connected user may see (failure D12). */
function selected(client: SalesforceClient, spec: ObjectSpec): Promise<string[]> {
  const required = ['Id', 'SystemModstamp', ...(spec.deletable ? ['IsDeleted'] : []), ...spec.required];
  return client.schema.readable(spec.object, required, [
    ...spec.optional(client.declaration),
    ...(spec.where === undefined ? [] : [spec.where.field]),
    ...(spec.deletable ? ['MasterRecordId'] : []),
  ]);
}

function narrowed(spec: ObjectSpec, select: readonly string[]): string[] {
  return spec.where !== undefined && select.includes(spec.where.field) ? [spec.where.condition] : [];
}

function standing(spec: ObjectSpec, select: readonly string[]): string[] {
  return [...(spec.deletable ? ['IsDeleted = false'] : []), ...narrowed(spec, select)];
}

function dated(spec: ObjectSpec, since: number): string[] {
  return spec.datedBy === undefined || since <= 0 ? [] : [`${spec.datedBy} >= ${soqlTime(since)}`];
}

function afterId(after: string): string[] {
  return isId(after) ? [`Id > '${after}'`] : [];
}

function stampOf(row: Row): number | undefined {
  return parseTime(flatten(row)['SystemModstamp']);
}

/** Gathers what the mappers need and names what the rows say is gone: deleted records, and those merged into another (failure B6). */
async function toPage(
  client: SalesforceClient,
  spec: ObjectSpec,
  rows: readonly Row[],
  since: number,
): Promise<{ records: readonly RawRecord[]; gone: readonly Gone[] }> {
  const all = rows.map((row): Fielded => ({ id: row.Id, fields: flatten(row) }));
  const gone = all.filter((record) => value(record, 'IsDeleted') === 'true');
  const standingHere = all.filter((record) => value(record, 'IsDeleted') !== 'true');
  const here = new Set(standingHere.map((record) => record.id));
  const winners = gone.flatMap((record) => value(record, 'MasterRecordId') ?? []).filter((id) => !here.has(id));
  const records = [...standingHere, ...(await survivors(client, spec, winners))];
  const extras = records.length === 0 ? new Map() : await spec.gather(client, records);
  return {
    records: records.map((record) => {
      const at = parseTime(value(record, spec.datedBy));
      const gathered: Gathered = {
        url: `${client.instanceUrl}/${record.id}`,
        accounts: [],
        merged: [],
        past: {},
        people: [],
        stages: {},
        tooOld: at !== undefined && at < since,
        toldByMail: false,
        ...extras.get(record.id),
      };
      const version = String(parseTime(value(record, 'SystemModstamp')) ?? 0);
      return { id: record.id, version, raw: { ...record, gathered } };
    }),
    gone: gone.map((record) => {
      const at = parseTime(value(record, 'SystemModstamp'));
      return { id: record.id, certain: true, ...(at === undefined ? {} : { at }) };
    }),
  };
}

/** Records that others were merged into; they may have changed in another page or not at all. */
async function survivors(client: SalesforceClient, spec: ObjectSpec, ids: readonly string[]): Promise<Fielded[]> {
  if (ids.length === 0) return [];
  const select = await selected(client, spec);
  const rows = await rowsFor(client, {
    object: spec.object,
    select,
    field: 'Id',
    ids,
    and: 'IsDeleted = false',
    all: true,
  });
  return rows.map((row) => ({ id: row.Id, fields: flatten(row) }));
}

/** How many objects Salesforce counts that were made in a window, and their ids where they fit one answer. */
export async function countObjects(
  client: SalesforceClient,
  spec: ObjectSpec,
  window: { readonly from: number; readonly to: number },
): Promise<{ total: number; ids?: readonly string[] }> {
  const select = await selected(client, spec);
  const by = spec.datedBy ?? 'CreatedDate';
  const conditions = [
    ...standing(spec, select),
    `${by} >= ${soqlTime(window.from)}`,
    `${by} <= ${soqlTime(window.to)}`,
  ];
  const total = await client.count(spec.object, conditions);
  if (total > 2000) return { total };
  const page = await client.rows(
    soql({ select: ['Id'], from: spec.object, where: conditions, orderBy: 'Id', limit: 2000 }),
    { all: true },
  );
  return page.cut ? { total } : { total, ids: page.rows.map((row) => row.Id) };
}
