import { dataFields, eventTypes, isEventType, spelledType, typeMeant } from '@waymark/journey';
import { correctionsText, namesLike, readForm } from '@waymark/lifecycle';
import { IANAZone } from 'luxon';
import { z } from 'zod';

/** A mapping that cannot be used, or that does not fit its file. The message tells what to change. */
export class MappingInvalid extends Error {
  readonly code = 'MAPPING_INVALID';

  constructor(message: string) {
    super(message);
    this.name = 'MappingInvalid';
  }
}

/** A text with cells of the row in braces, such as `case-{CaseID}`. Where one of them is empty, so is all of it. */
const template = z.string().min(1).max(500);

const holdsCell = /\{[^{}]{1,200}\}/;
const zoneName = z
  .string()
  .max(500)
  .refine(
    (name) => holdsCell.test(name) || zoneOf(name) !== undefined,
    'give a time zone, such as Europe/Berlin, or the column that names it, such as {Zone}',
  );
/** The zone of times that name none: one for all rows, or what a cell says. */
const zone = z.union([
  zoneName,
  z.strictObject({
    from: template,
    /** Zones for what the cell says; anything else is a zone itself, or takes `else`. */
    values: z.record(z.string(), zoneName).optional(),
    else: zoneName.optional(),
  }),
]);
export type ZoneRule = z.infer<typeof zone>;

/** A zone of the IANA database, UTC, or an offset such as `+02:00` or `GMT+2`, as luxon names it; undefined where it is none. */
export function zoneOf(name: string): string | undefined {
  const given = name.trim();
  if (/^(?:Z|UTC|GMT)$/i.test(given)) return 'UTC';
  const offset = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?$/i.exec(given);
  if (offset) {
    const [, sign, hours, minutes = '00'] = offset;
    return Number(hours) <= 14 ? `UTC${sign}${Number(hours)}:${minutes}` : undefined;
  }
  // The machine knows BST as Bangladesh's, and IST as India's: what the file means, it does not say.
  if (/^[A-Z]{1,4}$/i.test(given) && !plainZones.has(given.toUpperCase())) return undefined;
  return IANAZone.isValidZone(given) ? given : undefined;
}

/** The short names that the IANA database itself has and that mean one thing. */
const plainZones: ReadonlySet<string> = new Set([
  'CET',
  'EET',
  'WET',
  'MET',
  'EST',
  'MST',
  'HST',
  'CUBA',
  'EIRE',
  'IRAN',
]);

const cell = z.union([
  template,
  z.strictObject({
    from: template,
    /** What to write for what the cell says; anything else is left as it is, or takes `else`. */
    values: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    else: z.union([z.string(), z.number(), z.null()]).optional(),
    /** Reads a number; with `decimal: ','` as in 1.234,5. */
    number: z.boolean().optional(),
    decimal: z.enum(['.', ',']).optional(),
    /** Takes the domain of an address or of a site, where it says whose it is: none at a free-mail provider. */
    domain: z.boolean().optional(),
    /**
     * Reads a time in this form: https://moment.github.io/luxon/#/parsing?id=table-of-tokens, as mails have it (`rfc2822`), or as the number
     * that a spreadsheet keeps of it (`excel`).
     */
    format: z
      .string()
      .min(1)
      .max(100)
      .refine(
        (form) => /^(?:[Xx]|excel)$|[ykDfF]/.test(form.replaceAll(/'[^']*'/g, '')),
        'give a form with a year in it, such as dd.MM.yyyy HH:mm',
      )
      .optional(),
    zone: zone.optional(),
  }),
]);
export type CellRule = z.infer<typeof cell>;

/** Columns with the texts of which one must be in them. */
const condition = z.record(z.string(), z.union([z.string(), z.array(z.string()).min(1)]));
export type RowCondition = z.infer<typeof condition>;

const event = z.strictObject({
  type: cell,
  /** Columns without which a row makes no such event. */
  needs: z.array(z.string()).max(20).default([]),
  when: condition.optional(),
  /** What identifies the event within its source; what the row says, without it. */
  id: cell.optional(),
  time: cell,
  /** When it became known, where that was later. */
  recorded: cell.optional(),
  subject: cell,
  data: z
    .record(
      z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,99}$/, 'use letters, digits and underscores, starting with a letter'),
      cell,
    )
    .default({}),
});
export type EventRule = z.infer<typeof event>;

