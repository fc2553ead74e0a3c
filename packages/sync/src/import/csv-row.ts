import { hash } from 'node:crypto';
import { domainIn, isFreeMail } from '@waymark/identity';
import { printTime } from '@waymark/journey';
import { DateTime } from 'luxon';
import {
  zoneOf,
  type CellRule,
  type CsvMapping,
  type EventRule,
  type RowCondition,
  type ZoneRule,
} from './csv-mapping.ts';

/** A row by the names of its columns. */
export interface CsvRow {
  readonly number: number;
  /** By name; of columns that share one, the first. */
  readonly cells: ReadonlyMap<string, string>;
  /** All cells with the names of their columns, in order. */
  readonly all: readonly (readonly [string, string])[];
}

/** What a row makes: CloudEvents as JSON, nothing on purpose, or nothing that could be made of it. */
export type MappedRow =
  | { readonly kind: 'events'; readonly events: readonly Record<string, unknown>[] }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'refused'; readonly reason: 'not-mapped' | 'bad-cell'; readonly detail: string };

/** Makes the events of a row. Their fields are checked where those of any other import are. */
export function mapRow(row: CsvRow, mapping: CsvMapping): MappedRow {
  if (mapping.skip.some((condition) => holds(condition, row))) return { kind: 'skipped' };
  const rules = mapping.events.filter(
    ({ needs, when }) => needs.every((column) => cellOf(row, column) !== '') && (!when || holds(when, row)),
  );
  if (rules.length === 0) return { kind: 'refused', reason: 'not-mapped', detail: whyNotMapped(row, mapping) };
  try {
    const digest = hash('sha256', JSON.stringify(row.all)).slice(0, 32);
    return { kind: 'events', events: rules.map((rule) => eventOf(row, rule, mapping, digest)) };
  } catch (error) {
    if (error instanceof CellUnreadable) return { kind: 'refused', reason: 'bad-cell', detail: error.message };
    throw error;
  }
}

/** Names the columns that are needed and empty, where a rule would take the row but for them. */
function whyNotMapped(row: CsvRow, mapping: CsvMapping): string {
  const [near] = mapping.events.filter(({ when }) => !when || holds(when, row));
  const empty = near?.needs.filter((column) => cellOf(row, column) === '') ?? [];
  const why = empty.length > 0 ? ` (empty: ${empty.join(', ')})` : '';
  return `no rule of the mapping takes this row${why}: add one, or skip it`;
}

class CellUnreadable extends Error {
  readonly code = 'CELL_UNREADABLE';
}

function eventOf(row: CsvRow, rule: EventRule, mapping: CsvMapping, digest: string): Record<string, unknown> {
  const value = (cell: CellRule, field: string) => read(row, cell, field, mapping);
  const data: Record<string, unknown> = {};
  for (const [field, cell] of Object.entries(rule.data)) {
    const found = value(cell, `data.${field}`);
    if (found !== undefined) data[field] = found;
  }
  const needed = <T>(found: T | undefined, cell: CellRule, field: string): T => {
    if (found !== undefined) return found;
    throw new CellUnreadable(`${field}: there is nothing in ${typeof cell === 'string' ? cell : cell.from}`);
  };
  const type = needed(text(value(rule.type, 'type')), rule.type, 'type');
  const recorded = rule.recorded && timeOf(row, rule.recorded, 'recorded', mapping);
  const given = rule.id && text(value(rule.id, 'id'));
  return {
    specversion: '1.0',
    // Without an id of its own, what the row says is one: the same row in a later export is the same event.
    id: given ?? `${digest}:${mapping.events.indexOf(rule)}`,
    source: mapping.source,
    type,
    time: needed(timeOf(row, rule.time, 'time', mapping), rule.time, 'time'),
    ...(recorded !== undefined && { recordedtime: recorded }),
    subject: needed(text(value(rule.subject, 'subject')), rule.subject, 'subject'),
    data,
  };
}

const text = (value: string | number | undefined): string | undefined =>
  value === undefined ? undefined : String(value);

/** A cell's value; undefined where it is empty. */
function read(row: CsvRow, cell: CellRule, field: string, mapping: CsvMapping): string | number | undefined {
  const filled = fill(row, typeof cell === 'string' ? cell : cell.from);
  if (typeof cell === 'string' || filled === undefined) return filled;
  if (cell.values) {
    if (Object.hasOwn(cell.values, filled)) return cell.values[filled];
    if (cell.else !== undefined) return cell.else ?? undefined;
  }
  if (cell.domain) return domainOfCell(filled, field);
  if (cell.format !== undefined) return parseTime(row, filled, cell, field, mapping);
  return cell.number ? numberOf(filled, cell.decimal ?? '.', field) : filled;
}

/** A time as RFC 3339. Without a form, ISO 8601 with or without a zone of its own. */
function timeOf(row: CsvRow, cell: CellRule, field: string, mapping: CsvMapping): string | undefined {
  if (typeof cell !== 'string' && cell.format !== undefined) return text(read(row, cell, field, mapping));
  const filled = text(read(row, cell, field, mapping));
  return filled === undefined
    ? undefined
    : parseTime(row, filled, typeof cell === 'string' ? {} : cell, field, mapping);
}

/** Seconds and milliseconds since 1970, by the tokens with which luxon writes them. */
const epochUnits: ReadonlyMap<string, number> = new Map([
  ['X', 1000],
  ['x', 1],
]);
/** The end of the year 9999. */
const latest = 253_402_300_799_999;

/** Beyond it, a text is no time, and is not searched for one. */
const longestTime = 100;

