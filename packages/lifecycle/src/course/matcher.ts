import type { EventMatcher } from '@waymark/journey';
import { fitsPattern, spelledAlike } from './pattern.ts';
import type { Fact } from './state.ts';

/** Compiles an event matcher. */
export function compileMatcher(matcher: EventMatcher): (fact: Fact) => boolean {
  const types = new Set<string>(Array.isArray(matcher.type) ? matcher.type : [matcher.type]);
  const only = types.size === 1 ? [...types][0] : undefined;
  const wanted = Object.entries(matcher.where ?? {}).map(
    ([name, value]) => [name, new Set<unknown>(Array.isArray(value) ? value : [value])] as const,
  );
  const alike = Object.entries(matcher.like ?? {}).map(([name, value]) => compileLike(name, [value].flat()));
  return (fact) => {
    if (only === undefined ? !types.has(fact.type) : fact.type !== only) return false;
    for (const [name, values] of wanted) if (!values.has(fact.attributes[name])) return false;
    for (const fits of alike) if (!fits(fact.attributes)) return false;
    return true;
  };
}

/** So many spellings are remembered of one matcher: names and states come again and again, and free text does not matter. */
const mostSpellings = 500;

/** Whether an attribute of this name, however it is spelled, has one of the values. */
function compileLike(name: string, values: readonly string[]): (attributes: Fact['attributes']) => boolean {
  const isCalled = remembered([name]);
  const isMeant = remembered(values);
  return (attributes) => {
    for (const key of Object.keys(attributes)) {
      if (!isCalled(key)) continue;
      const value = attributes[key];
      if ((typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') && isMeant(`${value}`))
        return true;
    }
    return false;
  };
}

/** Whether a text is one of these, or fits one with `*`, however it is spelled. */
function remembered(wanted: readonly string[]): (text: string) => boolean {
  const patterns = wanted.map(spelledAlike).filter((pattern) => pattern !== '');
  const known = new Map<string, boolean>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const alike = spelledAlike(text);
    const fits = patterns.some((pattern) => fitsPattern(alike, pattern));
    if (known.size < mostSpellings) known.set(text, fits);
    return fits;
  };
}
