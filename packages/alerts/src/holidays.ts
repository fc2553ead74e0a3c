/** Says of a day (`2026-12-25`) whether it is a public holiday. */
export type HolidayCalendar = (isoDate: string) => boolean;

/**
 * The public holidays of a country (ISO 3166-1 alpha-2, such as `DE`), by the date-holidays library, which is loaded on first use. An
 * unknown country has none.
 */
export async function holidayCalendar(country: string): Promise<HolidayCalendar> {
  const { default: Holidays } = await import('date-holidays');
  const calendar = new Holidays(country);
  const years = new Map<string, ReadonlySet<string>>();
  return (isoDate) => {
    const year = isoDate.slice(0, 4);
    const days = years.get(year) ?? holidaysOf(calendar.getHolidays(Number(year)));
    years.set(year, days);
    return days.has(isoDate);
  };
}

function holidaysOf(found: readonly { readonly date: string; readonly type: string }[]): ReadonlySet<string> {
  return new Set(found.filter((day) => day.type === 'public').map((day) => day.date.slice(0, 10)));
}
