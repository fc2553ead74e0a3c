import { z } from 'zod';
import {
  directionOf,
  mapData,
  printData,
  requiredPeople,
  touchpointOf,
  type FieldIssue,
  type MappedData,
} from './cloud-event-data.ts';
import { spelledType, typeMeant } from './cloud-event-names.ts';
import { parseTime, printTime } from './cloud-event-time.ts';
import {
  isEventType,
  vocabulary,
  type Direction,
  type EventType,
  type JourneyEvent,
  type Participant,
  type Touchpoint,
} from './event.ts';
import { mailIdentity, normalizeMessageId } from './identity.ts';
import { stableJson } from './stable-json.ts';

/**
 * A journey event that came as a CloudEvents 1.0 JSON object (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).
 * Times are epoch milliseconds.
 */
export interface CloudEvent {
  readonly type: EventType;
  /** The account's key: its domain in lower case, or its CRM id. */
  readonly subject: string;
  readonly source: string;
  /** Unique within the source. */
  readonly id: string;
  readonly time: number;
  /** When the fact became known (the extension `recordedtime`), where the line says it. */
  readonly recordedtime?: number;
  readonly touchpoint: Touchpoint;
  readonly direction: Direction;
  readonly automated: boolean;
  readonly participants: readonly Participant[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What makes it the same fact wherever it is seen: the Message-ID of a mail, else source and id. */
  readonly identity: string;
  /** Fields of `data` that are called otherwise than in the vocabulary, by their name there; left out where there are none. */
  readonly readAs?: ReadonlyMap<string, string>;
}

/** Why an object is no journey event: the first thing wrong as a word to count by, and every field that is wrong. */
export interface CloudEventRefusal {
  readonly ok: false;
  readonly reason: 'not-an-object' | 'unknown-type' | 'invalid';
  readonly issues: readonly FieldIssue[];
}
export type CloudEventResult = { readonly ok: true; readonly event: CloudEvent } | CloudEventRefusal;

/** A CloudEvents 1.0 object as it is written. */
export type CloudEventJson = Record<string, unknown>;

const known = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'subject',
  'data',
  'datacontenttype',
  'recordedtime',
]);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A null is as good as nothing (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#22-type-system-mapping). */
const isSet = (value: unknown): boolean => value !== undefined && value !== null;

const limits = { id: 400, source: 400, subject: 500 } as const;

/**
 * Reads a CloudEvents 1.0 object. Keeps everything it says: what has no place of its own stays among the attributes, and an object
 * that its parts would not give back byte for byte is kept whole beside them. Where `subject` is optional, one that names no account
 * has ''. Never throws.
 */
export function fromCloudEvent(
  value: unknown,
  options: { readonly subject: 'required' | 'optional' } = { subject: 'required' },
): CloudEventResult {
  if (!isRecord(value)) return refuse('not-an-object', [{ field: '', message: 'give a JSON object' }]);
  const issues: FieldIssue[] = [];
  if (value['specversion'] !== '1.0') issues.push({ field: 'specversion', message: 'give "1.0"' });
  const type = typeof value['type'] === 'string' ? spelledType(value['type']) : '';
  if (type === '') issues.push({ field: 'type', message: 'give a type of the vocabulary' });
  else if (!isEventType(type)) {
    const meant = typeMeant(type);
    const asked = meant === undefined ? '' : `: is ${meant} meant?`;
    issues.push({ field: 'type', message: `${type.slice(0, 100)} is no type of the vocabulary${asked}` });
    return refuse('unknown-type', issues);
  }
  const id = text(value, 'id', issues);
  const source = text(value, 'source', issues);
  const nameless = options.subject === 'optional' && (value['subject'] ?? '') === '';
  const subject = nameless ? '' : normalizeSubject(text(value, 'subject', issues));
  const time = instant(value, 'time', true, issues);
  const recorded = instant(value, 'recordedtime', false, issues);
  // By any other spelling it would be kept as a field that says nothing, and each fact would pass for known when it happened.
  for (const key of Object.keys(value))
    if (key !== 'recordedtime' && key.toLowerCase() === 'recordedtime')
      issues.push({ field: key, message: 'write it as recordedtime: CloudEvents names attributes in lower case' });
  const packed = isSet(value['data_base64']) && !isSet(value['data']) ? unpackData(value['data_base64']) : undefined;
  const data = packed ?? value['data'] ?? {};
  if (!isRecord(data)) issues.push({ field: 'data', message: 'give a JSON object' });
  else if (Object.hasOwn(data, '__proto__')) issues.push({ field: 'data.__proto__', message: 'leave this key out' });
  const contentType = value['datacontenttype'];
  if (isSet(contentType) && !(typeof contentType === 'string' && /json/i.test(contentType.slice(0, 200))))
    issues.push({ field: 'datacontenttype', message: 'only JSON can be read' });
  if (isSet(value['data_base64']) && !packed)
    issues.push({
      field: 'data_base64',
      message: 'give data as a JSON object, or one JSON object in UTF-8 here alone',
    });
  if (!isEventType(type) || !isRecord(data)) return refuse('invalid', issues);

  const mapped = mapData(type, data, issues);
  const person = requiredPeople[type];
  const isNamed = (field: string) => [...(mapped.readAs?.values() ?? [])].includes(field);
  if (person !== undefined && (data[person] === undefined || data[person] === null) && !isNamed(person))
    issues.push({ field: `data.${person}`, message: `${type} needs it` });
  const checked = vocabulary[type].safeParse(mapped.attributes);
  if (!checked.success) issues.push(...checked.error.issues.map((issue) => fieldIssue(type, issue, mapped.attributes)));
  if (issues.length > 0 || time === undefined) return refuse('invalid', issues);

  const attributes = keepWhole(value, mapped, { subject, time, recorded, contentType });
  const { participants } = mapped;
  return {
    ok: true,
    event: {
      type,
      subject,
      source,
      id,
      time,
      ...(recorded !== undefined && { recordedtime: recorded }),
      touchpoint: touchpointOf(type),
      direction: directionOf(type, data['direction']),
      automated: data['automated'] === true,
      participants,
      attributes,
      identity: identityOf(type, mapped.attributes['messageId'], participants, time, importKey(source, id)),
      ...(mapped.readAs && { readAs: mapped.readAs }),
    },
  };
}

/** What `data_base64` holds, which some programs write even of JSON; undefined where it is no JSON object. */
function unpackData(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'base64'));
    const held: unknown = JSON.parse(text);
    return isRecord(held) && isPlain(held, deepest) ? held : undefined;
  } catch {
    return undefined;
  }
}

