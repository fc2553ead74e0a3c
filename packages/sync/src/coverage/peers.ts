import { eventTypes, type EventType, type JourneyDefinition } from '@waymark/journey';
import {
  datedStanding,
  parseDefinition,
  peerBaselines,
  peerLag,
  peerMeasures,
  PeerTally,
  peerWeeks,
  tierName,
  standingTypes,
  type DatedStanding,
  type PeerBaseline,
  type PeerMeasure,
  type PeerMedian,
} from '@waymark/lifecycle';
import {
  accounts as readAccounts,
  activeDefinitions,
  peerCheck,
  peerLogs,
  peerMedians,
  streamStates,
  wakeAccounts,
  writePeerCheck,
  writePeerMedians,
  type Account,
  type PeerLog,
  type StoredPeerMedian,
  type Tx,
} from '@waymark/store';
import { isHistoryBeingRead } from './season.ts';

const DAY = 86_400_000;
/** Weeks that are looked at again each day: what came late speaks of its own weeks. */
const weeksAgain = 13;
/** Weeks of a measure that is asked for the first time. */
const weeksAtFirst = 104;
const accountsATime = 500;

/** What is usual in each tier, by its name as `tierName` writes it. */
export type PeersByTier = Readonly<Record<string, readonly PeerBaseline[]>>;

/**
 * Works out anew, once a day and whenever a history has been read to its end or a definition asks for more, what is usual in each tier, and
 * has the accounts of tiers judged anew of which something else is said. Of a week only customers of then count, by the record that they were
 * judged with then. Where no definition in force asks, nothing is worked out. Says whether anything changed.
 */
export async function keepPeers(tx: Tx, now: number, options: { readonly again?: boolean } = {}): Promise<boolean> {
  const asked = await askedMeasures(tx);
  if (asked.length === 0 || (await isHistoryBeingRead(tx, now))) return false;
  const today = Math.floor(now / DAY) * DAY;
  const read = (await streamStates(tx))
    .filter((state) => state.backfillDoneAt !== null)
    .map((state) => `${state.installationId}|${state.stream}|${state.partition}`)
    .sort();
  const basis = [...asked.map(({ key }) => key), ...read].join('\n');
  const checked = await peerCheck(tx);
  if (checked && checked.day >= today && checked.basis === basis && options.again !== true) return false;
  const before = await peerMedians(tx);
  const recent = peerWeeks(0, now, weeksAgain);
  // Kept up all along: the weeks before those that are looked at again stand as they are.
  const known = new Set(before.flatMap(({ measure, from }) => (from >= (recent[0] ?? 0) ? [measure] : [])));
  const isSame = checked?.basis === basis && options.again !== true;
  const [kept, fresh] = [
    asked.filter(({ key }) => isSame && known.has(key)),
    asked.filter(({ key }) => !isSame || !known.has(key)),
  ];
  const all = await readAccounts(tx);
  let changed = false;
  for (const [measures, weeks] of [
    [kept, recent],
    [fresh, peerWeeks(0, now, weeksAtFirst)],
  ] as const) {
    if (measures.length === 0) continue;
    const medians = await mediansOf(tx, all, measures, weeks);
    const tiers = await store(tx, before, medians, { measures, since: weeks[0] ?? 0 }, now);
    // Who had another tier before, or may have, is held against that one too.
    const woken = all.filter(
      ({ tier, dated }) => tiers.has(tierName(tier)) || (tiers.size > 0 && dated?.includes('tier') !== false),
    );
    await wakeAccounts(
      tx,
      woken.map(({ accountId }) => ({ accountId, earliest: now })),
      now,
    );
    changed ||= tiers.size > 0;
  }
  await writePeerCheck(tx, { day: today, basis });
  return changed;
}

/** What is usual in each tier as it stands, or with `knownAt` as it was known then. */
export async function peersByTier(tx: Tx, knownAt?: number): Promise<PeersByTier> {
  return Object.fromEntries(peerBaselines(await peerMedians(tx, knownAt)));
}

/** The same with what a definition asks that is not in force: worked out from the log as it stands, and kept nowhere. */
export async function peersAsked(tx: Tx, definition: JourneyDefinition, now: number): Promise<PeersByTier> {
  const stored = await peerMedians(tx);
  const [since = 0] = peerWeeks(0, now, weeksAgain);
  const kept = new Set(stored.flatMap(({ measure, from }) => (from >= since ? [measure] : [])));
  const missing = peerMeasures(definition).filter(({ key }) => !kept.has(key));
  const others = stored.filter(({ measure }) => !missing.some(({ key }) => key === measure));
  const made =
    missing.length === 0 ? [] : await mediansOf(tx, await readAccounts(tx), missing, peerWeeks(0, now, weeksAtFirst));
  return Object.fromEntries(peerBaselines([...others, ...made]));
}

