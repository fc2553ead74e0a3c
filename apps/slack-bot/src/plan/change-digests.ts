import { isSnoozed } from '@waymark/alerts';
import { digests, flags as readFlags, lockAccount, openAccountMessages, type Tx } from '@waymark/store';
import type { SlackBotDependencies } from '../dependencies.ts';
import { accountFacts } from './account-facts.ts';
import { planAccounts } from './account-planner.ts';
import { addToGroup, presentFlags, writeDigest, type Group } from './digest-planner.ts';
import { detailOf } from './message-detail.ts';
import type { WorkspaceFacts } from './workspace-facts.ts';

/**
 * Tells each CSM once of what a changed definition says that the former one did not, and brings open messages up to date without
 * telling anybody again. `key` names the change, so that it is told once. Returns how many digests were written.
 */
export async function planChangeDigests(
  tx: Tx,
  deps: SlackBotDependencies,
  facts: WorkspaceFacts,
  key: string,
): Promise<number> {
  const { teamId, alertsFrom } = facts.installation.slack;
  if (alertsFrom === null) return 0;
  const open = (await readFlags(tx, { openOnly: true })).filter((flag) => flag.kind !== 'data_gap');
  const messages = (await openAccountMessages(tx, null)).filter((one) => one.teamId === teamId);
  const byAccount = new Map(messages.flatMap((one) => (one.accountId === null ? [] : [[one.accountId, one] as const])));
  const concerned = [...new Set([...open.map((flag) => flag.accountId), ...byAccount.keys()])].toSorted();
  const told = await toldBefore(tx, teamId);
  const news = new Set<string>();
  const groups = new Map<string, Group>();
  for (const accountId of concerned) {
    await lockAccount(tx, accountId);
    const about = await accountFacts(tx, deps, facts, accountId);
    if (!about) continue;
    const message = byAccount.get(accountId);
    const rules = new Set(message && detailOf(message).shown.map((one) => one.rule));
    const fresh = presentFlags(about).filter(
      (flag) =>
        !rules.has(flag.rule) &&
        !told.has(flag.flagId) &&
        !told.has(`${accountId} ${flag.rule}`) &&
        !isSnoozed(about.handling.get(flag.flagId), deps.now()),
    );
    for (const flag of fresh) news.add(flag.flagId);
    if (fresh.length > 0) addToGroup(groups, facts, about);
  }
  for (const [destination, group] of groups) {
    await writeDigest(tx, deps, facts, {
      destination,
      group,
      occasion: 'definition',
      key: `digest:${key}:${destination}`,
      tells: news,
    });
  }
  await planAccounts(tx, deps, facts, concerned, new Set(), 'quiet');
  return groups.size;
}

/** What digests have told already: by flag, and by rule while the digest still shows it, since a flag may open at another instant now. */
async function toldBefore(tx: Tx, teamId: string): Promise<ReadonlySet<string>> {
  const written = (await digests(tx, { closedToo: true })).filter((one) => one.teamId === teamId);
  return new Set(
    written.flatMap((one) =>
      Object.entries(detailOf(one).shownByAccount).flatMap(([accountId, shown]) =>
        shown.flatMap((each) => [each.flagId, ...(one.closedAt === null ? [`${accountId} ${each.rule}`] : [])]),
      ),
    ),
  );
}
