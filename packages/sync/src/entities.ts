import {
  contentUuid,
  type AccountFact,
  type ContactFact,
  type EntityFact,
  type MemberRef,
  type OwnerFact,
} from '@waymark/journey';
import { addressKey, registrableDomain } from '@waymark/identity';
import {
  accountRecords,
  addAssignments,
  assignments as storedAssignments,
  contactsById,
  endAssignments,
  members,
  mergeAccount,
  upsertAccounts,
  upsertContacts,
  upsertMember,
  writeAccountRecords,
  type Assignment,
  type Member,
  type Tx,
} from '@waymark/store';
import { v7 as uuidv7 } from 'uuid';

/** What changed by entity facts: accounts whose own facts changed, and accounts whose events must be matched again. */
export interface EntityChanges {
  readonly accounts: ReadonlySet<string>;
  /** Set where assignments changed: unmatched events and those of these accounts have to be matched again. */
  readonly rematch: ReadonlySet<string> | null;
}

/** Applies what a CRM says of its owners, companies and contacts, in this order. */
export async function applyEntities(
  tx: Tx,
  installationId: string,
  facts: readonly EntityFact[],
  at: number,
): Promise<EntityChanges> {
  const changed = new Set<string>();
  const touched = new Set<string>();
  const wanted: { detail: string; assignments: Pick<Assignment, 'kind' | 'subject' | 'accountId'>[] }[] = [];
  for (const fact of facts) if (fact.kind === 'owner') await applyOwner(tx, fact, at);
  const companies = facts.filter((fact) => fact.kind === 'account');
  if (companies.length > 0) {
    const own = await members(tx);
    for (const one of await applyAccounts(tx, installationId, companies, own, at)) {
      changed.add(one.accountId);
      wanted.push(one);
    }
  }
  const people = facts.filter((fact) => fact.kind === 'contact');
  if (people.length > 0) {
    for (const one of await applyContacts(tx, installationId, people, at)) {
      for (const accountId of one.accountIds) changed.add(accountId);
      wanted.push(one);
    }
  }
  const moved = await reassign(tx, wanted, at);
  for (const accountId of moved) touched.add(accountId);
  return { accounts: changed, rematch: moved.size > 0 ? touched : null };
}

async function applyOwner(tx: Tx, fact: OwnerFact, at: number): Promise<void> {
  if (!fact.email) return;
  const email = fact.email.toLowerCase();
  const memberId = contentUuid('member', tx.workspaceId, email);
  await upsertMember(
    tx,
    { memberId, email, name: fact.name ?? null, crmOwnerId: fact.externalId, active: fact.active },
    at,
  );
}

async function applyAccounts(
  tx: Tx,
  installationId: string,
  facts: readonly AccountFact[],
  own: readonly Member[],
  at: number,
) {
  const records = await accountRecords(tx);
  const byKey = new Map(records.map((record) => [`${record.installationId}:${record.externalId}`, record.accountId]));
  const byDomain = new Map<string, Set<string>>();
  for (const record of records) {
    if (record.installationId === installationId) continue;
    for (const domain of record.fact.domains) {
      const set = byDomain.get(registrableDomain(domain)) ?? new Set();
      byDomain.set(registrableDomain(domain), set.add(record.accountId));
    }
  }
  const result: {
    accountId: string;
    detail: string;
    assignments: Pick<Assignment, 'kind' | 'subject' | 'accountId'>[];
  }[] = [];
  for (const fact of facts) {
    const accountId =
      byKey.get(`${installationId}:${fact.externalId}`) ??
      linked(fact, byDomain) ??
      contentUuid('account', tx.workspaceId, installationId, fact.externalId);
    byKey.set(`${installationId}:${fact.externalId}`, accountId);
    const csm = resolveMember(fact.csm, own);
    const owner = resolveMember(fact.owner, own);
    await upsertAccounts(
      tx,
      [
        {
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
          attributes: fact.attributes ?? {},
        },
      ],
      at,
    );
    const standing = [{ installationId, externalId: fact.externalId, accountId, fact }];
    for (const merged of fact.mergedIds ?? []) {
      const former = byKey.get(`${installationId}:${merged}`);
      if (former && former !== accountId) await mergeAccount(tx, former, accountId, at);
      // The loser's id goes on leading to the survivor: old associations still name it (failure B6).
      standing.push({ installationId, externalId: merged, accountId, fact });
      result.push({ accountId: former ?? accountId, detail: `record:${installationId}:${merged}`, assignments: [] });
    }
    await writeAccountRecords(tx, standing, at);
    const domains = [...new Set(fact.domains.map((domain) => registrableDomain(domain)))];
    result.push({
      accountId,
      detail: `record:${installationId}:${fact.externalId}`,
      assignments: domains.map((subject) => ({ kind: 'domain' as const, subject, accountId })),
    });
  }
  return result;
}

