import type { EventMatcher } from '@waymark/journey';
import type { Fact } from './state.ts';

/** Compiles an event matcher. */
export function compileMatcher(matcher: EventMatcher): (fact: Fact) => boolean {
  const types = new Set<string>(Array.isArray(matcher.type) ? matcher.type : [matcher.type]);
  const wanted = Object.entries(matcher.where ?? {}).map(
    ([name, value]) => [name, new Set<unknown>(Array.isArray(value) ? value : [value])] as const,
  );
  return (fact) => types.has(fact.type) && wanted.every(([name, values]) => values.has(fact.attributes[name]));
}
