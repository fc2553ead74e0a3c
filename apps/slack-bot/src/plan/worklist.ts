import {
  isQuiet,
  isToDo,
  mostUrgentFirst,
  worstFirst,
  type WorklistAccount,
  type WorklistContent,
} from '@waymark/alerts';
import { accounts as readAccounts, flags as readFlags, members, type Tx } from '@waymark/store';
import type { SlackBotDependencies } from '../dependencies.ts';
import { accountFactsOf } from './account-facts.ts';
import { calendarFor, type WorkspaceFacts } from './workspace-facts.ts';

/** What a person in Slack has to do: their own accounts that need a look, or everybody's for one who has no accounts. */
export async function worklistOf(
  tx: Tx,
  deps: Pick<SlackBotDependencies, 'links' | 'now'>,
  facts: WorkspaceFacts,
  slackUserId: string,
): Promise<WorklistContent> {
  const email = (await members(tx)).find((one) => one.slackUserId === slackUserId)?.email.toLowerCase() ?? null;
  const customers = (await readAccounts(tx)).filter((one) => one.isCustomer && one.mergedInto === null);
  const own = customers.filter((one) => email !== null && one.csmEmail?.toLowerCase() === email);
  const shown = new Set((own.length > 0 ? own : customers).map((one) => one.accountId));
  const flagged = new Set((await readFlags(tx, { openOnly: true })).map((flag) => flag.accountId));
  const known = await accountFactsOf(
    tx,
    deps,
    facts,
    [...flagged].filter((accountId) => shown.has(accountId)),
  );
  const open: WorklistAccount[] = [];
  const snoozed: WorklistAccount[] = [];
  for (const about of known.values()) {
    const flags = about.open.filter((flag) => isToDo(flag, about.handling.get(flag.flagId)));
    if (flags.length === 0) continue;
    const listed = { account: about.head, flags: flags.toSorted(worstFirst).map(about.say) };
    (isQuiet(flags, about.handling, deps.now()) ? snoozed : open).push(listed);
  }
  return {
    whose: own.length > 0 ? 'own' : 'all',
    open: open.toSorted(mostUrgentFirst),
    snoozed: snoozed.toSorted(mostUrgentFirst),
    accounts: shown.size,
    sampleData: facts.settings.sampleData,
    timezone: calendarFor(facts, email).timezone,
  };
}
