import {
  flagHandling,
  flags as readFlags,
  lockAccount,
  members,
  writeFlagHandling,
  type FlagHandling,
  type StoredFlag,
  type Tx,
} from '@waymark/store';
import type { FlagAnswer, SlackBotDependencies, SlackTiming } from './dependencies.ts';
import { planAccounts } from './plan/account-planner.ts';
import { workspaceFacts } from './plan/workspace-facts.ts';

/** What a button's value names: one flag, or all open flags of an account. */
export type Target = { readonly kind: 'flag' | 'account'; readonly id: string };

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Reads a button's value. */
export function targetOf(value: string | undefined): Target | undefined {
  const [kind, id] = (value ?? '').split(':');
  if ((kind !== 'flag' && kind !== 'account') || id === undefined || !uuid.test(id)) return undefined;
  return { kind, id };
}

export interface GivenAnswer {
  readonly target: Target;
  readonly answer: FlagAnswer['answer'];
  /** Of a snooze: when the flag is told again. Epoch milliseconds. */
  readonly until: number | null;
  readonly slackUserId: string;
}

/**
 * Takes an answer in one transaction: what people did with the flag, the event in the log, and the rows that rewrite the messages.
 * The same answer again changes nothing. Returns the flags that it was about; none where they are gone.
 */
export async function takeAnswer(
  deps: SlackBotDependencies,
  timing: SlackTiming,
  workspaceId: string,
  given: GivenAnswer,
): Promise<readonly StoredFlag[]> {
  const taken = await deps.database.inWorkspace(
    workspaceId,
    async (tx) => {
      const found = await targetFlags(tx, given.target);
      const accountId = found[0]?.accountId;
      if (accountId === undefined) return [];
      await lockAccount(tx, accountId);
      const now = deps.now();
      const by = await nameOf(tx, given.slackUserId);
      const known = new Map(
        (
          await flagHandling(
            tx,
            found.map((flag) => flag.flagId),
          )
        ).map((one) => [one.flagId, one]),
      );
      for (const flag of found) {
        const before = known.get(flag.flagId) ?? untouched(flag.flagId);
        const after = handled(before, given, now);
        if (JSON.stringify(after) === JSON.stringify(before)) continue;
        await writeFlagHandling(tx, after);
        const { answer, until } = given;
        await deps.appendAnswer(tx, { flagId: flag.flagId, rule: flag.rule, accountId, answer, until, by, at: now });
      }
      const facts = await workspaceFacts(tx, { now, pausedRetryMs: timing.pausedRetryMs });
      const woken = new Set(given.answer === 'reopened' ? found.map((flag) => flag.flagId) : []);
      if (facts) await planAccounts(tx, deps, facts, [accountId], woken);
      return found;
    },
    { retry: true },
  );
  deps.wake(workspaceId);
  return taken;
}

/** The flags of a target that can be answered: for an account, all that are open. */
async function targetFlags(tx: Tx, target: Target): Promise<readonly StoredFlag[]> {
  const found = await readFlags(
    tx,
    target.kind === 'flag' ? { flagId: target.id } : { accountId: target.id, openOnly: true },
  );
  return found.filter((flag) => flag.kind !== 'data_gap');
}

/** A member's address where the Slack user is known, else the Slack user. */
export async function nameOf(tx: Tx, slackUserId: string): Promise<string> {
  const member = (await members(tx)).find((one) => one.slackUserId === slackUserId);
  return member?.email ?? `slack:${slackUserId}`;
}

const untouched = (flagId: string): FlagHandling => ({
  flagId,
  claimedBy: null,
  claimedAt: null,
  snoozedUntil: null,
  answer: null,
  answeredBy: null,
  answeredAt: null,
});

function handled(before: FlagHandling, given: GivenAnswer, now: number): FlagHandling {
  const by = given.slackUserId;
  const answered = { answeredBy: by, answeredAt: now };
  switch (given.answer) {
    case 'claimed':
      return before.claimedBy === by ? before : { ...before, claimedBy: by, claimedAt: now };
    case 'snoozed':
      return before.snoozedUntil === given.until ? before : { ...before, ...answered, snoozedUntil: given.until };
    case 'reopened':
      return before.answer === null && before.snoozedUntil === null
        ? before
        : { ...before, ...answered, answer: null, snoozedUntil: null };
    case 'not_a_risk':
    case 'wrong_account':
    case 'useful':
      return before.answer === given.answer ? before : { ...before, ...answered, answer: given.answer };
  }
}
