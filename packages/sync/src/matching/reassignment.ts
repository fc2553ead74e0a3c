import {
  addAssignments,
  assignmentsOf,
  endAssignments,
  type Assignment,
  type RematchSubject,
  type Tx,
} from '@waymark/store';
import { v7 as uuidv7 } from 'uuid';

type Claim = Pick<Assignment, 'kind' | 'subject'> & { readonly accountId: string };

/** What one record assigns now. */
export interface Given {
  /** The record, as the `detail` of its assignments. */
  readonly giver: string;
  readonly assignments: readonly Claim[];
}

/**
 * Brings the assignments that these records made to what they say now, dated: what ended stays known. Of several words of one record
 * the last counts. Returns the accounts that lost or gained one, and about whom.
 */
export async function reassign(
  tx: Tx,
  given: readonly Given[],
  at: number,
): Promise<{ readonly accounts: ReadonlySet<string>; readonly subjects: readonly RematchSubject[] }> {
  if (given.length === 0) return { accounts: new Set(), subjects: [] };
  const wanted = new Map(given.map((one) => [one.giver, one.assignments]));
  const current = (await assignmentsOf(tx, { givers: [...wanted.keys()] })).filter((one) => one.basis === 'crm');
  const idOf = (one: Pick<Assignment, 'kind' | 'subject' | 'accountId'>, giver: string | null) =>
    `${giver}|${one.kind}|${one.subject}|${one.accountId}`;
  const now = new Map(current.map((one) => [idOf(one, one.detail), one]));
  const next = new Map(
    [...wanted].flatMap(([giver, claims]) => claims.map((one) => [idOf(one, giver), { ...one, detail: giver }])),
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
  const moved = [...ended, ...added];
  return {
    accounts: new Set(moved.flatMap((one) => one.accountId ?? [])),
    subjects: moved.map(({ kind, subject }) => ({
      kind: kind === 'domain' ? ('domain' as const) : ('contact' as const),
      subject,
    })),
  };
}
