import { IANAZone } from 'luxon';
import { findIana } from 'windows-iana';

/** A zone by its IANA name; `label` is what Exchange called it, where no table knows that name. */
export interface Zone {
  readonly name: string;
  readonly label?: string;
}

/**
 * The zone in which an event was made. Exchange writes Windows' names, sometimes IANA's, and of custom zones nothing that says where
 * they are: those are UTC, with their name kept (failure C3). The zone never moves an instant: all times are asked for in UTC.
 * https://learn.microsoft.com/en-us/graph/api/resources/event
 */
export function zoneOf(name: string | null | undefined): Zone {
  const written = name?.slice(0, 100).trim();
  if (!written || written.toUpperCase() === 'UTC') return { name: 'UTC' };
  const [found] = findIana(written);
  if (found !== undefined) return { name: found };
  // What Outlook shows to people in place of the name: "(UTC-03:00) Brasilia", "custom_America/New_York".
  const inside = written.replace(/^custom_/i, '');
  return IANAZone.isValidZone(inside) && inside.includes('/') ? { name: inside } : { name: 'UTC', label: written };
}
