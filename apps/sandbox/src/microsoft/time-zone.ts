import { DateTime } from 'luxon';
import { findIana, findWindows } from 'windows-iana';

/** The Windows name of an IANA zone, as Exchange writes it; UTC where Windows has none. */
export const windowsZone = (iana: string): string => findWindows(iana)[0] ?? 'UTC';

/** A Graph time: local time without an offset, seven digits behind the second, and the zone beside it. */
export const dateTimeTimeZone = (at: number, zone = 'UTC'): { dateTime: string; timeZone: string } => {
  const iana = zone === 'UTC' ? 'UTC' : (findIana(zone)[0] ?? zone);
  const local = DateTime.fromMillis(at, { zone: iana });
  const shown = local.isValid ? local : DateTime.fromMillis(at, { zone: 'UTC' });
  return {
    dateTime: `${shown.toFormat("yyyy-MM-dd'T'HH:mm:ss")}.0000000`,
    timeZone: local.isValid ? zone : 'UTC',
  };
};
