import type { EventMatcher } from '@waymark/journey';
import type { Fact } from './state.ts';

/** Compiles an event matcher. */
export function compileMatcher(matcher: EventMatcher): (fact: Fact) => boolean {
  const types = new Set<string>(Array.isArray(matcher.type) ? matcher.type : [matcher.type]);
  const only = types.size === 1 ? [...types][0] : undefined;
  const wanted = Object.entries(matcher.where ?? {}).map(
    ([name, value]) => [name, new Set<unknown>(Array.isArray(value) ? value : [value])] as const,
  );
  return (fact) => {
    if (only === undefined ? !types.has(fact.type) : fact.type !== only) return false;
    for (const [name, values] of wanted) if (!values.has(fact.attributes[name])) return false;
    return true;
  };
}
