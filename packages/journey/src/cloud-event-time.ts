const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,20}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const earliest = -62_135_596_800_000;
const latest = 253_402_300_799_999;

/**
 * An RFC 3339 time as epoch milliseconds; undefined where it is none, or outside the years 1 to 9999. Digits beyond milliseconds are
 * cut off, a leap second counts as the first instant after it.
 */
export function parseTime(text: string): number | undefined {
  const found = text.length <= 64 ? rfc3339.exec(text) : null;
  if (!found) return undefined;
  const part = (at: number): number => Number(found[at]);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)] as const;
  if (hour > 23 || minute > 59 || second > 60 || month < 1 || month > 12) return undefined;
  if (day < 1 || (day > 28 && day > new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate())) return undefined;
  const ms = Number((found[7] ?? '').padEnd(3, '0').slice(0, 3));
  const offsetHour = Number(found[9] ?? 0);
  const offsetMinute = Number(found[10] ?? 0);
  if (offsetHour > 23 || offsetMinute > 59) return undefined;
  const offset = (found[8] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute) * 60_000;
  // Date.UTC takes years below 100 for those of the 20th century.
  const at =
    new Date(0).setUTCFullYear(year, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1000 + ms - offset;
  return at >= earliest && at <= latest ? at : undefined;
}

const day = 86_400_000;
/** Days lately printed: a file names the same few hundred over and over. */
const days = new Map<number, string>();
const digits = Array.from({ length: 100 }, (_, at) => String(at).padStart(2, '0'));

function printDay(number: number): string {
  const printed = days.get(number);
  if (printed !== undefined) return printed;
  if (days.size >= 20_000) days.clear();
  const text = new Date(number * day).toISOString().slice(0, -14);
  days.set(number, text);
  return text;
}

/** Epoch milliseconds as RFC 3339 in UTC; milliseconds only where there are any. */
export function printTime(at: number): string {
  const number = Math.floor(at / day);
  const rest = at - number * day;
  const seconds = Math.floor(rest / 1000);
  const ms = rest - seconds * 1000;
  const minutes = Math.floor(seconds / 60);
  const clock = `${digits[Math.floor(minutes / 60)]}:${digits[minutes % 60]}:${digits[seconds % 60]}`;
  return `${printDay(number)}T${clock}${ms === 0 ? '' : `.${String(ms).padStart(3, '0')}`}Z`;
}
