/** The years whose holidays are known to the engine: always the same, so that no answer depends on the day on which it is asked. */
const firstYear = 2018;
const lastYear = 2035;

const known = new Map<string, Promise<readonly string[]>>();

/**
 * The public holidays of a country (ISO 3166-1 alpha-2, such as `DE`) as dates (`2026-04-06`), oldest first, by the date-holidays library,
 * which is loaded on first use. Of a country that it does not know there are none.
 */
export function publicHolidays(country: string): Promise<readonly string[]> {
  const found = known.get(country) ?? readHolidays(country);
  known.set(country, found);
  return found;
}

async function readHolidays(country: string): Promise<readonly string[]> {
  const { default: Holidays } = await import('date-holidays');
  const calendar = new Holidays(country);
  const dates = new Set<string>();
  for (let year = firstYear; year <= lastYear; year += 1)
    for (const { date, type } of calendar.getHolidays(year)) if (type === 'public') dates.add(date.slice(0, 10));
  return [...dates].sort();
}
