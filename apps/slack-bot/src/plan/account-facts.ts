import { flagContent, type AccountHead, type FlagContent, type Handling } from '@waymark/alerts';
import type { Flag } from '@waymark/lifecycle';
import {
  accountsOf,
  eventUrls,
  flagHandling,
  flagsOf,
  standings,
  type Account,
  type Standing,
  type Tx,
} from '@waymark/store';
import type { SlackBotDependencies } from '../dependencies.ts';
import { engineFlag } from './stored-flag.ts';
import type { WorkspaceFacts } from './workspace-facts.ts';

/** One account as a message speaks of it. */
export interface AccountFacts {
  readonly account: Account;
  readonly head: AccountHead;
  /** Open flags of all journeys. */
  readonly open: readonly Flag[];
  /** Of the flags that were asked for those in force that are no longer open, by id. */
  readonly past: ReadonlyMap<string, Flag>;
  readonly handling: ReadonlyMap<string, Handling>;
  /** Says one of the flags. */
  readonly say: (flag: Flag) => FlagContent;
}

/** Reads an account with its flags and what people did with them; undefined where there is none. */
export async function accountFacts(
  tx: Tx,
  deps: Pick<SlackBotDependencies, 'links' | 'now'>,
  facts: WorkspaceFacts,
  accountId: string,
): Promise<AccountFacts | undefined> {
  return (await accountFactsOf(tx, deps, facts, [accountId])).get(accountId);
}

/**
 * Reads accounts with their open flags and what people did with them, all in the same few statements. Of what is past only the flags that
 * `shown` names: an account of years has hundreds.
 */
export async function accountFactsOf(
  tx: Tx,
  deps: Pick<SlackBotDependencies, 'links' | 'now'>,
  facts: WorkspaceFacts,
  accountIds: readonly string[],
  shown: readonly string[] = [],
): Promise<ReadonlyMap<string, AccountFacts>> {
  const accounts = await accountsOf(tx, accountIds);
  const ids = accounts.map(({ accountId }) => accountId);
  const stored = (await flagsOf(tx, ids, { past: shown })).map((one) => ({
    accountId: one.accountId,
    flag: engineFlag(one),
  }));
  const flagIds = stored.map(({ flag }) => flag.flagId);
  const handling = new Map((await flagHandling(tx, flagIds)).map((one) => [one.flagId, one]));
  const eventIds = stored.flatMap(({ flag }) =>
    flag.clearedAt === null ? flag.proof.evidence.slice(0, 3).map((one) => one.eventId) : [],
  );
  const urls = await eventUrls(tx, [...new Set(eventIds)]);
  const [journey] = facts.journeys;
  const standing = journey === undefined ? [] : await standings(tx, journey, ids);
  const standingOf = new Map(standing.map((one) => [one.accountId, one]));
  const flags = Map.groupBy(stored, ({ accountId }) => accountId);
  return new Map(
    accounts.map((account) => {
      const { accountId } = account;
      const own = (flags.get(accountId) ?? []).map(({ flag }) => flag);
      const say = (flag: Flag) =>
        flagContent(flag, {
          accountId,
          handling: handling.get(flag.flagId),
          now: deps.now(),
          links: deps.links,
          eventUrls: urls,
        });
      const made: AccountFacts = {
        account,
        head: headOf(account, standingOf.get(accountId), deps, facts),
        open: own.filter((flag) => flag.clearedAt === null),
        past: new Map(own.filter((flag) => flag.clearedAt !== null).map((flag) => [flag.flagId, flag])),
        handling: new Map(
          own.flatMap(({ flagId }) => {
            const one = handling.get(flagId);
            return one ? [[flagId, one] as const] : [];
          }),
        ),
        say,
      };
      return [accountId, made];
    }),
  );
}

function headOf(
  account: Account,
  standing: Standing | undefined,
  deps: Pick<SlackBotDependencies, 'links'>,
  facts: WorkspaceFacts,
): AccountHead {
  const email = account.csmEmail?.toLowerCase() ?? null;
  return {
    accountId: account.accountId,
    name: account.name,
    url: deps.links.account(account.accountId),
    stage: standing?.stage ? stageTitle(standing.stage) : null,
    health: standing?.health ?? null,
    owner: email === null ? null : { email, name: facts.members.get(email)?.name ?? null },
    renewalAt: account.renewalAt,
    value: account.value,
    currency: account.currency,
  };
}

/** A stage's id as a title: `onboarding` is `Onboarding`. */
export function stageTitle(stage: string): string {
  const words = stage.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
