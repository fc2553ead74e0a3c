/** The places of an answer at which a number stands that can only be an instant: epoch milliseconds from 2001 on. */
export function bareInstants(value: unknown, place = ''): readonly string[] {
  if (typeof value === 'number') return Math.abs(value) >= 1e12 ? [place] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]: [string, unknown]) => bareInstants(one, `${place}/${name}`));
}
