import { isDomainName, registrableDomain, subjectKey } from '@waymark/identity';
import { assignments, installations, lockMatching, wakeAccounts, wantRematch, type Tx } from '@waymark/store';
import { linkAccounts } from '../matching/account-links.ts';
import { settleRematch } from '../matching/attribution.ts';
import { importedClaimsAmong } from '../matching/imported-claims.ts';
import type { ImportDependencies } from './options.ts';

const subjectsATransaction = 500;

/**
 * A CRM may have come while the file was read, and the file may have said that two of its names are one account: what is named goes on
 * as one, with all that is its. `subjects`: those that lines have named, or all that imports ever did. Returns the accounts that this
 * touched.
 */
export async function linkSubjects(
  { database, now }: Pick<ImportDependencies, 'database' | 'now'>,
  workspaceId: string,
  subjects: readonly string[] | 'all',
): Promise<readonly string[]> {
  const keys = await database.inWorkspace(workspaceId, (tx) => keysToLink(tx, subjects));
  const touched: string[] = [];
  for (let at = 0; at < keys.length; at += subjectsATransaction) {
    const some = keys.slice(at, at + subjectsATransaction);
    const linked = await database.inWorkspace(
      workspaceId,
      async (tx) => {
        await lockMatching(tx);
        const domains = [...new Set(some.filter((key) => key.includes('.')).map((key) => registrableDomain(key)))];
        const links = await linkAccounts(tx, { records: [], domains, externalIds: some }, now());
        await wantRematch(tx, links.subjects, now());
        return links.accounts;
      },
      { retry: true },
    );
    touched.push(...linked);
  }
  if (keys.length === 0) return touched;
  // Once for all: where many are named, it walks over the whole log.
  const moved = await database.inWorkspace(
    workspaceId,
    async (tx) => {
      const changes = await settleRematch(tx, undefined);
      await wakeAccounts(tx, changes, now());
      return changes.map((one) => one.accountId);
    },
    { retry: true },
  );
  return [...touched, ...moved];
}

/** Where a CRM is connected, all names; else those that an import gave a domain, or that are in such a domain. */
async function keysToLink(tx: Tx, subjects: readonly string[] | 'all'): Promise<readonly string[]> {
  const given = (await assignments(tx)).filter((one) => one.basis === 'import');
  const names = given.flatMap((one) => (one.kind === 'record' ? [one.subject] : []));
  const keys = subjects === 'all' ? names : subjects.flatMap((subject) => subjectKey(subject) ?? []);
  const claims = importedClaimsAmong(given);
  const connected = (await installations(tx)).length > 0;
  if (claims.length === 0) return connected ? keys : [];
  const touched = new Set(keys.flatMap((key) => [key, ...(isDomainName(key) ? [registrableDomain(key)] : [])]));
  const touching = claims.filter(({ key, domain }) => touched.has(key) || touched.has(domain));
  const about = new Set(touching.flatMap(({ key, domain }) => [key, domain]));
  const named = names.filter((name) => about.has(name) || (isDomainName(name) && about.has(registrableDomain(name))));
  return [...new Set([...(connected ? keys : []), ...named])];
}
