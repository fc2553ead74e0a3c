import type { CoverageGap, Lull } from '@waymark/lifecycle';
import { contentUuid, touchpoint, type Touchpoint } from '@waymark/journey';
import { addressKey } from '@waymark/identity';
import {
  desksOfAccountThen,
  desksOfAccounts,
  gaps,
  healGaps,
  installations as readInstallations,
  lullsKnownAt,
  openGap,
  outagesOfAccount,
  readSeason,
  readSettings,
  sourceOutagesInForce,
  sourcesOfAccount,
  streamStates,
  wakeAllAccounts,
  type Installation,
  type StoredOutage,
  type StreamState,
  type Tx,
} from '@waymark/store';
import { peersByTier, type PeersByTier } from './peers.ts';
import { publicHolidays } from '../fold/public-holidays.ts';

/** How long a stream may be silent towards us before its absence proves nothing, ms. */
const tolerance = 6 * 3_600_000;

/** The touchpoints through which a stream sees contact, as its connector declared them. */
export function touchpointsOf(state: Pick<StreamState, 'sees'>): readonly Touchpoint[] {
  return state.sees.flatMap((name) => {
    const known = touchpoint.safeParse(name);
    return known.success ? [known.data] : [];
  });
}

/** Whether a stream sees people write or meet. */
export const seesPeople = (state: Pick<StreamState, 'sees'>): boolean =>
  state.sees.includes('email') || state.sees.includes('meeting');

/**
 * Opens a gap for each partition that has not been read for too long, from its last good read on. A dead grant or a switched-off
 * installation counts at once. Returns how many streams are in a gap.
 */
export async function watchCoverage(tx: Tx, installations: readonly Installation[], at: number): Promise<number> {
  const byId = new Map(installations.map((one) => [one.installationId, one]));
  let open = 0;
  let opened = 0;
  for (const state of await streamStates(tx)) {
    const owner = byId.get(state.installationId);
    if (state.sees.length === 0 || state.lastSuccessAt === null || !owner) continue;
    const why = reason(state, owner, at);
    if (!why) continue;
    open += 1;
    const gapId = contentUuid(
      'gap',
      tx.workspaceId,
      state.installationId,
      state.stream,
      state.partition,
      String(state.lastSuccessAt),
    );
    const isNew = await openGap(
      tx,
      {
        gapId,
        installationId: state.installationId,
        stream: state.stream,
        partition: state.partition,
        from: state.lastSuccessAt,
        reason: why,
      },
      at,
    );
    if (isNew) opened += 1;
  }
  if (opened > 0) await wakeAllAccounts(tx, at);
  return open;
}

function reason(state: StreamState, owner: Installation, at: number): string | undefined {
  if (owner.status !== 'active') return owner.statusReason ?? owner.status;
  if (state.pausedReason) return state.pausedReason;
  if (state.lastSuccessAt !== null && at - state.lastSuccessAt > tolerance)
    return state.fault?.message ?? owner.resumeReason ?? 'It was not read.';
  return undefined;
}

/** A run went through from the last cursor on, so nothing is missing any more: what waited for that is judged now. */
export async function healStream(
  tx: Tx,
  key: { readonly installationId: string; readonly stream: string; readonly partition: string },
  at: number,
): Promise<void> {
  if ((await healGaps(tx, key, at)) > 0) await wakeAllAccounts(tx, at);
}

/** What the engine has to know of coverage for one account. */
export interface AccountCoverage {
  readonly gaps: readonly CoverageGap[];
  /** Quiet seasons of the whole workspace. */
  readonly lulls?: readonly Lull[];
  /** Public holidays of the workspace's country. */
  readonly holidays?: readonly string[];
  readonly watchedFrom?: number;
  /** What is usual in each tier. */
  readonly peers?: PeersByTier;
}

