import { registrableDomain } from '@waymark/identity';
import { installations, lockMatching, wakeAccounts, wantRematch } from '@waymark/store';
import { linkAccounts } from '../matching/account-links.ts';
import { settleRematch } from '../matching/attribution.ts';
import type { ImportDependencies } from './options.ts';

const subjectsATransaction = 500;

/**
 * A CRM may have come while the file was read: the accounts that it names go on as its own, with all that is theirs. Returns the accounts
 * that this touched.
 */
export async function linkSubjects(
  { database, now }: Pick<ImportDependencies, 'database' | 'now'>,
  workspaceId: string,
  subjects: readonly string[],
): Promise<readonly string[]> {
  const keys = subjects.flatMap((subject) =>
    subject.startsWith('account:') ? [] : [subject.startsWith('record:') ? subject.slice(7) : subject],
  );
  const touched: string[] = [];
  for (let at = 0; at < keys.length; at += subjectsATransaction) {
    const some = keys.slice(at, at + subjectsATransaction);
    const moved = await database.inWorkspace(
      workspaceId,
      async (tx) => {
        if ((await installations(tx)).length === 0) return [];
        await lockMatching(tx);
        const domains = some.filter((key) => key.includes('.')).map((key) => registrableDomain(key));
        const links = await linkAccounts(tx, { records: [], domains, externalIds: some }, now());
        await wantRematch(tx, links.subjects, now());
        const changes = await settleRematch(tx);
        await wakeAccounts(tx, changes, now());
        return [...links.accounts, ...changes.map((one) => one.accountId)];
      },
      { retry: true },
    );
    touched.push(...moved);
  }
  return touched;
}