const deepest = 60;

/** Whether a value nests no deeper, and holds nothing that a line would be refused for or that a database cannot hold. */
function isPlain(value: unknown, deep: number): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  const each = (key: string): boolean => key !== '__proto__' && key !== 'prototype' && isPlain(key, deep);
  return deep > 0 && Object.entries(value).every(([key, own]) => each(key) && isPlain(own, deep - 1));
}

function refuse(reason: CloudEventRefusal['reason'], issues: readonly FieldIssue[]): CloudEventRefusal {
  return { ok: false, reason, issues: issues.slice(0, 10) };
}

function text(value: Record<string, unknown>, field: keyof typeof limits, issues: FieldIssue[]): string {
  const found = value[field];
  if (typeof found === 'string' && found.trim() !== '' && found.length <= limits[field]) {
    if (found.isWellFormed() && !found.includes('\0')) return found;
    issues.push({ field, message: 'holds a character that cannot be kept (U+0000 or half a surrogate pair)' });
  } else issues.push({ field, message: `give a text of 1 to ${limits[field]} characters` });
  return '';
}

function instant(
  value: Record<string, unknown>,
  field: string,
  required: boolean,
  issues: FieldIssue[],
): number | undefined {
  const found = value[field];
  if (!isSet(found) && !required) return undefined;
  const at = typeof found === 'string' ? parseTime(found) : undefined;
  if (at === undefined) issues.push({ field, message: 'give a time as in 2026-03-01T09:30:00Z (RFC 3339)' });
  return at;
}

const fieldIssue = (
  type: EventType,
  issue: z.core.$ZodIssue,
  attributes: Readonly<Record<string, unknown>>,
): FieldIssue => {
  const path = issue.path.map((part) => (part === 'ticketId' && type.startsWith('ticket.') ? 'ticket' : String(part)));
  const [name] = issue.path;
  const missing = issue.path.length === 1 && typeof name === 'string' && attributes[name] === undefined;
  return { field: ['data', ...path].join('.'), message: missing ? `${type} needs it` : issue.message };
};

