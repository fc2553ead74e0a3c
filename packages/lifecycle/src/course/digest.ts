import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** SHA-256 in hexadecimal over the canonical JSON (RFC 8785) of a JSON value. */
export function contentDigest(value: unknown): string {
  return hash('sha256', canonicalJson(value));
}

/** The same of a value whose keys are in order already, in every object of it, and whose numbers are finite: far sooner. */
export function orderedDigest(value: object): string {
  const text = JSON.stringify(value);
  return hash('sha256', hasHalfPair(text) ? canonicalJson(value) : text);
}

const surrogate = String.raw`\ud`;

/** Half a pair of surrogates would be written as an escape; the library says that it has no canonical form. */
const hasHalfPair = (text: string): boolean => text.includes(surrogate);

/**
 * The canonical JSON (RFC 8785) of a JSON value; `null` of what has none. The language's own JSON of a value with its keys in order is
 * canonical, and comes several times sooner; what it would write otherwise is left to the library.
 */
export function canonicalJson(value: unknown): string {
  const ordered = inOrder(value);
  const text = ordered === odd ? undefined : JSON.stringify(ordered);
  return text === undefined || hasHalfPair(text) ? (canonicalize(value) ?? 'null') : text;
}

/** Stands for a value that would be written otherwise. */
const odd = Symbol('odd');

/** A copy with the keys of every object in order. */
function inOrder(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : odd;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const all: unknown[] = [];
    for (const one of value) {
      const made = inOrder(one);
      if (made === odd) return odd;
      all.push(made);
    }
    return all;
  }
  if (!isPlain(value)) return odd;
  const ordered: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const first = key.charCodeAt(0);
    // Keys that look like numbers come first in any object, whenever they are set; and one is not set as others are.
    if ((first >= 48 && first <= 57) || key === '__proto__') return odd;
    const made = inOrder(value[key]);
    if (made === odd) return odd;
    ordered[key] = made;
  }
  return ordered;
}

/** Dates and numbers in boxes are written as something else. */
const isPlain = (value: object): value is Readonly<Record<string, unknown>> =>
  Object.getPrototypeOf(value) === Object.prototype && !('toJSON' in value);
