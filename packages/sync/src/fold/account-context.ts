import { createHash } from 'node:crypto';
import { tierName, type AccountContext } from '@waymark/lifecycle';
import type { DatedField } from '@waymark/journey';
import { judgedPeople, type Account, type Contact, type JudgedPerson, type JudgedRecord } from '@waymark/store';
import type { AccountCoverage } from '../coverage/coverage.ts';
import type { PeersByTier } from '../coverage/peers.ts';

/** The digest of a context, by which a checkpoint is told to hold still. */
export function contextDigestOf(context: AccountContext): string {
  return createHash('sha256').update(JSON.stringify(context)).digest('hex');
}

/** What the engine has to know of an account beside its events. */
export function accountContext(
  account: Account,
  contacts: readonly Contact[],
  coverage: AccountCoverage,
  timezone: string,
): AccountContext {
  return contextOf(account.accountId, judgedRecord(account, timezone), judgedPeople(contacts), coverage);
}

/** What of an account's record its answers rest on; `timezone` is that of accounts without one of their own. */
export function judgedRecord(account: Account, timezone: string): JudgedRecord {
  const { customerSince, renewalAt, tier, value, dated } = account;
  return {
    // An account that goes on as another is judged there.
    isCustomer: account.isCustomer && account.mergedInto === null,
    ...(customerSince !== null && { customerSince }),
    ...(renewalAt !== null && { renewalAt }),
    ...(tier !== null && { tier }),
    ...(value !== null && { value }),
    timezone: account.timezone ?? timezone,
    ...(dated !== undefined && { dated: dated === null ? null : [...dated].sort() }),
  };
}

/**
 * The context of an account with a record of it, and people. What dated events tell of the record, the events alone tell: what holds now
 * would speak of the time before the first of them.
 */
export function contextOf(
  accountId: string,
  { isCustomer, customerSince, renewalAt, tier, value, timezone, dated }: JudgedRecord,
  judged: readonly JudgedPerson[],
  { gaps, lulls, holidays, watchedFrom, peers }: AccountCoverage,
): AccountContext {
  const isDated = (field: DatedField) => dated?.includes(field) === true;
  return {
    accountId,
    isCustomer,
    ...(isCustomer && dated === null && { isAssumed: true }),
    ...(customerSince !== undefined && { customerSince }),
    ...(renewalAt !== undefined && !isDated('renewalDate') && { renewalAt }),
    ...(tier !== undefined && !isDated('tier') && { tier }),
    ...(value !== undefined && !isDated('value') && { value }),
    ...(timezone !== undefined && { timezone }),
    contacts: people(judged),
    gaps,
    ...(lulls && { lulls }),
    ...(holidays && { holidays }),
    ...(watchedFrom !== undefined && { watchedFrom }),
    // Events may tell of any tier, also of an account that no CRM knows.
    ...peersOf(peers, dated === null || isDated('tier') ? null : tierName(tier)),
  };
}

/** What is usual in a tier, or with null in each, where anything is told of it. */
function peersOf(peers: PeersByTier | undefined, only: string | null): Pick<AccountContext, 'peers'> {
  const told = Object.entries(peers ?? {})
    .filter(([tier]) => only === null || tier === only)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([tier, own]) => own.map((one) => ({ ...one, tier })));
  return told.length > 0 ? { peers: told } : {};
}

/** People with their fields in one order, whether they were read or noted: the digest of a context goes by it. */
const people = (judged: readonly JudgedPerson[]): AccountContext['contacts'] =>
  judged.map(({ address, persona, name, title, leftAt }) => ({
    address,
    ...(persona !== undefined && { persona }),
    ...(name !== undefined && { name }),
    ...(title !== undefined && { title }),
    ...(leftAt !== undefined && { leftAt }),
  }));
