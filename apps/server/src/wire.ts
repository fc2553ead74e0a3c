import { instantFields } from '@waymark/journey';
import { iso } from './http/api-forms.ts';

/** Names under which answers hold instants: `at`, `asOf`, `from`, `openedAt`, `purgedSince`, `snoozedUntil`, `watchedFrom` … */
const instantName = /^(?:at|asOf|from|to|upTo|since|until)$|[a-z](?:At|Since|Until|From)$/;
/** Called like one and none: the line at which an import went on. */
const otherwise: ReadonlySet<string> = new Set(['resumedAt']);

/**
 * An answer as it goes out, over HTTP or by `--json`: a number that is an instant by its name, epoch milliseconds inside, is RFC 3339 in
 * UTC. Of the attributes of an event those are instants that the vocabulary calls so; whatever else a source gave stays as it gave it.
 */
export function wired(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => wired(one));
  // Dates say themselves how they are written.
  return typeof value === 'object' && value !== null && !(value instanceof Date) ? wiredReport(value) : value;
}

/** The same of an object. */
export function wiredReport(report: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(report).map(([name, value]: [string, unknown]) => {
      if (name === 'attributes' && typeof value === 'object' && value !== null) return [name, wiredAttributes(value)];
      const isInstant = instantName.test(name) && !otherwise.has(name);
      return [name, (isInstant ? printed(value) : undefined) ?? wired(value)];
    }),
  );
}

/** The same of the attributes of an event. */
export function wiredAttributes(attributes: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]: [string, unknown]) => [
      name,
      (instantFields.has(name) ? printed(value) : undefined) ?? value,
    ]),
  );
}

/** An instant, or a list of them; undefined of anything else, and of what lies beyond all dates. */
function printed(value: unknown): string | readonly string[] | undefined {
  if (typeof value === 'number') return Math.abs(value) <= 8.64e15 ? iso(value) : undefined;
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const list = value.map(printed);
  return list.every((one) => typeof one === 'string') ? list : undefined;
}