type TimeRule = Pick<Exclude<CellRule, string>, 'format' | 'zone' | 'decimal'>;

function parseTime(row: CsvRow, filled: string, rule: TimeRule, field: string, mapping: CsvMapping): string {
  const { format } = rule;
  const refuse = () =>
    new CellUnreadable(
      format === undefined
        ? `${field}: it is no time in ISO 8601: give its form as "format" in the mapping`
        : `${field}: it is no time in the form ${format}`,
    );
  if (filled.length > longestTime) throw refuse();
  const unit = format === undefined ? undefined : epochUnits.get(format);
  if (unit !== undefined) {
    const at = /^-?\d{1,15}(?:\.\d{1,9})?$/.test(filled) ? Math.round(Number(filled) * unit) : Infinity;
    if (Math.abs(at) > latest) throw refuse();
    return printTime(at);
  }
  // What has no year, luxon takes for one of today.
  if (format === undefined && !/^\d{4}(?:-|\d{3})/.test(filled)) throw refuse();
  const serial = format === 'excel' ? serialOf(filled, rule.decimal ?? '.') : undefined;
  if (format === 'excel' && serial === undefined) throw refuse();
  // Two zones far apart tell whether the text names one itself.
  const at = (one: string) =>
    serial !== undefined
      ? DateTime.fromMillis(serial, { zone: 'UTC' }).setZone(one, { keepLocalTime: true })
      : format === undefined
        ? DateTime.fromISO(filled.replace(' ', 'T'), { zone: one })
        : format === 'rfc2822'
          ? DateTime.fromRFC2822(filled, { zone: one })
          : DateTime.fromFormat(filled, format, { zone: one });
  const named = zoneOfRow(row, rule.zone ?? mapping.zone, field, mapping);
  const parsed = at(named ?? 'UTC');
  if (!parsed.isValid) throw refuse();
  if (named === undefined && at('Pacific/Auckland').toMillis() !== parsed.toMillis())
    throw new CellUnreadable(
      `${field}: the time names no zone: give "zone" in the mapping, or fill the column that it names`,
    );
  return printTime(parsed.toMillis());
}

/** The zone of a row's times that name none themselves. */
function zoneOfRow(row: CsvRow, rule: ZoneRule | undefined, field: string, mapping: CsvMapping): string | undefined {
  if (rule === undefined) return undefined;
  const name = text(read(row, rule, `${field}.zone`, mapping));
  const zone = name === undefined ? undefined : zoneOf(name);
  if (name !== undefined && zone === undefined)
    throw new CellUnreadable(`${field}: the row names a zone that is none: give a zone for it in "values" of "zone"`);
  return zone;
}

const day = 86_400_000;
/** Spreadsheets count days from here, and take 1900 for a leap year (https://learn.microsoft.com/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year). */
const firstDay = Date.UTC(1899, 11, 30);
const lastSerial = 2_958_466;

/** The time on the clock, as if in UTC, of a spreadsheet's number; to the second, which its digits hold. */
function serialOf(filled: string, decimal: '.' | ','): number | undefined {
  const digits = decimal === ',' ? filled.replace(',', '.') : filled;
  const days = /^\d{1,7}(?:\.\d{1,17})?$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(days >= 1 && days < lastSerial) || Math.floor(days) === 60) return undefined;
  return firstDay + (days < 60 ? day : 0) + Math.round(days * 86_400) * 1000;
}

/** Whose domain an address or a site has. Throws CellUnreadable where that is nobody's in particular. */
function domainOfCell(filled: string, field: string): string {
  const domain = domainIn(filled);
  if (domain === undefined) throw new CellUnreadable(`${field}: there is no domain in it`);
  if (isFreeMail(domain, false))
    throw new CellUnreadable(`${field}: an address at ${domain} does not say whose customer it is`);
  return domain;
}

/** Separators of thousands stand before groups of three, so that 12,5 is not taken for 125. */
const grouped = { '.': /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/, ',': /^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$/ } as const;
const plain = { '.': /^[+-]?\d+(\.\d+)?$/, ',': /^[+-]?\d+(,\d+)?$/ } as const;

/** Before a number or behind it. */
const currency = /(?<=^[+-]?)(?:\p{Sc}|[A-Z]{3})(?=\d)|(?<=\d)(?:\p{Sc}|[A-Z]{3})$/gu;

function numberOf(filled: string, decimal: '.' | ',', field: string): number {
  const close = filled.length <= 40 ? filled.replaceAll(/[\s\u00a0'’]/g, '').replaceAll(currency, '') : '';
  if (!grouped[decimal].test(close) && !plain[decimal].test(close))
    throw new CellUnreadable(`${field}: it is no number with the decimal mark "${decimal}"`);
  return Number(decimal === ',' ? close.replaceAll('.', '').replace(',', '.') : close.replaceAll(',', ''));
}

/** The template with its cells filled in; undefined where one of them is empty. */
function fill(row: CsvRow, given: string): string | undefined {
  let empty = false;
  const filled = given.replaceAll(/\{([^{}]{1,200})\}/g, (_all, name: string) => {
    const value = name === '#row' ? String(row.number) : cellOf(row, name);
    empty ||= value === '';
    return value;
  });
  return empty ? undefined : filled;
}

const cellOf = (row: CsvRow, column: string): string => row.cells.get(column) ?? '';

const holds = (condition: RowCondition, row: CsvRow): boolean =>
  Object.entries(condition).every(([column, wanted]) =>
    (typeof wanted === 'string' ? [wanted] : wanted).includes(cellOf(row, column)),
  );
