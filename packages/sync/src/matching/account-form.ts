import type { MemberRef } from '@waymark/journey';
import {
  endCustomers,
  members,
  recordsOfAccounts,
  upsertAccounts,
  type AccountRecord,
  type AccountUpsert,
  type Member,
  type Tx,
} from '@waymark/store';

type OwnerKey = (installationId: string, ownerId: string) => string;

/**
 * Brings accounts to what the CRM records that stand for them say now, whichever record was read last. An account that has none left is
 * no customer. One that never had any (from an import) is not for here.
 */
export async function refreshAccounts(
  tx: Tx,
  accountIds: readonly string[],
  ownerKey: OwnerKey,
  at: number,
): Promise<void> {
  if (accountIds.length === 0) return;
  const records = await recordsOfAccounts(tx, accountIds);
  const byAccount = Map.groupBy(
    records.filter((record) => record.fact.externalId === record.externalId),
    (record) => record.accountId,
  );
  const own = new Map(
    (await members(tx)).flatMap((member) => member.crmOwnerIds.map((ownerId): [string, Member] => [ownerId, member])),
  );
  await upsertAccounts(
    tx,
    [...byAccount].map(([accountId, standing]) => formOf(accountId, standing, own, ownerKey)),
    at,
  );
  await endCustomers(
    tx,
    accountIds.filter((accountId) => !byAccount.has(accountId)),
    at,
  );
}

/** What several records say together: a customer's record speaks before a prospect's, then the first by id. */
function formOf(
  accountId: string,
  records: readonly AccountRecord[],
  own: ReadonlyMap<string, Member>,
  ownerKey: OwnerKey,
): AccountUpsert {
  const ordered = [...records].sort((a, b) => Number(b.fact.isCustomer) - Number(a.fact.isCustomer));
  const [first] = ordered;
  if (!first) throw new Error('an account without records has no form');
  const { fact } = first;
  const person = (record: AccountRecord, ref: MemberRef | undefined): string | undefined => {
    if (ref?.email) return ref.email.toLowerCase();
    return ref?.ownerId ? own.get(ownerKey(record.installationId, ref.ownerId))?.email : undefined;
  };
  const named = (role: 'csm' | 'owner') =>
    ordered.map((record) => person(record, record.fact[role])).find((email) => email !== undefined);
  const csm = named('csm');
  const owner = named('owner');
  return {
    accountId,
    name: fact.name,
    domain: fact.domains[0] ?? null,
    isCustomer: fact.isCustomer,
    csmEmail: csm ?? owner ?? null,
    csmBasis: csm ? 'csm' : owner ? 'owner' : null,
    customerSince: fact.customerSince ?? null,
    renewalAt: fact.renewalAt ?? null,
    value: fact.value ?? null,
    currency: fact.currency ?? null,
    tier: fact.tier ?? null,
    crmStage: fact.crmStage ?? null,
    timezone: null,
    dated: fact.dated ?? [],
    attributes: fact.attributes ?? {},
  };
}
