import { contentUuid, eventId, sourceId, type Attributes } from '@waymark/journey';
import { outsideAddresses } from '@waymark/identity';
import { appendEvents, flags, recordAudit, sightingsOf, wakeAccounts, type Tx } from '@waymark/store';
import { decide, DecisionError, loadAssignments, type Decision } from '@waymark/sync';

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
  return (await decide(tx, [...decisions.values()], by, at)).accounts;
}

function evidenceIds(detail: Readonly<Record<string, unknown>>): readonly string[] {
  const { proof } = detail;
  if (typeof proof !== 'object' || proof === null || !('evidence' in proof) || !Array.isArray(proof.evidence))
    return [];
  return proof.evidence.flatMap((one: unknown) =>
    typeof one === 'object' && one !== null && 'eventId' in one && typeof one.eventId === 'string' ? [one.eventId] : [],
  );
}