/** An account as far as its coverage goes: the installations that saw contact with it, and who its CSM is. */
export interface CoverageQuestion {
  /** Null: all of them. */
  readonly sources: ReadonlySet<string> | null;
  readonly csmEmail: string | null;
  /** Ids of the outages of imported sources that concern it; none without it. */
  readonly outages?: ReadonlySet<string>;
  /** Which of the help desks and channels that were not seen had told of it; none without it. */
  readonly desks?: ReadonlySet<string> | undefined;
}

/** Answers for one account after another. */
export interface CoverageIndex {
  (question: CoverageQuestion): AccountCoverage;
  /** Outages of imported sources: which of them concern an account, its own log says. */
  readonly outages: readonly StoredOutage[];
  /** Installations of help desks and channels that were not seen all along: which of them told of an account, its own log says. */
  readonly desks: readonly string[];
}

/** The coverage of one account, with what its log says of who told of it. With `knownAt` by what was known then. */
export async function accountCoverage(
  tx: Tx,
  index: CoverageIndex,
  { accountId, csmEmail }: { readonly accountId: string; readonly csmEmail: string | null },
  knownAt?: number,
): Promise<AccountCoverage> {
  return index({
    sources: await sourcesOfAccount(tx, accountId, csmEmail, knownAt),
    csmEmail,
    outages: await outagesOfAccount(tx, accountId, index.outages, knownAt),
    desks:
      knownAt === undefined
        ? (await desksOfAccounts(tx, [accountId], index.desks)).get(accountId)
        : await desksOfAccountThen(tx, accountId, index.desks, knownAt),
  });
}

/**
 * The gaps, and from when on anything is watched, for the installations that would see contact with an account. A history that is still
 * being read is a gap as well: what it has not brought yet proves no silence. Nor does the silence of other people's mailboxes, where
 * mailboxes are watched, none ever saw contact with the account, and that of its CSM is not connected; nor that of an imported source
 * that told nothing of anybody, as far as no installation watches in its place; an installation that is read and tells nothing is a gap
 * like one that is not read. With `knownAt` all of it as it was known then; `asked` is what
 * is usual in tiers where a definition asks for more than is kept.
 */
export async function coverageIndex(tx: Tx, knownAt?: number, asked?: PeersByTier): Promise<CoverageIndex> {
  const by = knownAt ?? Infinity;
  const installed = (await readInstallations(tx)).filter((one) => one.createdAt <= by);
  const there = new Set(installed.map((one) => one.installationId));
  const states = (await streamStates(tx)).filter((state) => state.sees.length > 0 && there.has(state.installationId));
  const sees = new Map(states.map((state) => [keyOf(state), touchpointsOf(state)]));
  const all = (await gaps(tx, { unhealedOnly: true, ...(knownAt !== undefined && { knownAt }) })).map((gap) => ({
    ...gap,
    touchpoints: sees.get(keyOf(gap)) ?? [],
  }));
  const lulls = knownAt === undefined ? ((await readSeason(tx))?.lulls ?? []) : await lullsKnownAt(tx, knownAt);
  const silences = await sourceOutagesInForce(tx, knownAt);
  const outages = silences.filter((one) => one.installationId === null);
  const named = new Map(installed.map((one) => [one.installationId, `${one.connector} ${one.label}`]));
  const quiet = silences.flatMap(({ installationId, touchpoint: name, from, to }) => {
    const known = touchpoint.safeParse(name);
    return installationId !== null && known.success
      ? [{ installationId, from, to, touchpoints: [known.data], reason: silentReason(named.get(installationId)) }]
      : [];
  });
  const peers = asked ?? (await peersByTier(tx, knownAt));
  const { country } = await readSettings(tx);
  const holidays = country === null ? [] : await publicHolidays(country);
  const unread = states
    .filter((state) => (state.backfillDoneAt ?? Infinity) > by || isUnread(state))
    .map((state) => ({ installationId: state.installationId, touchpoints: touchpointsOf(state) }));
  const watching = new Set(states.filter(seesPeople).map((state) => state.installationId));
  const mailboxes = new Set(
    installed.flatMap((one) =>
      one.address !== null && watching.has(one.installationId) ? [addressKey(one.address)] : [],
    ),
  );
  const missed = [...all, ...quiet];
  const answer = ({ sources, csmEmail, outages: concerned, desks: told }: CoverageQuestion): AccountCoverage => {
    const relevant = sources !== null && sources.size > 0 ? sources : null;
    const counts = ({ installationId }: { readonly installationId: string }) =>
      relevant === null || relevant.has(installationId);
    // Who never wrote through a help desk or a channel is not missed there.
    const concerns = (one: Unseen) => counts(one) || (isDesk(one) && told?.has(one.installationId) === true);
    const starts = states.filter((state) => counts(state) && seesPeople(state)).map((state) => state.backfilledFrom);
    const known = starts.filter((start) => start !== null);
    const reading = [...new Set(unread.filter(concerns).flatMap((one) => one.touchpoints))].sort();
    const unseen = relevant === null && csmEmail !== null && mailboxes.size > 0 && !mailboxes.has(addressKey(csmEmail));
    const silent = outages.flatMap((outage) =>
      concerned?.has(outage.outageId) ? outageGap(outage, states, relevant) : [],
    );
    return {
      gaps: [
        ...missed
          .filter(concerns)
          .map(({ from, to, touchpoints, reason: why }) => ({ from, to, touchpoints, reason: why })),
        ...(reading.length > 0
          ? [{ from: beginning, to: null, touchpoints: reading, reason: 'The history is still being read.' }]
          : []),
        ...(unseen
          ? [
              {
                from: beginning,
                to: null,
                touchpoints: inMailboxes,
                reason: `The mailbox of ${csmEmail} is not connected.`,
              },
            ]
          : []),
        ...silent,
      ],
      ...(lulls.length > 0 && { lulls }),
      ...(holidays.length > 0 && { holidays }),
      ...(known.length > 0 && { watchedFrom: Math.min(...known) }),
      ...(Object.keys(peers).length > 0 && { peers }),
    };
  };
  const desks = [...new Set([...missed, ...unread].filter(isDesk).map((one) => one.installationId))];
  return Object.assign(answer, { outages, desks });
}

