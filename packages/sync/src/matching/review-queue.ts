import { contentUuid } from '@waymark/journey';
import { account as readAccount, unmatched, type Tx, type Unmatched } from '@waymark/store';
import { DecisionError, type Decision } from './decisions.ts';
import { claimsAround } from './imported-claims.ts';

/** Someone, a domain or a record that waits for a person to decide. Times are epoch milliseconds. */
export interface ReviewEntry extends Omit<Unmatched, 'candidates'> {
  /** Short, the same as long as the entry is there, and made so that it tells nobody's address. */
  readonly id: string;
  readonly candidates: readonly { readonly accountId: string; readonly name: string }[];
}

const idOf = (one: Pick<Unmatched, 'kind' | 'subject'>) => contentUuid('review', one.kind, one.subject).slice(0, 8);

/** What waits for a decision, those with the most events first. */
export async function reviewQueue(tx: Tx, limit = Infinity): Promise<readonly ReviewEntry[]> {
  const all = await unmatched(tx);
  const names = new Map<string, string>();
  const shown = all.slice(0, limit);
  for (const accountId of new Set(shown.flatMap((one) => one.candidates)))
    names.set(accountId, (await readAccount(tx, accountId))?.name ?? accountId);
  return shown.map((one) => ({
    ...one,
    id: idOf(one),
    candidates: one.candidates.map((accountId) => ({ accountId, name: names.get(accountId) ?? accountId })),
  }));
}

/** What a person may say of an entry. */
export type Verdict = { readonly accountId: string } | { readonly verdict: 'not_customer' | 'split' };

/** The decision about an entry, named by its id or its subject, or about a domain by which an import united accounts. Throws DecisionError. */
export async function decisionAbout(tx: Tx, named: string, verdict: Verdict): Promise<Decision> {
  const wanted = named.trim().toLowerCase();
  const found = (await unmatched(tx)).filter((one) => idOf(one) === wanted || one.subject.toLowerCase() === wanted);
  const [entry] = found;
  if (!entry && (await claimsAround(tx, { domains: [wanted], externalIds: [] })).length > 0)
    return { kind: 'domain', subject: wanted, ...verdict };
  if (!entry) throw new DecisionError(`Nothing in the queue is called ${named}: waymark review list shows what waits.`);
  if (found.length > 1) throw new DecisionError(`${named} names several entries: give the id of one.`);
  const { kind, subject } = entry;
  if (kind === 'contact' || kind === 'domain') return { kind, subject, ...verdict };
  // An import names its accounts by a domain; any other record is the CRM's to tell.
  if (/^[^:@\s]+\.[^:@\s]+$/.test(subject)) return { kind: 'domain', subject, ...verdict };
  throw new DecisionError(
    `${subject} is a record that its source has not told us yet: give the record an account there, it is found then.`,
  );
}
