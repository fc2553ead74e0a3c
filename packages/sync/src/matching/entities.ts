import { contentUuid, type AccountFact, type ContactFact, type EntityFact, type OwnerFact } from '@waymark/journey';
import { addressKey, registrableDomain } from '@waymark/identity';
import {
  accountsOfOwners,
  assignmentsOf,
  contactsById,
  contactsOfCompanies,
  contactsOfSources,
  deleteContacts,
  endAccountRecords,
  crmRecords,
  mergeAccount,
  upsertContacts,
  upsertMember,
  writeAccountRecords,
  type ContactRecord,
  type KnownRecord,
  type RematchSubject,
  type Tx,
} from '@waymark/store';
import { refreshAccounts } from './account-form.ts';
import { linkAccounts, ownAccount, type LinkedRecord } from './account-links.ts';
import { reassign, type Given } from './reassignment.ts';

/** A fact with the source object that says it. */
export interface SaidFact {
  readonly sourceId: string;
  readonly fact: EntityFact;
}

/** What changed by entity facts: accounts whose own facts changed, and whom to match again. */
export interface EntityChanges {
  readonly accounts: ReadonlySet<string>;
  readonly subjects: readonly RematchSubject[];
}

interface Said<F> {
  readonly sourceId: string;
  readonly fact: F;
}

const only = <F extends EntityFact>(said: readonly SaidFact[], kind: F['kind'], is: (fact: EntityFact) => fact is F) =>
  said.flatMap(({ sourceId, fact }): Said<F>[] => (fact.kind === kind && is(fact) ? [{ sourceId, fact }] : []));

/**
 * Applies what a CRM says of its owners, companies and contacts, in this order. A function of the set of facts: an owner, a company or
 * a contact that comes after those who name it is found then.
 */
export async function applyEntities(
  tx: Tx,
  installationId: string,
  said: readonly SaidFact[],
  at: number,
): Promise<EntityChanges> {
  const run = new EntityRun(tx, installationId, at);
  await run.owners(only(said, 'owner', (fact): fact is OwnerFact => fact.kind === 'owner'));
  await run.companies(only(said, 'account', (fact): fact is AccountFact => fact.kind === 'account'));
  await run.contacts(only(said, 'contact', (fact): fact is ContactFact => fact.kind === 'contact'));
  return run.settle();
}

/**
 * Ends what records that are gone said. A deleted or archived company is no customer any more: its record and its domains lead nowhere,
 * so that its mail waits in the review queue; a deleted contact claims no address. Both are back when the record is.
 */
export async function endEntities(tx: Tx, sourceIds: readonly string[], at: number): Promise<EntityChanges> {
  const changes: EntityChanges[] = [];
  const records = await endAccountRecords(tx, sourceIds, at);
  for (const [installationId, own] of Map.groupBy(records, (one) => one.installationId)) {
    const run = new EntityRun(tx, installationId, at);
    await run.endCompanies(own);
    changes.push(await run.settle());
  }
  const contacts = await contactsOfSources(tx, sourceIds);
  for (const [installationId, own] of Map.groupBy(contacts, (one) => one.installationId ?? '')) {
    const run = new EntityRun(tx, installationId, at);
    await run.endContacts(own);
    changes.push(await run.settle());
  }
  return {
    accounts: new Set(changes.flatMap((one) => [...one.accounts])),
    subjects: changes.flatMap((one) => one.subjects),
  };
}

/** The entities of one installation in one transaction. */
class EntityRun {
  readonly #tx: Tx;
  readonly #installationId: string;
  readonly #at: number;
  /** Accounts to bring to what their records say. */
  readonly #stale = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #given: Given[] = [];
  readonly #subjects: RematchSubject[] = [];
  /** Records that began or ceased to lead to an account. */
  readonly #companies = new Set<string>();

  constructor(tx: Tx, installationId: string, at: number) {
    this.#tx = tx;
    this.#installationId = installationId;
    this.#at = at;
  }