/** Why an installation that is read and tells nothing is a gap. */
export const silentReason = (name = 'an installation'): string =>
  `Nothing came from ${name} about anybody, far longer than is usual with it, though it is read without an error.`;

const isUnread = (state: StreamState): boolean => state.backfillDoneAt === null && state.pausedReason === null;

/** The gap that an outage leaves, up to where an installation that sees the same begins to watch; none where one has all along. */
function outageGap(
  { source, touchpoint: name, from, to }: StoredOutage,
  states: readonly StreamState[],
  relevant: ReadonlySet<string> | null,
): readonly CoverageGap[] {
  const known = touchpoint.safeParse(name);
  if (!known.success) return [];
  const instead = states.flatMap((state) => {
    // Of people, only the mailboxes that see this account; a help desk or a channel sees everybody.
    const watches = inMailboxes.includes(known.data) ? relevant?.has(state.installationId) === true : true;
    return watches && state.backfilledFrom !== null && touchpointsOf(state).includes(known.data)
      ? [state.backfilledFrom]
      : [];
  });
  const end = Math.min(to ?? Infinity, ...instead);
  if (end <= from) return [];
  const reason = `Nothing came from ${source} about anybody, far longer than is usual with it.`;
  return [{ from, to: Number.isFinite(end) ? end : null, touchpoints: [known.data], reason }];
}

const inMailboxes: readonly Touchpoint[] = ['email', 'meeting'];

/** Something that was not seen of an installation. */
interface Unseen {
  readonly installationId: string;
  readonly touchpoints: readonly Touchpoint[];
}

const isDesk = ({ touchpoints }: Unseen): boolean =>
  touchpoints.length > 0 && !touchpoints.some((name) => inMailboxes.includes(name));

const keyOf = (one: { readonly installationId: string; readonly stream: string; readonly partition: string }) =>
  `${one.installationId}|${one.stream}|${one.partition}`;

/** Before anything that a provider could tell of, epoch ms: 1970. */
const beginning = 0;
