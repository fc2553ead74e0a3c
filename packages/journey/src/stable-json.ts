/**
 * JSON with the keys of all objects sorted and nothing between them, so that the same content is the same text whatever its order. As
 * RFC 8785 writes it, but half a surrogate pair is escaped instead of refused.
 */
export function stableJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`;
  let text = '{';
  for (const key of Object.keys(value).sort()) {
    const each: unknown = Reflect.get(value, key);
    if (each === undefined) continue;
    text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:${stableJson(each)}`;
  }
  return `${text}}`;
}
