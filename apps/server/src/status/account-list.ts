import { accounts, activeDefinitions, findAccounts, flags, standings, type Account, type Tx } from '@waymark/store';
import { flagRecords, worstFirst, type FlagRecord } from './flag-record.ts';

/** An account in a list. */
export interface AccountLine {
  readonly account: Account;
  readonly stage: string | null;
  readonly health: number | null;
  readonly openFlags: readonly FlagRecord[];
}

export interface AccountFilter {
  /** Part of a name or domain, or an id. */
  readonly text?: string | undefined;
  /** A stage's id; `none` for accounts without one. */
  readonly stage?: string | undefined;
  readonly csm?: string | undefined;
  readonly customersOnly?: boolean | undefined;
  readonly flaggedOnly?: boolean | undefined;
}

/** The accounts that fit a filter, those with the worst open flags first, then by health and name. */
export async function accountList(tx: Tx, filter: AccountFilter = {}): Promise<readonly AccountLine[]> {
  const [first] = await activeDefinitions(tx);
  const standing = new Map(
    (first ? await standings(tx, first.journey) : []).map((one) => [one.accountId, one] as const),
  );
  const open = Map.groupBy(await flagRecords(tx, await flags(tx, { openOnly: true })), (flag) => flag.accountId);
  const found = filter.text ? await findAccounts(tx, filter.text, 1000) : await accounts(tx);
  return found
    .map((account): AccountLine => ({
      account,
      stage: standing.get(account.accountId)?.stage ?? null,
      health: standing.get(account.accountId)?.health ?? null,
      openFlags: (open.get(account.accountId) ?? []).toSorted(worstFirst),
    }))
    .filter(
      (line) =>
        (filter.stage === undefined || (line.stage ?? 'none') === filter.stage) &&
        (filter.csm === undefined || line.account.csmEmail?.toLowerCase() === filter.csm.toLowerCase()) &&
        (!filter.customersOnly || line.account.isCustomer) &&
        (!filter.flaggedOnly || line.openFlags.length > 0),
    )
    .toSorted(inOrderOfNeed);
}

function inOrderOfNeed(a: AccountLine, b: AccountLine): number {
  const [one, other] = [worstRisk(a), worstRisk(b)];
  if (one && other) return worstFirst(one, other) || a.account.name.localeCompare(b.account.name);
  if (one || other) return one ? -1 : 1;
  return (a.health ?? 101) - (b.health ?? 101) || a.account.name.localeCompare(b.account.name);
}

function worstRisk(line: AccountLine): FlagRecord | undefined {
  return line.openFlags.find((flag) => flag.kind === 'risk');
}
