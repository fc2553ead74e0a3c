import { addressKey, Exclusions, registrableDomain } from '@waymark/identity';
import {
  account as readAccount,
  addAssignments,
  addDecisions,
  assignmentsOf,
  endAssignments,
  exclusions,
  lockMatching,
  recordAudit,
  standingDecisions,
  undoDecision,
  wakeAccounts,
  type Assignment,
  type RematchSubject,
  type StoredDecision,
  type Tx,
} from '@waymark/store';
import { v7 as uuidv7 } from 'uuid';
import { linkAccounts } from './account-links.ts';
import { refreshQueue, rematchDecided } from './attribution.ts';
import { purgePairs } from './exclusion-purge.ts';

/** What a person decides about a person, a domain or one event: whose it is, that it is nobody's customer's, or (domains) to split it. */
export type Decision = {
  readonly kind: 'contact' | 'domain' | 'event';
  readonly subject: string;
} & ({ readonly accountId: string } | { readonly verdict: 'not_customer' | 'split' });

/** What a decision, or taking one back, changed. */
export interface Decided {
  readonly decisionId: string;
  /** Accounts whose events changed; they are woken. */
  readonly accounts: readonly string[];
}

/** A decision that cannot be carried out. */
export class DecisionError extends Error {
  readonly code = 'DECISION';

  constructor(message: string) {
    super(message);
    this.name = 'DecisionError';
  }
}

/**
 * Decides by hand, all parts as one: matching follows from now on and for the past. Of several decisions about one subject the latest
 * that was not undone is in force, so that the order of undoing does not matter. Throws DecisionError.
 *
 * @param at now, epoch milliseconds
 */
export async function decide(tx: Tx, decisions: readonly Decision[], by: string, at: number): Promise<Decided> {
  const decisionId = uuidv7();
  await lockMatching(tx);
  const parts: StoredDecision[] = [];
  for (const one of decisions) parts.push(await stored(tx, one, { decisionId, by, at }));
  await addDecisions(tx, parts);
  return settle(tx, parts, { decisionId, action: 'matching.decided', by, at });
}

/** Takes a decision back as if it had never been made; those that others made since stay. Throws DecisionError. */
export async function undoDecided(tx: Tx, decisionId: string, by: string, at: number): Promise<Decided> {
  await lockMatching(tx);
  const parts = await undoDecision(tx, decisionId, by, at);
  if (parts.length === 0)
    throw new DecisionError(`There is no standing decision ${decisionId}: waymark review decisions lists them.`);
  return settle(tx, parts, { decisionId, action: 'matching.undone', by, at });
}

async function stored(
  tx: Tx,
  decision: Decision,
  made: { readonly decisionId: string; readonly by: string; readonly at: number },
): Promise<StoredDecision> {
  const { kind } = decision;
  const subject =
    kind === 'contact'
      ? addressKey(decision.subject)
      : kind === 'domain'
        ? registrableDomain(decision.subject)
        : decision.subject;
  const base = { ...made, kind, subject, undoneAt: null, undoneBy: null };
  if (kind === 'event' && !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(subject))
    throw new DecisionError(`${subject} is no event id: the page of an event shows its own.`);
  if ('verdict' in decision) {
    if (decision.verdict === 'split' && kind !== 'domain')
      throw new DecisionError('Only a domain can be split: a person is decided as a whole.');
    return { ...base, verdict: decision.verdict, accountId: null };
  }
  const account = await readAccount(tx, decision.accountId);
  if (!account) throw new DecisionError(`There is no account ${decision.accountId} in this workspace.`);
  return { ...base, verdict: 'account', accountId: decision.accountId };
}

/** Brings the assignments by hand about these subjects to the decisions that stand, and matches again. */
async function settle(
  tx: Tx,
  parts: readonly StoredDecision[],
  done: { readonly decisionId: string; readonly action: string; readonly by: string; readonly at: number },
): Promise<Decided> {
  const subjects = new Set(parts.map((one) => `${one.kind}:${one.subject}`));
  const standing = await standingDecisions(tx, [...subjects]);
  const former = (await assignmentsOf(tx, { basis: 'hand' })).filter((one) =>
    subjects.has(`${one.kind}:${one.subject}`),
  );
  await endAssignments(
    tx,
    former.map((one) => one.assignmentId),
    done.at,
  );
  await addAssignments(
    tx,
    standing.map((one): Assignment => ({
      assignmentId: uuidv7(),
      kind: one.kind,
      subject: one.subject,
      accountId: one.accountId,
      verdict: one.verdict === 'account' ? null : one.verdict,
      basis: 'hand',
      detail: `decision:${one.decisionId}`,
      knownFrom: done.at,
      by: one.by,
    })),
  );
  // What imports said of a domain counts only where no person has decided about it.
  const domains = parts.flatMap(({ kind, subject }) => (kind === 'domain' ? [subject] : []));
  const links = await linkAccounts(tx, { records: [], domains, externalIds: [] }, done.at);
  const decided = parts.flatMap(({ kind, subject }): RematchSubject[] => (kind === 'event' ? [] : [{ kind, subject }]));
  // Their events may be in any account, by a domain or by another participant.
  const changes = await rematchDecided(
    tx,
    {
      subjects: [...decided, ...links.subjects],
      eventIds: parts.filter((one) => one.kind === 'event').map((one) => one.subject),
    },
    done.at,
  );
  await wakeAccounts(tx, changes, done.at);
  const purged = await purgePairs(tx, new Exclusions(await exclusions(tx)), done.at);
  await refreshQueue(tx);
  // Whom it is about stands in the decision, which an exclusion can take away; the audit chain keeps no address.
  await recordAudit(tx, {
    at: done.at,
    actor: done.by,
    action: done.action,
    subject: `decision:${done.decisionId}`,
    detail: { parts: parts.length, kinds: [...new Set(parts.map((one) => `${one.kind} ${one.verdict}`))] },
  });
  return {
    decisionId: done.decisionId,
    accounts: [...new Set([...changes, ...purged].map((one) => one.accountId).concat(links.accounts))],
  };
}
