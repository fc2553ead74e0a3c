import type { Access } from './access.ts';
import { SalesforceRefusal } from './errors.ts';
import type { ObjectSchema, SObject } from './state.ts';
import { instantText, parseInstant } from './value.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;

interface Asked {
  readonly start: string | undefined;
  readonly end: string | undefined;
  readonly now: number;
}

const invalidDate = (message: string): SalesforceRefusal =>
  new SalesforceRefusal(400, 'INVALID_REPLICATION_DATE', message);

/** Seconds are ignored; the start must lie more than a minute before the end and not further back than `days`. */
function spanOf({ start, end, now }: Asked, days: number): { from: number; until: number } {
  const [from, until] = [parseInstant(start ?? ''), parseInstant(end ?? '')];
  if (from === undefined || until === undefined) {
    throw new SalesforceRefusal(400, 'INVALID_FIELD', 'start and end must be ISO 8601 dates with a time');
  }
  const whole = { from: Math.floor(from / MINUTE) * MINUTE, until: Math.floor(until / MINUTE) * MINUTE };
  if (until - from <= MINUTE) throw invalidDate('startDate before endDate must be greater than one minute');
  if (whole.from < now - days * DAY) throw invalidDate(`startDate cannot be more than ${days} days ago`);
  return whole;
}

function stampedBetween(access: Access, schema: ObjectSchema, span: { from: number; until: number }): SObject[] {
  return access.book
    .rows(schema.name)
    .filter((row) => Number(row['SystemModstamp']) >= span.from && Number(row['SystemModstamp']) < span.until)
    .filter((row) => access.seesRecord(row));
}

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getupdated.htm */
export function updatedIds(access: Access, schema: ObjectSchema, asked: Asked): Record<string, unknown> {
  const span = spanOf(asked, 30);
  const rows = stampedBetween(access, schema, span).filter((row) => row['IsDeleted'] !== true);
  return { ids: rows.map((row) => row['Id']), latestDateCovered: instantText(Math.min(span.until, asked.now)) };
}

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getdeleted.htm */
export function deletedIds(access: Access, schema: ObjectSchema, asked: Asked): Record<string, unknown> {
  const span = spanOf(asked, 15);
  const rows = stampedBetween(access, schema, span).filter((row) => row['IsDeleted'] === true);
  return {
    deletedRecords: rows.map((row) => ({ id: row['Id'], deletedDate: instantText(Number(row['SystemModstamp'])) })),
    earliestDateAvailable: instantText(asked.now - 15 * DAY),
    latestDateCovered: instantText(Math.min(span.until, asked.now)),
  };
}
