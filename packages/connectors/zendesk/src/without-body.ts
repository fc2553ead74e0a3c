/** Members that hold what people wrote, in whatever object Zendesk puts them. */
const WRITTEN = new Set([
  'subject',
  'raw_subject',
  'description',
  'body',
  'html_body',
  'plain_body',
  'comment',
  'reason',
  'notes',
  'details',
  'signature',
]);

/** Deeper than anything that Zendesk answers. */
const DEEPEST = 30;

/** Leaves out of a record whatever people wrote, however odd the record's form. */
export function withoutBody(raw: unknown, depth = 0): unknown {
  if (typeof raw !== 'object' || raw === null) return raw;
  if (depth >= DEEPEST) return null;
  if (Array.isArray(raw)) return raw.map((part) => withoutBody(part, depth + 1));
  return Object.fromEntries(
    Object.entries(raw)
      .filter(([name]) => !WRITTEN.has(name))
      .map(([name, part]): [string, unknown] => [name, withoutBody(part, depth + 1)]),
  );
}
