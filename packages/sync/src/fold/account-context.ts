import { createHash } from 'node:crypto';
import { tierName, type AccountContext } from '@waymark/lifecycle';
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
  return {
    accountId: account.accountId,
    // An account that goes on as another is judged there.
    isCustomer: account.isCustomer && account.mergedInto === null,
    timezone,
    ...(account.customerSince !== null && { customerSince: account.customerSince }),
    ...(account.renewalAt !== null && { renewalAt: account.renewalAt }),
    ...(account.tier !== null && { tier: account.tier }),
    ...(account.value !== null && { value: account.value }),
    contacts: people(judgedPeople(contacts)),
    gaps: coverage.gaps,
    ...(coverage.lulls && { lulls: coverage.lulls }),
    ...(coverage.holidays && { holidays: coverage.holidays }),
    ...(coverage.watchedFrom !== undefined && { watchedFrom: coverage.watchedFrom }),
    ...peersOf(coverage.peers, account.tier),
  };
}

/** What is usual in a tier, where anything is told of it. */
function peersOf(peers: PeersByTier | undefined, tier: string | null | undefined): Pick<AccountContext, 'peers'> {
  const name = tierName(tier);
  const own = peers && Object.hasOwn(peers, name) ? peers[name] : undefined;
  return own ? { peers: own } : {};
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

/** What a context takes from the account's record. */
export function recordOf({
  isCustomer,
  customerSince,
  renewalAt,
  tier,
  value,
  timezone,
}: AccountContext): JudgedRecord {
  return {
    isCustomer,
    ...(customerSince !== undefined && { customerSince }),
    ...(renewalAt !== undefined && { renewalAt }),
    ...(tier !== undefined && { tier }),
    ...(value !== undefined && { value }),
    ...(timezone !== undefined && { timezone }),
  };
}

/** A context with another record of the account, and other people; `peers` is what is usual in each tier, where anything is told of it. */
export function withRecord(
  context: AccountContext,
  record: JudgedRecord,
  judged: readonly JudgedPerson[],
  peers?: PeersByTier,
): AccountContext {
  const { accountId, gaps, lulls, holidays, watchedFrom } = context;
  return {
    accountId,
    isCustomer: record.isCustomer,
    contacts: people(judged),
    gaps,
    ...(record.customerSince !== undefined && { customerSince: record.customerSince }),
    ...(record.renewalAt !== undefined && { renewalAt: record.renewalAt }),
    ...(record.tier !== undefined && { tier: record.tier }),
    ...(record.value !== undefined && { value: record.value }),
    ...(record.timezone !== undefined && { timezone: record.timezone }),
    ...(lulls && { lulls }),
    ...(holidays && { holidays }),
    ...(watchedFrom !== undefined && { watchedFrom }),
    ...peersOf(peers, record.tier),
  };
}
