import {
  heardAgain,
  isKnownSilent,
  knownLulls,
  silencesInTurn,
  type AccountContext,
  type BacktestAccount,
  type CoverageGap,
  type Happening,
  type KnownContext,
  type KnownLulls,
  type Lull,
  type SourceSilence,
  type ToldBySource,
  type Unheard,
} from '@waymark/lifecycle';
import type { SourceArrivals, SourcedFact } from '@waymark/store';

/** What one source told of one touchpoint over a workspace, and when it was silent. */
export interface WatchedSource extends ToldBySource {
  readonly source: string;
  readonly touchpoint: CoverageGap['touchpoints'][number];
}

/** How long an account counts among those that a source serves, after the source last told of it, ms. */
const servedFor = 180 * 86_400_000;

/** What each source's silences were, as they became known. */
export function watchedSources(all: readonly SourceArrivals[], to: number): WatchedSource[] {
  return all.map(({ source, touchpoint, recordedAt, occurredAt }) => ({
    source,
    touchpoint,
    silences: silencesInTurn({ recordedAt, occurredAt }, to),
    ...(people.has(touchpoint) ? { recordedAt, occurredAt } : noArrivals),
  }));
}

/** The touchpoints at which people write and meet: only there is it waited whether anybody does. */
const people: ReadonlySet<string> = new Set(['email', 'meeting', 'ticket', 'chat']);

/** Of the others nothing has to be kept: a workspace has millions. */
const noArrivals = { recordedAt: new Float64Array(), occurredAt: new Float64Array() };

/** Whether a source was known at an instant to be silent at a touchpoint. */
export function isSilentAt(
  sources: readonly WatchedSource[],
  told: Pick<WatchedSource, 'source' | 'touchpoint'>,
  at: number,
): boolean {
  return sources.some(
    (one) => one.source === told.source && one.touchpoint === told.touchpoint && isKnownSilent(one, at),
  );
}

/** When all of some sources, by name, had been heard of again; `knownAt` where nobody has to be waited for. */
export function heardAgainOf(sources: readonly WatchedSource[]): NonNullable<BacktestAccount['heardAgain']> {
  return (names, since, knownAt) => {
    let at = knownAt;
    for (const one of sources)
      if (names.includes(one.source) && people.has(one.touchpoint)) at = Math.max(at, heardAgain(one, since, knownAt));
    return at;
  };
}

/** A change of what was known: a silence began to be too long, ended, or was filled. */
interface Change {
  readonly at: number;
  readonly add?: CoverageGap;
  readonly remove?: CoverageGap;
  /** The kind of happening whose lulls changed. */
  readonly kind?: number;
  readonly lulls?: readonly Lull[];
  /** The record and the people as known from then on. */
  readonly record?: AccountContext;
}

/**
 * An account's context as it was known at each instant: the gaps of the sources that served it come when they were noticed and go when
 * what was missing had come. `records` is what was known of its record and its people, from the beginning on.
 */
export function knownContexts(
  records: readonly KnownContext[],
  facts: readonly Pick<SourcedFact, 'touchpoint' | 'occurredAt' | 'sources'>[],
  sources: readonly WatchedSource[],
  seasons: readonly (readonly KnownLulls[])[] = [],
): KnownContext[] {
  const changes: Change[] = [];
  for (const { source, touchpoint, silences } of sources) {
    for (const silence of silences) {
      const served = facts.some(
        (fact) =>
          fact.touchpoint === touchpoint &&
          fact.occurredAt <= silence.from &&
          fact.occurredAt > silence.from - servedFor &&
          fact.sources.includes(source),
      );
      if (served) changes.push(...changesOf(source, touchpoint, silence));
    }
  }
  for (const [kind, known] of seasons.entries())
    for (const { from, lulls } of known) changes.push({ at: from, kind, lulls });
  const [first, ...later] = records;
  if (!first) throw new RangeError('An account has a record from the beginning on.');
  for (const { from, context } of later) changes.push({ at: from, record: context });
  changes.sort((a, b) => a.at - b.at);
  const contexts: KnownContext[] = [first];
  let base = first.context;
  let gaps: readonly CoverageGap[] = base.gaps;
  const lulls: (readonly Lull[])[] = seasons.map(() => []);
  for (const [index, change] of changes.entries()) {
    gaps = [...gaps.filter((gap) => gap !== change.remove), ...(change.add ? [change.add] : [])];
    if (change.record) base = change.record;
    if (change.kind !== undefined) lulls[change.kind] = change.lulls ?? [];
    if (changes[index + 1]?.at === change.at) continue;
    contexts.push({ from: change.at, context: { ...base, gaps, lulls: lulls.flat() } });
  }
  return contexts;
}

function changesOf(source: string, touchpoint: WatchedSource['touchpoint'], silence: SourceSilence): Change[] {
  const { from, to, overAt, knownFrom, filledAt } = silence;
  const reason = `Nothing came from ${source} about anybody, far longer than is usual with it.`;
  const lasting: CoverageGap = { from, to: null, touchpoints: [touchpoint], reason };
  const ended: CoverageGap = { ...lasting, to };
  const changes: Change[] = [{ at: knownFrom, add: lasting }];
  if (filledAt !== null && (overAt === null || filledAt <= overAt))
    return [...changes, { at: filledAt, remove: lasting }];
  if (overAt !== null) changes.push({ at: Math.max(overAt, knownFrom + 1), remove: lasting, add: ended });
  if (filledAt !== null) changes.push({ at: filledAt, remove: ended });
  return changes;
}

/** The lulls of words and of use over a workspace, as they became known. A source that was silent makes no lull. */
export function workspaceSeasons(
  happenings: { readonly contact: readonly Happening[]; readonly product: readonly Happening[] },
  sources: readonly WatchedSource[],
  to: number,
): KnownLulls[][] {
  const unheard = sources.flatMap(({ source, touchpoint, silences }) =>
    silences.map((silence): Unheard => ({ ...silence, source: `${touchpoint} ${source}` })),
  );
  return [
    knownLulls('contact', happenings.contact, to, unheard),
    knownLulls('product', happenings.product, to, unheard),
  ];
}
