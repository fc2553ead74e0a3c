import { iso } from './api-forms.ts';

const instants = new Set(['asOf', 'since', 'openedAt', 'clearedAt', 'until', 'turnsAt']);

/** A report as the commands print it, with its instants as RFC 3339. */
export function wired(report: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(report).map(([key, value]: [string, unknown]) => [
      key,
      instants.has(key) && typeof value === 'number' ? iso(value) : wiredValue(value),
    ]),
  );
}

function wiredValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wiredValue);
  return typeof value === 'object' && value !== null ? wired(value) : value;
}
