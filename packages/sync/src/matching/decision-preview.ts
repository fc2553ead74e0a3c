import { createHash } from 'node:crypto';
import { stableJson } from '@waymark/journey';
import type { AccountJourney, Flag } from '@waymark/lifecycle';
import { openAccountMessages, rehearse, type Tx } from '@waymark/store';
import { deriveAccount, type DerivedAccount } from '../fold/account-answer.ts';
import { DecisionError, type Decided } from './decisions.ts';

/** An event that would change accounts. */
export interface Move {
  readonly eventId: string;
  readonly type: string;
  readonly occurredAt: number;
  readonly from: string | null;
  readonly to: string | null;
}

/** A flag that would be there, or no longer. `told`: people have an alert of it in Slack now. */
export interface FlagChange {
  readonly flagId: string;
  readonly rule: string;
  readonly severity: string;
  readonly reason: string;
  readonly change: 'opens' | 'ends';
  readonly told: boolean;
}

/** What would change for one account in one journey. */
export interface AccountEffect {
  readonly accountId: string;
  readonly name: string;
  readonly journey: string;
  readonly gained: number;
  readonly lost: number;
  readonly stage: { readonly before: string | null; readonly after: string | null };
  readonly health: { readonly before: number | null; readonly after: number | null };
  readonly flags: readonly FlagChange[];
  /** Alerts that would be posted, and that would be taken back in Slack. */
  readonly alerts: { readonly posted: number; readonly takenBack: number };
}

export interface DecisionPreview {
  readonly moves: readonly Move[];
  readonly accounts: readonly AccountEffect[];
  /** Of the moves: who confirms names it, so that nothing else is confirmed than what was shown. */
  readonly digest: string;
}

/**
 * Shows what work on the matching would change, and changes nothing: the work is done, looked at and rolled back within the caller's
 * transaction, so that it is the very code that a confirmation runs. Both sides are derived from the log as of `asOf`.
 */
export async function previewOf(
  tx: Tx,
  asOf: number,
  work: (tx: Tx) => Promise<Pick<Decided, 'accounts'>>,
): Promise<DecisionPreview> {
  const { touched, after } = await rehearse(tx, async (inner) => {
    const accountIds = [...(await work(inner)).accounts].sort();
    return { touched: accountIds, after: await derived(inner, accountIds, asOf) };
  });
  const before = await derived(tx, touched, asOf);
  const moves = movesOf(before, after);
  const told = await toldFlags(tx, touched);
  const accounts = touched.flatMap((accountId) => effects(accountId, before, after, moves, told));
  const digest = createHash('sha256')
    .update(stableJson(moves.map(({ eventId, from, to }) => [eventId, from, to])))
    .digest('hex');
  return { moves, accounts, digest };
}

/**
 * Does the work, if it would still change what was shown. Without `expect` it is done as it is. Throws DecisionError where other events
 * would move than those of that preview.
 */
export async function asShown<T extends Pick<Decided, 'accounts'>>(
  tx: Tx,
  asOf: number,
  expect: string | undefined,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  if (expect !== undefined && (await previewOf(tx, asOf, work)).digest !== expect)
    throw new DecisionError('Other events would move now than were shown: look at the preview again, then confirm.');
  return work(tx);
}

type Derived = ReadonlyMap<string, DerivedAccount>;

async function derived(tx: Tx, accountIds: readonly string[], asOf: number): Promise<Derived> {
  const found = new Map<string, DerivedAccount>();
  for (const accountId of accountIds) {
    const one = await deriveAccount(tx, accountId, asOf);
    if (one) found.set(accountId, one);
  }
  return found;
}

function movesOf(before: Derived, after: Derived): readonly Move[] {
  const places = (all: Derived) =>
    new Map([...all].flatMap(([accountId, one]) => one.facts.map((fact) => [fact.id, { accountId, fact }] as const)));
  const [then, now] = [places(before), places(after)];
  const moved = [...new Set([...then.keys(), ...now.keys()])].flatMap((eventId): Move[] => {
    const [from, to] = [then.get(eventId), now.get(eventId)];
    const fact = (to ?? from)?.fact;
    if (!fact || from?.accountId === to?.accountId) return [];
    const { type, occurredAt } = fact;
    return [{ eventId, type, occurredAt, from: from?.accountId ?? null, to: to?.accountId ?? null }];
  });
  return moved.sort((a, b) => a.occurredAt - b.occurredAt || (a.eventId < b.eventId ? -1 : 1));
}

/** The flags that open messages show. */
async function toldFlags(tx: Tx, accountIds: readonly string[]): Promise<ReadonlySet<string>> {
  const shown = (await openAccountMessages(tx, accountIds)).flatMap(({ detail }) =>
    Array.isArray(detail['shown']) ? detail['shown'] : [],
  );
  return new Set(
    shown.flatMap((one: unknown) =>
      typeof one === 'object' && one !== null && 'flagId' in one ? [String(one.flagId)] : [],
    ),
  );
}

function effects(
  accountId: string,
  before: Derived,
  after: Derived,
  moves: readonly Move[],
  told: ReadonlySet<string>,
): readonly AccountEffect[] {
  const [then, now] = [before.get(accountId), after.get(accountId)];
  const account = (now ?? then)?.account;
  if (!account) return [];
  const journeys = new Set([...(then?.answers ?? []), ...(now?.answers ?? [])].map((one) => one.answer.journey));
  return [...journeys].map((journey): AccountEffect => {
    const [old, fresh] = [then, now].map(
      (one) => one?.answers.find(({ answer }) => answer.journey === journey)?.answer,
    );
    const flags = [
      ...onlyIn(fresh, old).map((flag) => changeOf(flag, 'opens', told)),
      ...onlyIn(old, fresh).map((flag) => changeOf(flag, 'ends', told)),
    ];
    return {
      accountId,
      name: account.name,
      journey,
      gained: moves.filter((move) => move.to === accountId).length,
      lost: moves.filter((move) => move.from === accountId).length,
      stage: { before: old?.stage ?? null, after: fresh?.stage ?? null },
      health: { before: old?.health.score ?? null, after: fresh?.health.score ?? null },
      flags,
      alerts: {
        posted: flags.filter((one) => one.change === 'opens' && !one.told).length,
        takenBack: flags.filter((one) => one.change === 'ends' && one.told).length,
      },
    };
  });
}

/** The flags that are open in one answer and not in the other. */
function onlyIn(answer: AccountJourney | undefined, other: AccountJourney | undefined): readonly Flag[] {
  const open = (one: AccountJourney | undefined) => (one?.flags ?? []).filter((flag) => flag.clearedAt === null);
  const known = new Set(open(other).map((flag) => flag.flagId));
  return open(answer).filter((flag) => !known.has(flag.flagId));
}

const changeOf = (flag: Flag, change: FlagChange['change'], told: ReadonlySet<string>): FlagChange => ({
  flagId: flag.flagId,
  rule: flag.rule,
  severity: flag.severity,
  reason: flag.reason,
  change,
  told: told.has(flag.flagId),
});
