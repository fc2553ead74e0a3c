import { contentUuid, type CloudEvent } from '@waymark/journey';
import { domainClaims, isDomainName, registrableDomain, subjectKey, type Assignments } from '@waymark/identity';
import { accountRecords, accounts, type ImportedAccount, type Tx } from '@waymark/store';
import { loadAssignments } from '../matching/attribution.ts';
import type { ImportedClaim } from '../matching/imported-claims.ts';

/**
 * Tells the account that a line's subject names: one that a CRM already has under that id or domain, else one of the import's own,
 * whose id is made from the subject alone, so that no order of lines and no repetition can change it.
 */
export class ImportAccounts {
  readonly assignments: Assignments;
  readonly #workspaceId: string;
  readonly #records: Map<string, string>;
  readonly #byExternalId: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #accountIds: ReadonlySet<string>;
  readonly #settled = new Set<string>();
  readonly #claimed = new Set<string>();

  private constructor(
    workspaceId: string,
    assignments: Assignments,
    byExternalId: ReadonlyMap<string, ReadonlySet<string>>,
    accountIds: ReadonlySet<string>,
  ) {
    this.#workspaceId = workspaceId;
    this.#records = new Map(assignments.records);
    this.assignments = { ...assignments, records: this.#records };
    this.#byExternalId = byExternalId;
    this.#accountIds = accountIds;
  }

  static async load(tx: Tx): Promise<ImportAccounts> {
    const byExternalId = new Map<string, Set<string>>();
    for (const { externalId, accountId } of await accountRecords(tx)) {
      byExternalId.set(externalId, (byExternalId.get(externalId) ?? new Set()).add(accountId));
    }
    const ids = new Set((await accounts(tx)).map((one) => one.accountId));
    return new ImportAccounts(tx.workspaceId, await loadAssignments(tx), byExternalId, ids);
  }

  /** The subjects that lines have named so far. */
  get subjects(): readonly string[] {
    return [...this.#settled];
  }

  /**
   * What has to be written so that the subject names its account; undefined where nothing has. Unknown where it names an account of
   * Waymark's that does not exist. A subject that two CRMs give to different accounts is left to the review queue.
   */
  settle(subject: string): ImportedAccount | 'unknown' | undefined {
    if (this.#settled.has(subject)) return undefined;
    if (subject.startsWith('account:') && !this.#accountIds.has(subject.slice(8))) return 'unknown';
    this.#settled.add(subject);
    if (subject.startsWith('account:')) return undefined;
    const key = subjectKey(subject) ?? subject;
    if (this.#records.has(`:${key}`)) return undefined;
    const holders = [...(this.#byExternalId.get(key) ?? [])];
    if (holders.length > 1) return undefined;
    const isDomain = isDomainName(key);
    const owners = isDomain ? (this.assignments.domains.get(registrableDomain(key)) ?? []) : [];
    // One owner is found by matching itself; several are for a person to decide.
    if (holders.length === 0 && owners.length > 0) return undefined;
    const accountId = holders[0] ?? this.#ownAccount(key);
    this.#records.set(`:${key}`, accountId);
    return {
      accountId,
      assignmentId: contentUuid('assignment', this.#workspaceId, 'record', key),
      subject: key,
      domain: isDomain ? key : null,
      create: holders.length === 0,
    };
  }

  /** What an event says of whose domain is whose, and was not said before in this import. */
  claims(event: CloudEvent): readonly ImportedClaim[] {
    return domainClaims(event).flatMap((claim) => {
      const name = `${claim.domain} ${claim.key}`;
      if (this.#claimed.has(name)) return [];
      this.#claimed.add(name);
      const holders = [...(this.#byExternalId.get(claim.key) ?? [])];
      const accountId = this.#records.get(`:${claim.key}`) ?? holders[0] ?? this.#ownAccount(claim.key);
      return holders.length > 1 ? [] : [{ ...claim, accountId }];
    });
  }

  #ownAccount(key: string): string {
    return contentUuid('account', this.#workspaceId, 'subject', key);
  }
}
