import {
  compileJourney,
  courseDifference,
  parseDefinition,
  reduce,
  type CompiledJourney,
  type CourseDifference,
} from '@waymark/lifecycle';
import { accounts as readAccounts, journeyShadows, type JourneyShadow, type Tx } from '@waymark/store';
import { accountInputs, activeJourneys, peersAsked } from '@waymark/sync';
import type { Waymark } from './waymark.ts';

/** An account that the definition in shadow took another course with. */
export interface ShadowAccount extends CourseDifference {
  readonly name: string;
  readonly csm: string | null;
}

/** How a definition in shadow and the one in force have differed since it was put there. Times are epoch milliseconds. */
export interface ShadowReport {
  readonly journey: string;
  readonly shadow: { readonly version: number; readonly digest: string };
  readonly inForce: { readonly version: number; readonly digest: string } | null;
  readonly since: number;
  readonly asOf: number;
  readonly accounts: number;
  readonly differing: readonly ShadowAccount[];
  /** Flags that were raised since by both, by the one in force alone, by the shadow alone. */
  readonly flags: { readonly both: number; readonly onlyInForce: number; readonly onlyShadow: number };
  readonly byRule: readonly {
    readonly rule: string;
    readonly onlyInForce: number;
    readonly onlyShadow: number;
  }[];
  /** Flags that each alone opened, by day of UTC. */
  readonly byDay: readonly { readonly day: string; readonly onlyInForce: number; readonly onlyShadow: number }[];
}

/**
 * What the definitions in shadow would have said beside those in force, from the instant each was put there until now. Both are
 * derived from the log as it stands; nothing is stored, posted or written.
 */
export async function shadowReports(waymark: Waymark, workspaceId: string): Promise<readonly ShadowReport[]> {
  return waymark.database.inWorkspace(workspaceId, async (tx) => {
    const shadows = await journeyShadows(tx);
    const active = await activeJourneys(tx);
    const reports: ShadowReport[] = [];
    for (const shadow of shadows) {
      const inForce = active.find((one) => one.definition.id === shadow.journey);
      reports.push(await reportOf(tx, shadow, inForce, waymark.now()));
    }
    return reports;
  });
}

async function reportOf(
  tx: Tx,
  shadow: JourneyShadow,
  inForce: CompiledJourney | undefined,
  asOf: number,
): Promise<ShadowReport> {
  const journey = compileJourney(parseDefinition(shadow.source, `${shadow.journey} in shadow`), shadow.digest);
  const read = await accountInputs(tx, { peers: await peersAsked(tx, journey.definition, asOf) });
  const standing = (await readAccounts(tx)).filter((account) => account.mergedInto === null);
  const courses: ShadowAccount[] = [];
  for (const account of standing) {
    const { context, facts } = await read(account);
    const before = inForce ? reduce(inForce, context, facts, asOf) : null;
    const course = courseDifference(before, reduce(journey, context, facts, asOf), shadow.startedAt);
    courses.push({ ...course, name: account.name, csm: account.csmEmail });
  }
  const sum = (of: (one: ShadowAccount) => number) => courses.reduce((total, one) => total + of(one), 0);
  return {
    journey: shadow.journey,
    shadow: { version: shadow.version, digest: shadow.digest },
    inForce: inForce ? { version: inForce.definition.version, digest: inForce.digest } : null,
    since: shadow.startedAt,
    asOf,
    accounts: standing.length,
    differing: courses
      .filter((one) => one.stageApartMs > 0 || one.onlyBefore.length + one.onlyAfter.length > 0)
      .toSorted((a, b) => a.name.localeCompare(b.name)),
    flags: {
      both: sum((one) => one.both),
      onlyInForce: sum((one) => one.onlyBefore.length),
      onlyShadow: sum((one) => one.onlyAfter.length),
    },
    byRule: tallies(courses, (flag) => flag.rule).map(({ key, ...counts }) => ({ rule: key, ...counts })),
    byDay: tallies(courses, (flag) =>
      new Date(Math.max(flag.openedAt, shadow.startedAt)).toISOString().slice(0, 10),
    ).map(({ key, ...counts }) => ({ day: key, ...counts })),
  };
}

function tallies(
  courses: readonly CourseDifference[],
  keyOf: (flag: CourseDifference['onlyAfter'][number]) => string,
): { readonly key: string; readonly onlyInForce: number; readonly onlyShadow: number }[] {
  const before = Map.groupBy(
    courses.flatMap((one) => one.onlyBefore),
    keyOf,
  );
  const after = Map.groupBy(
    courses.flatMap((one) => one.onlyAfter),
    keyOf,
  );
  return [...new Set([...before.keys(), ...after.keys()])].toSorted().map((key) => ({
    key,
    onlyInForce: before.get(key)?.length ?? 0,
    onlyShadow: after.get(key)?.length ?? 0,
  }));
}
