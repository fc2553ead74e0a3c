/** Longest header value that is read at all; what is longer is cut before any parser or pattern sees it (failure R25). */
const maxValue = 32_768;
/** Headers read of one mail; the rest is dropped. */
const maxHeaders = 2_000;

/** The headers of one mail: names without case, order kept, values capped. */
export interface MailHeaders {
  /** The first value of a header; undefined where it is missing or blank. */
  first(name: string): string | undefined;
  all(name: string): readonly string[];
  has(name: string): boolean;
}

/** Reads a list of headers as providers give them. Never throws; nameless headers are dropped. */
export function mailHeaders(
  list: readonly { readonly name?: string | null | undefined; readonly value?: string | null | undefined }[],
): MailHeaders {
  const byName = new Map<string, string[]>();
  for (const { name, value } of list.slice(0, maxHeaders)) {
    const key = name?.slice(0, 200).trim().toLowerCase();
    if (!key) continue;
    const values = byName.get(key) ?? [];
    values.push(unfold((value ?? '').slice(0, maxValue)));
    byName.set(key, values);
  }
  return {
    first: (name) => byName.get(name.toLowerCase())?.find((value) => value !== ''),
    all: (name) => byName.get(name.toLowerCase()) ?? [],
    has: (name) => byName.has(name.toLowerCase()),
  };
}

/** Undoes folding (RFC 5322, 2.2.3) and drops control characters, which PostgreSQL's jsonb or a terminal would choke on. */
function unfold(value: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  return value.replace(/[\u0000-\u001f\u007f]/g, ' ').trim();
}
