/**
 * JSON with the keys of all objects sorted and nothing between them, so that the same content is the same text whatever its order. As
 * RFC 8785 writes it, but half a surrogate pair is escaped instead of refused.
 */
export function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((each: unknown) => stableJson(each ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  let text = '';
  for (const [key, each] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    if (each === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${stableJson(each)}`;
  }
  return `{${text}}`;
}
