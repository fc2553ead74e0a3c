/** Draws numbers from 0 up to, not including, 1; the same seed gives the same ones (mulberry32, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Container = Record<string, unknown> | unknown[];
interface Place {
  readonly parent: Container;
  readonly key: string;
}
type Operator = (place: Place, random: () => number) => void;

const put = ({ parent, key }: Place, value: unknown): void => {
  if (Array.isArray(parent)) parent[Number(key)] = value;
  // Never by assignment: `__proto__` must become a key like any other, as JSON.parse makes it.
  else Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
};
const at = ({ parent, key }: Place): unknown => (Array.isArray(parent) ? parent[Number(key)] : parent[key]);
const pick = <T>(values: readonly T[], random: () => number): T | undefined =>
  values[Math.floor(random() * values.length)];
const nested = (depth: number): unknown => JSON.parse('{"a":['.repeat(depth) + '0' + ']}'.repeat(depth));

/** What a vendor, a proxy or a broken export does to a record: twelve ways, each on one place of it. */
const operators: Readonly<Record<string, Operator>> = {
  'a key left out': ({ parent, key }) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
  },
  null: (place) => put(place, null),
  'another type': (place, random) => put(place, pick([0, true, 'text', {}, [], -1.5], random)),
  'an empty text': (place) => put(place, ''),
  'a text of 200,000 characters': (place, random) =>
    put(place, (pick(['x', '.', '<', ' ', '"', '\u{1f600}'], random) ?? 'x').repeat(200_000)),
  'deep nesting': (place) => put(place, nested(200)),
  'a list for an object and back': (place) => {
    const value = at(place);
    put(place, Array.isArray(value) ? Object.fromEntries(value.entries()) : [value]);
  },
  'a member twice': (place) => {
    const value = at(place);
    if (Array.isArray(value)) put(place, [...value, ...value]);
    else if (Array.isArray(place.parent)) place.parent.push(value);
    else put(place, [value, value]);
  },
  'control characters and half a surrogate': (place, random) =>
    put(place, pick(['\u0000', 'a\u0000b', '\ud800', '\u202eabc', '\r\nBcc: x@y.example', '\u00ad@\u200b'], random)),
  'keys of the prototype': (place, random) => {
    const key = pick(['__proto__', 'constructor', 'toString', 'hasOwnProperty'], random) ?? '__proto__';
    if (Array.isArray(place.parent)) put(place, { [key]: 'polluted' });
    else put({ parent: place.parent, key }, { polluted: true });
  },
  'a number or a time beyond all': (place, random) =>
    put(
      place,
      pick(
        [
          1e308,
          -1e308,
          2 ** 60,
          '99999999999999999999',
          '+275761-01-01T00:00:00Z',
          '0000-00-00',
          '2026-02-30T25:61:00Z',
          Number.MIN_VALUE,
        ],
        random,
      ),
    ),
  'a text cut short': (place, random) => {
    const value = at(place);
    put(place, typeof value === 'string' ? value.slice(0, Math.floor(random() * value.length)) : undefined);
  },
};

/** A record as it might come, with what was done to it. */
export interface Mutant {
  readonly operator: string;
  readonly path: string;
  readonly raw: unknown;
}

/** `each` mutants of every operator for one raw record, at places drawn at random. The record itself stays as it is. */
export function mutantsOf(raw: unknown, each: number, random: () => number): Mutant[] {
  const mutants: Mutant[] = [];
  for (const [operator, change] of Object.entries(operators)) {
    for (let index = 0; index < each; index += 1) {
      const copy: unknown = structuredClone(raw);
      const place = pick(placesOf(copy), random);
      if (!place) continue;
      change(place.place, random);
      mutants.push({ operator, path: place.path, raw: copy });
    }
  }
  return mutants;
}

function placesOf(root: unknown): { readonly path: string; readonly place: Place }[] {
  const found: { path: string; place: Place }[] = [];
  const walk = (value: unknown, path: string): void => {
    if (!isContainer(value)) return;
    for (const key of Object.keys(value)) {
      const place = { parent: value, key };
      found.push({ path: `${path}/${key}`, place });
      walk(at(place), `${path}/${key}`);
    }
  };
  walk(root, '');
  return found;
}

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;
