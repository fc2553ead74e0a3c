import { flagContent, type AccountHead, type FlagContent, type Handling } from '@waymark/alerts';
import type { Flag } from '@waymark/lifecycle';
import {
  account as readAccount,
  checkpoint,
  eventUrls,
  flagHandling,
  flags as readFlags,
  type Account,
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
  /** Flags in force that are no longer open, by id. */
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
  const account = await readAccount(tx, accountId);
  if (!account) return undefined;
  const stored = (await readFlags(tx, { accountId })).map(engineFlag);
  const open = stored.filter((flag) => flag.clearedAt === null);
  const handling = new Map(
    (
      await flagHandling(
        tx,
        stored.map((flag) => flag.flagId),
      )
    ).map((one) => [one.flagId, one]),
  );
  const urls = await eventUrls(
    tx,
    open.flatMap((flag) => flag.proof.evidence.slice(0, 3).map((one) => one.eventId)),
  );
  const [journey] = facts.journeys;
  const state = journey === undefined ? undefined : await checkpoint(tx, accountId, journey);
  const email = account.csmEmail?.toLowerCase() ?? null;
  const now = deps.now();
  return {
    account,
    head: {
      accountId,
      name: account.name,
      url: deps.links.account(accountId),
      stage: state?.stage ? stageTitle(state.stage) : null,
      health: state?.health ?? null,
      owner: email === null ? null : { email, name: facts.members.get(email)?.name ?? null },
      renewalAt: account.renewalAt,
      value: account.value,
      currency: account.currency,
    },
    open,
    past: new Map(stored.filter((flag) => flag.clearedAt !== null).map((flag) => [flag.flagId, flag])),
    handling,
    say: (flag) =>
      flagContent(flag, { accountId, handling: handling.get(flag.flagId), now, links: deps.links, eventUrls: urls }),
  };
}

/** A stage's id as a title: `onboarding` is `Onboarding`. */
export function stageTitle(stage: string): string {
  const words = stage.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
