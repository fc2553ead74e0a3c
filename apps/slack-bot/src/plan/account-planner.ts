import { createHash } from 'node:crypto';
import {
  isSnoozed,
  messageContent,
  planMessage,
  routeFor,
  startOfDay,
  worstFirst,
  type AccountContent,
  type Intent,
  type SettledFlag,
  type ShownFlag,
} from '@waymark/alerts';
import type { Flag } from '@waymark/lifecycle';
import {
  cancelOutbox,
  digests,
  digestsNaming,
  enqueue,
  openAccountMessages,
  outboxOf,
  releaseHeld,
  reviseAlertMessage,
  rewriteOutbox,
  type AlertMessage,
  type Tx,
} from '@waymark/store';
import type { SlackBotDependencies } from '../dependencies.ts';
import { AlertDrafts } from './alert-drafts.ts';
import { accountFactsOf, type AccountFacts } from './account-facts.ts';
import { refreshDigests } from './digest-planner.ts';
import { detailOf, type MessageDetail } from './message-detail.ts';
import { calendarFor, plannedDestination, type WorkspaceFacts } from './workspace-facts.ts';

/**
 * Plans the messages of some accounts in the transaction that changed them: rows of the outbox, nothing is sent. The caller holds the
 * accounts' locks. `woken` names flags whose snooze has ended. `quiet` brings open messages up to date and tells nobody: what is new is
 * told elsewhere. Returns whether anything waits to be sent now.
 */
export async function planAccounts(
  tx: Tx,
  deps: SlackBotDependencies,
  facts: WorkspaceFacts,
  accountIds: readonly string[],
  woken: ReadonlySet<string> = new Set(),
  voice: 'aloud' | 'quiet' = 'aloud',
): Promise<boolean> {
  if (facts.installation.slack.alertsFrom === null) return false;
  // Messages in a team that is no longer connected cannot be changed: their accounts begin anew.
  const { teamId } = facts.installation.slack;
  const open = (await openAccountMessages(tx, accountIds)).filter((one) => one.teamId === teamId);
  const messages = new Map(open.map((one) => [one.accountId ?? '', one]));
  const shown = open.flatMap((message) => detailOf(message).shown.map(({ flagId }) => flagId));
  const known = await accountFactsOf(tx, deps, facts, accountIds, shown);
  const naming = accountIds.length === 0 ? [] : await digestsNaming(tx, accountIds);
  const asked = accountIds.flatMap((accountId) => {
    const about = known.get(accountId);
    return about ? [{ about, message: messages.get(accountId) }] : [];
  });
  const drafts = await AlertDrafts.begin(tx, deps.now(), {
    teamId,
    accountIds: asked.filter(({ message }) => !message).map(({ about }) => about.account.accountId),
    counted: asked
      .filter(({ about, message }) => message ?? about.open.length > 0)
      .map(({ about, message }) => placeOf(deps, facts, about, message)),
  });
  let queued = false;
  for (const accountId of accountIds) {
    const about = known.get(accountId);
    if (!about) continue;
    const message = messages.get(accountId);
    const own = naming.filter((one) => detailOf(one).accountIds.includes(accountId));
    // A digest that is open may have been revised for another of these accounts: it is read again.
    const inOpen = own.some((one) => one.closedAt === null);
    const told = async () =>
      toldFlags(inOpen ? await digests(tx, { accountId, closedToo: true }) : own, accountId, teamId);
    const planned =
      (message !== undefined || voice === 'aloud') &&
      (await planAccount(tx, deps, facts, about, { message, told, drafts }, woken, voice));
    const refreshed = inOpen && (await refreshDigests(tx, deps, facts, accountId));
    queued = planned || refreshed || queued;
  }
  await drafts.flush();
  return queued;
}

/** Where alerts of an account go, and in whose day they are counted. */
function placeOf(
  deps: SlackBotDependencies,
  facts: WorkspaceFacts,
  about: AccountFacts,
  message: AlertMessage | undefined,
) {
  const email = about.account.csmEmail?.toLowerCase() ?? null;
  const [worst] = about.open.toSorted(worstFirst);
  const route = routeFor({
    account: about.account,
    flag: worst ?? { rule: '', severity: 'low' },
    settings: facts.settings,
    member: email === null ? undefined : facts.members.get(email),
    installer: facts.installation.slack.installedBy,
    undeliverable: facts.undeliverable,
  });
  const calendar = calendarFor(facts, email);
  const destination = message?.destination ?? plannedDestination([...route.candidates]);
  return { route, calendar, destination, since: startOfDay(deps.now(), calendar.timezone) };
}

/** What was told of an account before. */
interface Before {
  /** Its message that is open. */
  readonly message: AlertMessage | undefined;
  /** Flags that digests have told of. */
  readonly told: () => Promise<ReadonlySet<string>>;
  readonly drafts: AlertDrafts;
}

