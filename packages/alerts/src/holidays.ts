import Holidays from 'date-holidays';

/**
 * Whether a day is a public holiday of a country (ISO 3166-1 alpha-2, such as `DE`), by the date-holidays library. An unknown country
 * has none.
 */
export function holidayCalendar(country: string): (isoDate: string) => boolean {
  const calendar = new Holidays(country);
  const years = new Map<number, ReadonlySet<string>>();
  return (isoDate) => {
    const year = Number(isoDate.slice(0, 4));
    let days = years.get(year);
    if (!days) {
      days = new Set(
        calendar
          .getHolidays(year)
          .filter((day) => day.type === 'public')
          .map((day) => day.date.slice(0, 10)),
      );
      years.set(year, days);
    }
    return days.has(isoDate);
  };
}