const domainLike = /^[^\s@/:?#[\]\\%<>^|{}]{1,253}\.[^\s@/:?#[\]\\%<>^|{}.]{1,63}\.?$/;

/**
 * An account's key in the form that is compared. A domain is the same in capitals, with the dot of the root behind it, with `www.`
 * before it, as the address of its site and in its own script (compared as IDNA writes it); anything else is itself, however its
 * accents are composed.
 */
function normalizeSubject(subject: string): string {
  const trimmed = subject.trim().normalize('NFC');
  if (!trimmed.includes('.') || /\s/.test(trimmed)) return trimmed;
  // The address of a site without a page is its domain; with one it may be an id.
  const lower = trimmed
    .toLowerCase()
    .replace(/^(?:https?:)?\/\/([^/?#@:]+)\/?$/, '$1')
    .replace(/^([^/?#@:]+)\/$/, '$1');
  if (!domainLike.test(lower)) return lower;
  const bare = lower.replace(/\.$/, '').replace(/^www\.(?=[^.]+\.)/, '');
  return isAscii.test(bare) ? bare : (URL.parse(`http://${bare}`)?.hostname ?? bare);
}

const isAscii = /^[\u0020-\u007e]*$/;

/** Source and id as one text from which both can be told again. */
export function importKey(source: string, id: string): string {
  return `${/[|%]/.test(source) ? source.replaceAll('%', '%25').replaceAll('|', '%7C') : source}|${id}`;
}

function splitImportKey(key: string): { readonly source: string; readonly id: string } {
  const bar = key.indexOf('|');
  return { source: key.slice(0, bar).replaceAll('%7C', '|').replaceAll('%25', '%'), id: key.slice(bar + 1) };
}

function identityOf(
  type: EventType,
  messageId: unknown,
  participants: readonly Participant[],
  occurredAt: number,
  key: string,
): string {
  const id = type.startsWith('email.') && typeof messageId === 'string' ? normalizeMessageId(messageId) : undefined;
  if (id === undefined) return `import:${key}`;
  const from = participants.find((one) => one.role === 'from')?.address;
  return mailIdentity({ messageId: id, from, occurredAt, fallback: '' });
}

/** Adds to the attributes what the rest would not give back. */
function keepWhole(
  value: Record<string, unknown>,
  mapped: MappedData,
  read: {
    readonly subject: string;
    readonly time: number;
    readonly recorded: number | undefined;
    readonly contentType: unknown;
  },
): Record<string, unknown> {
  const more = Object.keys(value).filter((key) => !known.has(key));
  const exact =
    mapped.exact &&
    spelledType(String(value['type'])) === value['type'] &&
    (value['subject'] ?? '') === read.subject &&
    value['time'] === printTime(read.time) &&
    (read.recorded === undefined
      ? value['recordedtime'] === undefined
      : value['recordedtime'] === printTime(read.recorded)) &&
    value['data'] !== undefined &&
    value['data'] !== null &&
    (value['datacontenttype'] === undefined || typeof read.contentType === 'string');
  const attributes = mapped.attributes;
  if (!exact) attributes['cloudevent'] = { line: stableJson(value) };
  else if (more.length > 0 || read.contentType !== undefined) {
    const extensions = Object.fromEntries(more.map((key) => [key, value[key]]));
    attributes['cloudevent'] = {
      ...(more.length > 0 && { extensions }),
      ...(read.contentType !== undefined && { datacontenttype: read.contentType }),
    };
  }
  return attributes;
}

/** What of an event, or of one of its sightings, is written. */
export type PrintableEvent = Pick<
  JourneyEvent,
  | 'id'
  | 'type'
  | 'occurredAt'
  | 'recordedAt'
  | 'knownAssumed'
  | 'direction'
  | 'automated'
  | 'participants'
  | 'accountId'
  | 'subject'
  | 'sightings'
> & { readonly attributes: Readonly<Record<string, unknown>> };

/**
 * An event as a CloudEvents 1.0 object. An imported one comes back as it came in; of one with several sightings, the form that
 * speaks for it. Any other gets Waymark's own id and its connector as source. `subject` is the account's key where the source knew
 * it, else `account:<id>`; an event without an account has none.
 */
export function toCloudEvent(event: PrintableEvent): CloudEventJson {
  const kept = isRecord(event.attributes['cloudevent']) ? event.attributes['cloudevent'] : {};
  if (typeof kept['line'] === 'string') {
    const line: unknown = JSON.parse(kept['line']);
    if (isRecord(line)) return line;
  }
  const [sighting] = event.sightings;
  const imported = sighting?.connector === 'import';
  const { source, id } =
    imported && sighting
      ? splitImportKey(sighting.externalId)
      : { source: `/connectors/${sighting?.connector ?? 'waymark'}`, id: event.id };
  const subject = event.subject ?? (event.accountId === null ? undefined : `account:${event.accountId}`);
  const data = printData(event.type, event.attributes, event.participants);
  return {
    specversion: '1.0',
    id,
    source,
    type: event.type,
    time: printTime(event.occurredAt),
    ...(subject !== undefined && { subject }),
    ...(!event.knownAssumed && { recordedtime: printTime(event.recordedAt) }),
    ...(typeof kept['datacontenttype'] === 'string' && { datacontenttype: kept['datacontenttype'] }),
    ...(isRecord(kept['extensions']) && kept['extensions']),
    data: imported ? data : withOwnWords(event, data),
  };
}

/** What an import would not conclude by itself. */
function withOwnWords(event: PrintableEvent, data: Record<string, unknown>): Record<string, unknown> {
  return {
    ...data,
    ...(event.automated && { automated: true }),
    ...(event.direction !== directionOf(event.type, undefined) && { direction: event.direction }),
  };
}