async function planAccount(
  tx: Tx,
  deps: SlackBotDependencies,
  facts: WorkspaceFacts,
  about: AccountFacts,
  { message, told, drafts }: Before,
  woken: ReadonlySet<string>,
  voice: 'aloud' | 'quiet',
): Promise<boolean> {
  const now = deps.now();
  const { accountId } = about.account;
  if (!message && about.open.length === 0) return false;
  const { teamId, alertsFrom } = facts.installation.slack;
  const { route, calendar, destination, since } = placeOf(deps, facts, about, message);
  const detail = message && detailOf(message);
  const [unsentPost] = message ? (await outboxOf(tx, message.messageId, ['pending', 'held'])).filter(isPost) : [];
  const planned = planMessage({
    now,
    accountId,
    flags: about.open,
    past: about.past,
    handling: about.handling,
    message:
      message && detail
        ? {
            messageId: message.messageId,
            revision: detail.revision,
            shown: detail.shown,
            settled: detail.settled,
            unsent: unsentPost !== undefined,
          }
        : null,
    told: message ? new Set() : await told(),
    woken,
    ordinal: message ? 0 : drafts.ordinalOf(accountId),
    alertsFrom,
    calendar,
    sentToday: await drafts.sentSince({ destination, since }),
    dailyCap: facts.settings.dailyCapPerMember,
  });
  const intent = voice === 'quiet' && planned.kind === 'update' ? { ...planned, reply: null } : planned;
  const contentOf = (flags: readonly Flag[], settled: readonly SettledFlag[]): AccountContent =>
    messageContent({
      account: about.head,
      flags: flags.map(about.say),
      settled,
      routeNote: detail?.routeNote ?? route.note,
      sampleData: facts.settings.sampleData,
      timezone: calendar.timezone,
    });
  const shownOf = (flags: readonly Flag[]): ShownFlag[] => flags.map((flag) => shown(flag, about, now));

  if (intent.kind === 'open') {
    const content = contentOf(intent.flags, []);
    const kept: MessageDetail = {
      revision: 0,
      shown: shownOf(intent.flags),
      settled: [],
      accountIds: [],
      owner: route.owner,
      routeNote: route.note,
      candidates: [...route.candidates],
      settledByAccount: {},
      shownByAccount: {},
    };
    drafts.open(
      { accountId, kind: 'account', teamId, destination, contentDigest: contentDigest(content), detail: { ...kept } },
      {
        alertKey: `${teamId}:${intent.alertKey}`,
        teamId,
        action: 'post',
        payload: { content },
        heldUntil: intent.hold?.until ?? null,
        heldReason: intent.hold?.reason ?? null,
      },
    );
    return intent.hold === null;
  }
  if (!message || !detail) return false;
  drafts.changed(destination);
  if (intent.kind === 'withdraw') {
    await cancelOutbox(tx, message.messageId, ['post', 'update', 'reply'], intent.why, now);
    await reviseAlertMessage(tx, message.messageId, { contentDigest: null, detail: { ...detail }, closed: true }, now);
    return false;
  }
  if (intent.kind !== 'update') return false;
  const content = contentOf(intent.flags, intent.settled);
  const digest = contentDigest(content);
  if (digest === message.contentDigest && intent.reply === null) return false;
  return writeChange(tx, now, { message, detail, intent, content, digest, shown: shownOf(intent.flags), unsentPost });
}

const isPost = (row: { readonly action: string }) => row.action === 'post';

async function writeChange(
  tx: Tx,
  now: number,
  change: {
    readonly message: AlertMessage;
    readonly detail: MessageDetail;
    readonly intent: Extract<Intent, { kind: 'update' }>;
    readonly content: AccountContent;
    readonly digest: string;
    readonly shown: ShownFlag[];
    readonly unsentPost: { readonly outboxId: string } | undefined;
  },
): Promise<boolean> {
  const { message, intent, content } = change;
  const { messageId, teamId } = message;
  const detail = { ...change.detail, revision: intent.revision, shown: change.shown, settled: [...intent.settled] };
  await reviseAlertMessage(tx, messageId, { contentDigest: change.digest, detail, closed: intent.close }, now);
  if (change.unsentPost && (await rewriteOutbox(tx, change.unsentPost.outboxId, { content }, now))) {
    if (intent.release) await releaseHeld(tx, messageId, now);
    return intent.release;
  }
  // Only the last form matters: an update that waits is overtaken.
  await cancelOutbox(tx, messageId, ['update'], 'overtaken by a later update', now);
  const row = { messageId, teamId, heldUntil: null, heldReason: null };
  await enqueue(tx, { ...row, alertKey: intent.alertKey, action: 'update', payload: { content } }, now);
  if (intent.reply) {
    const { alertKey, changes, hold } = intent.reply;
    await enqueue(
      tx,
      {
        ...row,
        alertKey,
        action: 'reply',
        payload: { content: { kind: 'reply', changes, resolved: intent.close } },
        heldUntil: hold?.until ?? null,
        heldReason: hold?.reason ?? null,
      },
      now,
    );
  }
  return true;
}

/** Flags that these digests, as far as they are a team's, have told of an account. */
function toldFlags(naming: readonly AlertMessage[], accountId: string, teamId: string): ReadonlySet<string> {
  return new Set(
    naming
      .filter((one) => one.teamId === teamId)
      .flatMap((message) => (detailOf(message).shownByAccount[accountId] ?? []).map((one) => one.flagId)),
  );
}

function shown(flag: Flag, about: AccountFacts, now: number): ShownFlag {
  const handling = about.handling.get(flag.flagId);
  const status = isSnoozed(handling, now) ? 'snoozed' : handling?.claimedBy ? 'claimed' : 'open';
  return { flagId: flag.flagId, rule: flag.rule, title: flag.title, severity: flag.severity, status };
}

/**
 * A digest of what a message says, without what changes by the mere passing of time: a message is rewritten for news alone.
 */
function contentDigest(content: AccountContent): string {
  const lasting = {
    ...content,
    account: { ...content.account, health: null },
    flags: content.flags.map((flag) => ({ ...flag, reason: '' })),
    reasons: content.flags.map((flag) => flag.evidence.map((one) => one.eventId)),
  };
  return createHash('sha256').update(JSON.stringify(lasting)).digest('hex');
}