  async owners(said: readonly Said<OwnerFact>[]): Promise<void> {
    const tx = this.#tx;
    for (const { fact } of said) {
      if (!fact.email) continue;
      const email = fact.email.toLowerCase();
      const memberId = contentUuid('member', tx.workspaceId, email);
      const crmOwnerId = ownerKey(this.#installationId, fact.externalId);
      await upsertMember(tx, { memberId, email, name: fact.name ?? null, crmOwnerId, active: fact.active }, this.#at);
    }
    if (said.length === 0) return;
    const ids = said.map(({ fact }) => fact.externalId);
    for (const accountId of await accountsOfOwners(tx, this.#installationId, ids)) this.#stale.add(accountId);
  }

  async companies(said: readonly Said<AccountFact>[]): Promise<void> {
    if (said.length === 0) return;
    const [tx, installationId, at] = [this.#tx, this.#installationId, this.#at];
    const ids = said.flatMap(({ fact }) => [fact.externalId, ...(fact.mergedIds ?? [])]);
    const known = new Map((await crmRecords(tx, [installationId], ids)).map((one) => [one.externalId, one]));
    const moved: string[] = [];
    for (const { fact, sourceId } of said) {
      const former = known.get(fact.externalId);
      // A record that was merged into another speaks for nobody, however late its old form comes.
      if (former?.merged && !former.gone) continue;
      const accountId = former?.accountId ?? ownAccount(tx.workspaceId, installationId, fact.externalId);
      if (!former || former.gone) moved.push(fact.externalId);
      if ((former?.parent ?? null) !== (fact.parentExternalId ?? null)) this.#familyChanged(fact);
      const standing = [{ installationId, externalId: fact.externalId, accountId, fact, sourceId }];
      for (const merged of fact.mergedIds ?? []) {
        if (merged === fact.externalId) continue;
        const loser = known.get(merged);
        if (loser && loser.accountId !== accountId) await this.#merge(loser, accountId, known);
        if (!loser || loser.accountId !== accountId || loser.gone) moved.push(merged);
        // The loser's id goes on leading to the survivor: old associations still name it (failure B6).
        standing.push({ installationId, externalId: merged, accountId, fact, sourceId });
        this.#given.push({ giver: recordGiver(installationId, merged), assignments: [] });
      }
      await writeAccountRecords(tx, standing, at);
      for (const one of standing)
        known.set(one.externalId, {
          ...one,
          merged: one.externalId !== fact.externalId,
          gone: false,
          parent: fact.parentExternalId ?? null,
        });
      this.#stale.add(accountId);
      const domains = [...new Set(fact.domains.map((domain) => registrableDomain(domain)))];
      this.#given.push({
        giver: recordGiver(installationId, fact.externalId),
        assignments: domains.map((subject) => ({ kind: 'domain' as const, subject, accountId })),
      });
    }
    await this.#findCompanyAnew(moved);
  }

  async #merge(loser: KnownRecord, into: string, known: Map<string, KnownRecord>): Promise<void> {
    await mergeAccount(this.#tx, loser.accountId, into, this.#at);
    for (const [externalId, one] of known)
      if (one.accountId === loser.accountId) known.set(externalId, { ...one, accountId: into });
    this.#changed.add(loser.accountId);
    this.#subjects.push({ kind: 'account', subject: loser.accountId });
    const held = await assignmentsOf(this.#tx, { accounts: [loser.accountId] });
    this.#subjects.push(...held.map(subjectOf));
  }

  /** A domain that a parent shares with its subsidiaries is the parent's: who belongs to whom decides. */
  #familyChanged(fact: AccountFact): void {
    for (const domain of fact.domains) this.#subjects.push({ kind: 'domain', subject: registrableDomain(domain) });
  }

  async endCompanies(records: readonly { readonly externalId: string; readonly accountId: string }[]): Promise<void> {
    for (const one of records) {
      this.#stale.add(one.accountId);
      this.#given.push({ giver: recordGiver(this.#installationId, one.externalId), assignments: [] });
    }
    await this.#findCompanyAnew(records.map((one) => one.externalId));
  }

  /** Records began or ceased to lead to an account: what names them is matched again, and their contacts follow. */
  async #findCompanyAnew(externalIds: readonly string[]): Promise<void> {
    if (externalIds.length === 0) return;
    for (const one of externalIds) this.#companies.add(one);
    this.#subjects.push(...externalIds.map((subject) => ({ kind: 'record' as const, subject })));
    const waiting = await contactsOfCompanies(this.#tx, this.#installationId, externalIds);
    await this.#place(waiting.map(({ accountId, ...contact }) => ({ contact, former: accountId })));
  }

  async contacts(said: readonly Said<ContactFact>[]): Promise<void> {
    if (said.length === 0) return;
    const [tx, installationId] = [this.#tx, this.#installationId];
    const id = (externalId: string) => contentUuid('contact', tx.workspaceId, installationId, externalId);
    const contactIds = said.map(({ fact }) => id(fact.externalId));
    const before = new Map(
      (await contactsById(tx, contactIds)).map((contact) => [contact.contactId, contact.accountId]),
    );
    await this.#place(
      said.map(({ fact, sourceId }) => ({
        contact: {
          contactId: id(fact.externalId),
          installationId,
          externalId: fact.externalId,
          name: fact.name ?? null,
          title: fact.title ?? null,
          persona: fact.persona ?? null,
          addresses: fact.addresses.map((address) => address.toLowerCase()),
          leftAt: fact.leftAt ?? null,
          accountExternalIds: fact.accountExternalIds,
          sourceId,
        },
        former: before.get(id(fact.externalId)) ?? null,
      })),
    );
    const merged = said.flatMap(({ fact }) => (fact.mergedIds ?? []).filter((one) => one !== fact.externalId));
    for (const one of merged) this.#given.push({ giver: contactGiver(installationId, one), assignments: [] });
    await deleteContacts(tx, merged.map(id));
  }

  async endContacts(contacts: readonly ContactRecord[]): Promise<void> {
    for (const one of contacts) {
      if (one.accountId !== null) this.#changed.add(one.accountId);
      this.#given.push({ giver: contactGiver(this.#installationId, one.externalId ?? ''), assignments: [] });
    }
    await deleteContacts(
      this.#tx,
      contacts.map((one) => one.contactId),
    );
  }

  /** Gives contacts the account of the first of their companies that leads to one, and their addresses with them. */
  async #place(
    contacts: readonly { readonly contact: Omit<ContactRecord, 'accountId'>; readonly former: string | null }[],
  ): Promise<void> {
    const named = [...new Set(contacts.flatMap(({ contact }) => contact.accountExternalIds))];
    const known = (await crmRecords(this.#tx, [this.#installationId], named)).filter((one) => !one.gone);
    const accounts = new Map(known.map((one) => [one.externalId, one.accountId]));
    const placed = contacts.map(({ contact, former }) => {
      const accountId =
        contact.accountExternalIds.map((one) => accounts.get(one)).find((one) => one !== undefined) ?? null;
      if (accountId !== null) this.#changed.add(accountId);
      if (former !== null) this.#changed.add(former);
      this.#given.push({
        giver: contactGiver(this.#installationId, contact.externalId ?? ''),
        assignments:
          accountId === null
            ? []
            : contact.addresses.map((address, index) => ({
                kind: index === 0 ? ('contact' as const) : ('alias' as const),
                subject: addressKey(address),
                accountId,
              })),
      });
      return { ...contact, accountId };
    });
    await upsertContacts(this.#tx, placed, this.#at);
  }

  /** Records that lead to another account now take their domains and contacts with them. */
  async #follow(moved: readonly LinkedRecord[]): Promise<void> {
    for (const one of moved) {
      this.#stale.add(one.from).add(one.to);
      this.#given.push({
        giver: recordGiver(this.#installationId, one.externalId),
        assignments: one.domains.map((subject) => ({ kind: 'domain' as const, subject, accountId: one.to })),
      });
    }
    await this.#findCompanyAnew(moved.map((one) => one.externalId));
  }

  async settle(): Promise<EntityChanges> {
    const changes = [await this.#apply()];
    const domains = changes.flatMap((one) => one.subjects.filter(({ kind }) => kind === 'domain'));
    const links = await linkAccounts(
      this.#tx,
      {
        records: this.#given.flatMap(({ giver }) => (giver.startsWith('record:') ? [giver.slice(7)] : [])),
        domains: domains.map(({ subject }) => subject),
        externalIds: [...this.#companies],
      },
      this.#at,
    );
    for (const [installationId, moved] of Map.groupBy(links.moved, (one) => one.installationId)) {
      const run = new EntityRun(this.#tx, installationId, this.#at);
      await run.#follow(moved);
      changes.push(await run.#apply());
    }
    return {
      accounts: new Set([...links.accounts, ...changes.flatMap((one) => [...one.accounts])]),
      subjects: [...links.subjects, ...changes.flatMap((one) => one.subjects)],
    };
  }

  async #apply(): Promise<EntityChanges> {
    await refreshAccounts(this.#tx, [...this.#stale], ownerKey, this.#at);
    const moved = await reassign(this.#tx, this.#given, this.#at);
    return {
      accounts: new Set([...this.#stale, ...this.#changed, ...moved.accounts]),
      subjects: [...this.#subjects, ...moved.subjects],
    };
  }
}

const recordGiver = (installationId: string, externalId: string) => `record:${installationId}:${externalId}`;
const contactGiver = (installationId: string, externalId: string) => `contact:${installationId}:${externalId}`;

/** Two CRMs may use one owner id for two people. */
const ownerKey = (installationId: string, ownerId: string) => `${installationId}:${ownerId}`;

const subjectOf = (one: { readonly kind: string; readonly subject: string }): RematchSubject => ({
  kind: one.kind === 'domain' ? 'domain' : one.kind === 'record' ? 'record' : 'contact',
  subject: one.subject,
});
