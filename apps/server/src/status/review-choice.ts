import { createHash, timingSafeEqual } from 'node:crypto';
import type { Tx } from '@waymark/store';
import { decide, DecisionError, decisionAbout, undoDecided, type Decided, type Verdict } from '@waymark/sync';

/** What a person chose on the page: a decision about an entry, or to undo one. */
export interface Choice {
  readonly fields: Readonly<Record<string, string>>;
  readonly title: string;
  readonly work: (tx: Tx) => Promise<Decided>;
}

const id = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Reads a choice from the fields of the form; undefined where nothing was chosen yet. Throws DecisionError. */
export async function choiceOf(
  tx: Tx,
  field: (name: string) => string,
  by: string,
  at: number,
): Promise<Choice | undefined> {
  const undo = field('undo');
  if (undo !== '') {
    if (!id.test(undo)) throw new DecisionError('This is no decision: choose one of the list.');
    return { fields: { undo }, title: 'Undo a decision', work: (inner) => undoDecided(inner, undo, by, at) };
  }
  const [entry, account, word] = [field('entry'), field('account'), field('verdict')];
  const verdict: Verdict | undefined = id.test(account)
    ? { accountId: account }
    : word === 'not_customer' || word === 'split'
      ? { verdict: word }
      : undefined;
  if (entry === '' || !verdict) return undefined;
  const about = await decisionAbout(tx, entry, verdict);
  return {
    fields: { entry, ...('accountId' in verdict ? { account } : { verdict: word }) },
    title: `Decide about ${about.subject}`,
    work: (inner) => decide(inner, [about], by, at),
  };
}

/** What a form of ours carries and another site's cannot: made from the session, which only our pages know. */
export function formProof(session: string | undefined): string {
  return session === undefined ? '' : createHash('sha256').update(`form|${session}`).digest('hex');
}

/** Whether a form came from a page of this session. */
export function isProven(session: string | undefined, proof: string): boolean {
  const wanted = Buffer.from(formProof(session));
  const given = Buffer.from(proof);
  return wanted.length > 0 && wanted.length === given.length && timingSafeEqual(wanted, given);
}

/** Who acts by a session, for the audit log. */
export const sessionActor = (session: string): string =>
  `token:${createHash('sha256').update(session).digest('hex').slice(0, 12)}`;
