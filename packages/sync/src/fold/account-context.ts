import { createHash } from 'node:crypto';
import type { AccountContext } from '@waymark/lifecycle';
import type { Account, Contact, JudgedRecord } from '@waymark/store';
import type { AccountCoverage } from '../coverage/coverage.ts';

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
    contacts: contacts.flatMap((contact) =>
      contact.addresses.map((address) => ({
        address,
        ...(contact.persona !== null && { persona: contact.persona }),
        ...(contact.name !== null && { name: contact.name }),
        ...(contact.title !== null && { title: contact.title }),
        ...(contact.leftAt !== null && { leftAt: contact.leftAt }),
      })),
    ),
    gaps: coverage.gaps,
    ...(coverage.lulls && { lulls: coverage.lulls }),
    ...(coverage.holidays && { holidays: coverage.holidays }),
    ...(coverage.watchedFrom !== undefined && { watchedFrom: coverage.watchedFrom }),
  };
}

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

/** A context with another record of the account. */
export function withRecord(context: AccountContext, record: JudgedRecord): AccountContext {
  const { accountId, contacts, gaps, lulls, holidays, watchedFrom } = context;
  return {
    accountId,
    isCustomer: record.isCustomer,
    contacts,
    gaps,
    ...(record.customerSince !== undefined && { customerSince: record.customerSince }),
    ...(record.renewalAt !== undefined && { renewalAt: record.renewalAt }),
    ...(record.tier !== undefined && { tier: record.tier }),
    ...(record.value !== undefined && { value: record.value }),
    ...(record.timezone !== undefined && { timezone: record.timezone }),
    ...(lulls && { lulls }),
    ...(holidays && { holidays }),
    ...(watchedFrom !== undefined && { watchedFrom }),
  };
}
