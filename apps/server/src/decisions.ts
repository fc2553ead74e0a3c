import { contentUuid, eventId, sourceId, type Attributes } from '@waymark/journey';
import { outsideAddresses } from '@waymark/identity';
import {
  accounts,
  addAssignments,
  appendEvents,
  assignments,
  endAssignments,
  flags,
  recordAudit,
  sightingsOf,
  wakeAccounts,
  type Assignment,
  type Tx,
} from '@waymark/store';
import { loadAssignments, refreshQueue, rematch } from '@waymark/sync';
import { v7 as uuidv7 } from 'uuid';

/** What a person answered to a flag. Times are epoch milliseconds. */
export interface Answer {
  readonly flagId: string;
  readonly rule: string;
  readonly accountId: string;
  readonly answer: Attributes<'flag.answered'>['answer'];
  readonly until?: number;
  readonly by: string;
}

/** Puts an answer into the log, where the engine reads it like any other fact. The same answer twice is one. */
export async function recordAnswer(tx: Tx, answer: Answer, at: number): Promise<void> {
  const identity = `answer:${answer.flagId}|${answer.answer}|${at}`;
  const subject = `account:${answer.accountId}`;
  await appendEvents(tx, [
    {
      eventId: eventId(tx.workspaceId, identity, 'flag.answered'),
      sourceId: sourceId(tx.workspaceId, 'waymark', 'answer', identity),
      generation: 1,
      content: contentUuid('content', identity),
      type: 'flag.answered',
      occurredAt: at,
      recordedAt: at,
      knownAssumed: false,
      rank: 0,
      origin: 'waymark',
      touchpoint: 'waymark',
      direction: 'internal',
      automated: false,
      subject,
      participants: [],
      attributes: {
        flagId: answer.flagId,
        rule: answer.rule,
        answer: answer.answer,
        by: answer.by,
        ...(answer.until !== undefined && { until: answer.until }),
      },
      connector: 'waymark',
      installationId: null,
      object: 'answer',
      externalId: identity,
      url: null,
      thread: null,
      accountId: answer.accountId,
      match: { accountId: answer.accountId, reason: 'record', subject, lost: [] },
    },
  ]);
  await wakeAccounts(tx, [{ accountId: answer.accountId, earliest: at }], at);
  await recordAudit(tx, {
    at,
    actor: answer.by,
    action: `flag.${answer.answer}`,
    subject: answer.flagId,
    detail: { rule: answer.rule, accountId: answer.accountId },
  });
}

/** A decision by hand on what belongs to an account, that matching follows from now on and for the past. */
export interface Decision {
  readonly kind: 'contact' | 'domain' | 'event';
  readonly subject: string;
  readonly accountId: string;
}

/** Decides by hand; matches the past again and wakes what changes. Returns the accounts whose events changed. */
export async function decide(
  tx: Tx,
  decisions: readonly Decision[],
  by: string,
  at: number,
): Promise<readonly string[]> {
  const known = new Set((await accounts(tx)).map((account) => account.accountId));
  const unknown = decisions.find((one) => !known.has(one.accountId));
  if (unknown) throw new DecisionError(`There is no account ${unknown.accountId} in this workspace.`);
  const inForce = await assignments(tx);
  const subjects = new Set(decisions.map((one) => `${one.kind}:${one.subject}`));
  const former = inForce.filter((one) => subjects.has(`${one.kind}:${one.subject}`));
  await endAssignments(
    tx,
    former.filter((one) => one.basis === 'hand').map((one) => one.assignmentId),
    at,
  );
  await addAssignments(
    tx,
    decisions.map((one): Assignment => ({
      ...one,
      assignmentId: uuidv7(),
      basis: 'hand',
      detail: null,
      knownFrom: at,
      by,
    })),
  );
  const events = decisions.filter((one) => one.kind === 'event').map((one) => one.subject);
  // Their events may be in any account, by a domain or by another participant.
  const people = decisions.flatMap(({ kind, subject }) => (kind === 'event' ? [] : [{ kind, subject }]));
  const now = await loadAssignments(tx);
  const changes = [
    ...(people.length > 0 ? await rematch(tx, now, { subjects: people }) : []),
    ...(events.length > 0 ? await rematch(tx, now, { eventIds: events }) : []),
  ];
  await wakeAccounts(tx, changes, at);
  await refreshQueue(tx);
  await recordAudit(tx, {
    at,
    actor: by,
    action: 'matching.decided',
    subject: decisions
      .map((one) => `${one.kind}:${one.subject}`)
      .join(' ')
      .slice(0, 500),
    detail: { decisions: decisions.length },
  });
  return [...new Set(changes.map((one) => one.accountId))];
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
 * Moves what a flag rests on to another account: the people outside who took part in its evidence belong there; evidence without
 * people moves as single events. Returns the accounts whose events changed.
 */
export async function moveEvidence(
  tx: Tx,
  flagId: string,
  accountId: string,
  by: string,
  at: number,
): Promise<readonly string[]> {
  const [flag] = await flags(tx, { flagId });
  if (!flag) throw new DecisionError('This flag is no longer there: look at the account.');
  const own = await loadAssignments(tx);
  const decisions = new Map<string, Decision>();
  for (const row of await sightingsOf(tx, evidenceIds(flag.detail))) {
    const people = outsideAddresses(row.participants, own);
    for (const address of people) decisions.set(address, { kind: 'contact', subject: address, accountId });
    if (people.length === 0) decisions.set(row.eventId, { kind: 'event', subject: row.eventId, accountId });
  }
  return decide(tx, [...decisions.values()], by, at);
}

function evidenceIds(detail: Readonly<Record<string, unknown>>): readonly string[] {
  const { proof } = detail;
  if (typeof proof !== 'object' || proof === null || !('evidence' in proof) || !Array.isArray(proof.evidence))
    return [];
  return proof.evidence.flatMap((one: unknown) =>
    typeof one === 'object' && one !== null && 'eventId' in one && typeof one.eventId === 'string' ? [one.eventId] : [],
  );
}