const mapping = z.strictObject({
  /** Where the rows come from: part of what identifies their events. */
  source: z.string().min(1).max(400),
  /** Found by itself, where it is none of comma, semicolon, tab and bar give it here. */
  delimiter: z.string().length(1).optional(),
  /** As a browser names it (https://encoding.spec.whatwg.org/#names-and-labels). */
  encoding: z
    .string()
    .default('utf-8')
    .refine((label) => {
      try {
        return new TextDecoder(label).encoding !== '';
      } catch {
        return false;
      }
    }, 'give an encoding, such as utf-8, windows-1252 or utf-16le'),
  /** Of times that name none. */
  zone: zone.optional(),
  /** Rows that are left out on purpose. */
  skip: z.array(condition).max(50).default([]),
  events: z.array(event).min(1).max(50),
});

/** How rows of a file become events. */
export type CsvMapping = z.infer<typeof mapping>;

/**
 * Reads a mapping as YAML or JSON.
 *
 * @param fileName how the file is called in messages
 * @throws MappingInvalid that names line, field and remedy of everything wrong
 */
export function parseCsvMapping(text: string, fileName = 'mapping'): CsvMapping {
  const read = readForm(text, mapping, form);
  const issues = read.ok
    ? read.value.events
        .flatMap(typeProblems)
        .map(({ path, message, remedy }) => ({ ...read.place(path), message, remedy }))
    : read.issues;
  if (read.ok && issues.length === 0) return read.value;
  throw new MappingInvalid(`${correctionsText(fileName, issues)}\nSee docs/import.md.`);
}

let jsonSchema: Readonly<Record<string, unknown>> | undefined;
const form = {
  jsonSchema: () => (jsonSchema ??= { ...z.toJSONSchema(mapping, { io: 'input' }) }),
  noun: 'mapping',
  docs: 'docs/import.md',
  ifEmpty: 'begin with one of the examples in docs/import.md',
};

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly remedy: string;
}

/** Types that are none, and fields without which every row of a type would be refused. */
function typeProblems({ type, data }: EventRule, index: number): Problem[] {
  const path = ['events', index];
  const named: readonly (readonly [Problem['path'], string])[] =
    typeof type === 'string'
      ? [[[...path, 'type'], type]]
      : [
          ...Object.entries(type.values ?? {}).map(
            ([cell, value]) => [[...path, 'type', 'values', cell], String(value)] as const,
          ),
          ...(typeof type.else === 'string' ? [[[...path, 'type', 'else'], type.else] as const] : []),
        ];
  const unknown = named.flatMap(([place, name]) => {
    if (holdsCell.test(name) || isEventType(spelledType(name))) return [];
    const meant = typeMeant(name);
    const like = meant === undefined ? namesLike(name, eventTypes) : [meant];
    return [
      {
        path: place,
        message: `"${name.slice(0, 100)}" is no type of the vocabulary`,
        remedy: like.length > 0 ? `did you mean ${like.join(' or ')}?` : 'docs/import.md lists the types',
      },
    ];
  });
  if (typeof type !== 'string' || !isEventType(type)) return unknown;
  const { all, required } = dataFields(type);
  // Any other name may be another word for it: that is told when the rows are read.
  const given = Object.keys(data);
  const missing = given.every((field) => all.includes(field)) ? required.filter((field) => !given.includes(field)) : [];
  return missing.map((field) => ({
    path: [...path, 'data'],
    message: `${type} needs "${field}", which is missing`,
    remedy: `add it under data: ${field}: '{Column}'`,
  }));
}

/** The columns that a mapping reads. `{#row}` is the row's number and no column. */
export function columnsOf({ events, skip, zone: mapped }: CsvMapping): ReadonlySet<string> {
  const found = new Set<string>();
  const conditions = [...skip, ...events.flatMap(({ when }) => (when ? [when] : []))];
  for (const one of conditions) for (const column of Object.keys(one)) found.add(column);
  const zones = events.flatMap(({ time, recorded, data }) =>
    [time, recorded, ...Object.values(data)].map((one) => (typeof one === 'object' ? one.zone : undefined)),
  );
  for (const one of [mapped, ...zones])
    if (one !== undefined)
      for (const column of placeholders(typeof one === 'string' ? one : one.from)) found.add(column);
  for (const rule of events) {
    for (const column of rule.needs) found.add(column);
    const { type, id, time, recorded, subject, data } = rule;
    for (const one of [type, id, time, recorded, subject, ...Object.values(data)]) {
      if (one !== undefined)
        for (const column of placeholders(typeof one === 'string' ? one : one.from)) found.add(column);
    }
  }
  found.delete('#row');
  return found;
}

/** The names in braces of a template. */
function placeholders(text: string): readonly string[] {
  return [...text.matchAll(/\{([^{}]{1,200})\}/g)].map((found) => found[1] ?? '');
}