/** The account that another CRM already has under one of these domains, where there is exactly one. */
function linked(fact: AccountFact, byDomain: ReadonlyMap<string, ReadonlySet<string>>): string | undefined {
  for (const domain of fact.domains) {
    const ids = byDomain.get(registrableDomain(domain));
    if (ids?.size === 1) return [...ids][0];
  }
  return undefined;
}

function resolveMember(ref: MemberRef | undefined, own: readonly Member[]): string | undefined {
  if (ref?.email) return ref.email.toLowerCase();
  const ownerId = ref?.ownerId;
  return ownerId ? own.find((member) => member.crmOwnerIds.includes(ownerId))?.email : undefined;
}

async function applyContacts(tx: Tx, installationId: string, facts: readonly ContactFact[], at: number) {
  const records = new Map(
    (await accountRecords(tx, { installationId })).map((record) => [record.externalId, record.accountId]),
  );
  const id = (externalId: string) => contentUuid('contact', tx.workspaceId, installationId, externalId);
  const before = new Map(
    (
      await contactsById(
        tx,
        facts.map((fact) => id(fact.externalId)),
      )
    ).map((contact) => [contact.contactId, contact]),
  );
  const result: {
    accountIds: string[];
    detail: string;
    assignments: Pick<Assignment, 'kind' | 'subject' | 'accountId'>[];
  }[] = [];
  for (const fact of facts) {
    const contactId = id(fact.externalId);
    const accountId =
      fact.accountExternalIds.map((externalId) => records.get(externalId)).find((found) => found !== undefined) ?? null;
    const former = before.get(contactId)?.accountId;
    await upsertContacts(
      tx,
      [
        {
          contactId,
          installationId,
          externalId: fact.externalId,
          accountId,
          name: fact.name ?? null,
          title: fact.title ?? null,
          persona: fact.persona ?? null,
          addresses: fact.addresses.map((address) => address.toLowerCase()),
          leftAt: fact.leftAt ?? null,
        },
      ],
      at,
    );
    result.push({
      accountIds: [accountId, former ?? null].filter((one) => one !== null),
      detail: `contact:${installationId}:${fact.externalId}`,
      assignments:
        accountId === null
          ? []
          : fact.addresses.map((address, index) => ({
              kind: index === 0 ? ('contact' as const) : ('alias' as const),
              subject: addressKey(address),
              accountId,
            })),
    });
    for (const merged of fact.mergedIds ?? [])
      result.push({ accountIds: [], detail: `contact:${installationId}:${merged}`, assignments: [] });
  }
  return result;
}

/**
 * Brings the assignments that these givers made to what they say now, dated: what ended stays known. Returns the accounts that lost
 * or gained one.
 */
async function reassign(
  tx: Tx,
  wanted: readonly {
    readonly detail: string;
    readonly assignments: readonly Pick<Assignment, 'kind' | 'subject' | 'accountId'>[];
  }[],
  at: number,
): Promise<Set<string>> {
  const moved = new Set<string>();
  if (wanted.length === 0) return moved;
  const givers = new Set(wanted.map((one) => one.detail));
  const current = (await storedAssignments(tx)).filter(
    (one) => one.basis === 'crm' && one.detail !== null && givers.has(one.detail),
  );
  const idOf = (one: Pick<Assignment, 'kind' | 'subject' | 'accountId'> & { detail: string | null }) =>
    `${one.detail}|${one.kind}|${one.subject}|${one.accountId}`;
  const now = new Map(current.map((one) => [idOf(one), one]));
  const next = new Map(
    wanted.flatMap((giver) =>
      giver.assignments.map((one) => [idOf({ ...one, detail: giver.detail }), { ...one, detail: giver.detail }]),
    ),
  );
  const ended = [...now].filter(([id]) => !next.has(id)).map(([, one]) => one);
  const added = [...next].filter(([id]) => !now.has(id)).map(([, one]) => one);
  await endAssignments(
    tx,
    ended.map((one) => one.assignmentId),
    at,
  );
  await addAssignments(
    tx,
    added.map((one) => ({ ...one, assignmentId: uuidv7(), basis: 'crm' as const, knownFrom: at, by: null })),
  );
  for (const one of [...ended, ...added]) moved.add(one.accountId);
  // Another account that holds the same subject changes too: one candidate becomes two, or two become one.
  const subjects = new Set([...ended, ...added].map((one) => `${one.kind}:${one.subject}`));
  for (const one of await storedAssignments(tx))
    if (subjects.has(`${one.kind}:${one.subject}`)) moved.add(one.accountId);
  return moved;
}