async function askedMeasures(tx: Tx): Promise<readonly PeerMeasure[]> {
  const byKey = new Map(
    (await activeDefinitions(tx))
      .flatMap(({ journey, source }) => peerMeasures(parseDefinition(source, `${journey}.yaml`)))
      .map((measure) => [measure.key, measure]),
  );
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function mediansOf(
  tx: Tx,
  accounts: readonly Account[],
  measures: readonly PeerMeasure[],
  weeks: readonly number[],
): Promise<readonly PeerMedian[]> {
  const [first, last] = [weeks[0], weeks.at(-1)];
  if (first === undefined || last === undefined) return [];
  const tally = new PeerTally(measures, weeks);
  const longest = Math.max(...measures.map((one) => one.weeks + one.baselineWeeks));
  const range = {
    from: first - longest * 7 * DAY,
    to: last,
    types: [...new Set(measures.flatMap(({ types }) => types))],
    standing: standingTypes,
  };
  for (let at = 0; at < accounts.length; at += accountsATime) {
    const some = accounts.slice(at, at + accountsATime);
    const byId = new Map(some.map((one) => [one.accountId, one]));
    for (const log of await peerLogs(tx, [...byId.keys()], range)) {
      const account = byId.get(log.accountId);
      if (!account) continue;
      const standing = datedStanding(log.standing);
      tally.add({
        sinceAt: (weekEnd) => account.customerSince ?? standing(weekEnd + peerLag).since ?? log.firstAt ?? Infinity,
        tierAt: (weekEnd) => tierOf(account, log, standing, weekEnd + peerLag),
        happenings: log.weeks.flatMap(({ type, from, count }) =>
          isEventType(type) ? [{ type, occurredAt: from, count }] : [],
        ),
      });
    }
  }
  return tally.medians();
}

const known: ReadonlySet<string> = new Set(eventTypes);
const isEventType = (type: string): type is EventType => known.has(type);

/**
 * The tier of a customer at an instant by what dated events told of it, else by the record that it was judged with then; of before the
 * first one, by that.
 */
function tierOf(
  account: Account,
  { records }: PeerLog,
  standing: (at: number) => DatedStanding,
  at: number,
): string | null {
  const then = records.find(({ to }) => to === null || to > at);
  const isCustomer = then ? then.isCustomer : account.isCustomer && account.mergedInto === null;
  if (!isCustomer) return null;
  const { tier } = standing(at);
  if (tier !== undefined) return tierName(tier);
  // What holds now says nothing of before where the past is dated, and began later.
  return account.dated?.includes('tier') ? tierName(null) : tierName(then ? then.tier : account.tier);
}

const rowKey = ({ tier, measure, from }: Pick<StoredPeerMedian, 'tier' | 'measure' | 'from'>): string =>
  JSON.stringify([tier, measure, from]);

/** Stores what differs; gives the tiers of which something else is said now. */
async function store(
  tx: Tx,
  before: readonly StoredPeerMedian[],
  medians: readonly PeerMedian[],
  about: { readonly measures: readonly PeerMeasure[]; readonly since: number },
  at: number,
): Promise<ReadonlySet<string>> {
  const keys = new Set(about.measures.map(({ key }) => key));
  const own = before.filter(({ measure }) => keys.has(measure));
  const former = new Map(own.filter(({ from }) => from >= about.since).map((one) => [rowKey(one), one]));
  const wanted = new Map(medians.map((one) => [rowKey(one), one]));
  const told = [...wanted].flatMap(([key, one]) => (former.get(key)?.median === one.median ? [] : [one]));
  const ended = [...former].flatMap(([key, one]) => (wanted.get(key)?.median === one.median ? [] : [one]));
  await writePeerMedians(tx, { ended, told }, at);
  const gone = new Set(ended.map(rowKey));
  const after = peerBaselines([...own.filter((one) => !gone.has(rowKey(one))), ...told]);
  const said = peerBaselines(own);
  return new Set(
    [...new Set([...after.keys(), ...said.keys()])].filter((tier) => bare(after.get(tier)) !== bare(said.get(tier))),
  );
}

/** What is said of a tier, but for how many say it. */
const bare = (baselines: readonly PeerBaseline[] = []): string =>
  JSON.stringify(baselines.map(({ measure, steps }) => [measure, steps.map(({ from, median }) => [from, median])]));
