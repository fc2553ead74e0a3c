import { createHash } from 'node:crypto';
import {
  destinationKey,
  digestContent,
  isDismissed,
  isSnoozed,
  nextOpening,
  routeFor,
  settledFlag,
  worstFirst,
  type DigestAccount,
  type DigestContent,
  type Route,
  type ShownFlag,
} from '@waymark/alerts';
import {
  addAlertMessage,
  alertMessage,
  cancelOutbox,
  digests,
  enqueue,
  flags as readFlags,
  heldDue,
  lockAccount,
  outboxOf,
  readTokens,
  releaseHeld,
  reviseAlertMessage,
  rewriteOutbox,
  setSettings,
  type AlertMessage,
  type Tx,
} from '@waymark/store';
import type { SlackBotDependencies } from '../dependencies.ts';
import { accountFacts, accountFactsOf, type AccountFacts } from './account-facts.ts';
import { detailOf, type MessageDetail } from './message-detail.ts';
import { calendarFor, type WorkspaceFacts } from './workspace-facts.ts';

/**
 * At the first steady state, tells each CSM once of all that is open, and lets alerts begin (failure G11). Does nothing where they
 * have begun. Returns how many digests were written.
 */
export async function planFirstDigests(tx: Tx, deps: SlackBotDependencies, facts: WorkspaceFacts): Promise<number> {
  const { installation } = facts;
  // The row's lock lets one of several processes begin.
  await readTokens(tx, installation.installationId, true);
  if (installation.slack.alertsFrom !== null) return 0;
  const now = deps.now();
  const open = await readFlags(tx, { openOnly: true });
  const accountIds = [...new Set(open.filter((flag) => flag.kind !== 'data_gap').map((flag) => flag.accountId))];
  const groups = new Map<string, Group>();
  const abouts = await accountFactsOf(tx, deps, facts, accountIds);
  for (const accountId of accountIds) {
    const about = abouts.get(accountId);
    if (about && presentFlags(about).length > 0) addToGroup(groups, facts, about);
  }
  for (const [destination, group] of groups) {
    await writeDigest(tx, deps, facts, { destination, group, occasion: 'first', key: `digest:first:${destination}` });
  }
  await setSettings(tx, installation.installationId, { ...installation.settings, alertsFrom: now }, now);
  return groups.size;
}

/** The accounts of one place. */
export interface Group {
  readonly route: Route;
  readonly accounts: AccountFacts[];
}

/** Puts an account with those of the place that its alerts go to. */
export function addToGroup(groups: Map<string, Group>, facts: WorkspaceFacts, about: AccountFacts, key?: string): void {
  const email = about.account.csmEmail?.toLowerCase() ?? null;
  const [worst] = presentFlags(about);
  const route = routeFor({
    account: about.account,
    flag: worst ?? { rule: '', severity: 'low' },
    settings: facts.settings,
    member: email === null ? undefined : facts.members.get(email),
    installer: facts.installation.slack.installedBy,
    undeliverable: facts.undeliverable,
  });
  const [first] = route.candidates;
  const destination = key ?? (first ? destinationKey(first) : 'nowhere');
  const group = groups.get(destination);
  if (group) group.accounts.push(about);
  else groups.set(destination, { route, accounts: [about] });
}

/** The open flags of an account that a person has not turned down, worst first. */
export const presentFlags = (about: AccountFacts) =>
  about.open
    .filter((flag) => flag.kind !== 'data_gap' && !isDismissed(about.handling.get(flag.flagId)))
    .toSorted(worstFirst);

/** What was held and is due: one message by itself, several of one place as a morning digest. Returns how many rows go now. */
export async function releaseMorning(tx: Tx, deps: SlackBotDependencies, facts: WorkspaceFacts): Promise<number> {
  const now = deps.now();
  const due = await heldDue(tx, now);
  const groups = new Map<string, Group & { held: AlertMessage[]; firstId: string }>();
  for (const row of due) {
    const message = await alertMessage(tx, row.messageId);
    if (row.action !== 'post' || !message || message.kind !== 'account' || message.accountId === null) {
      await releaseHeld(tx, row.messageId, now);
      continue;
    }
    await lockAccount(tx, message.accountId);
    const about = await accountFacts(tx, deps, facts, message.accountId);
    if (!about) continue;
    const known = groups.get(message.destination);
    const group: Map<string, Group> = new Map();
    addToGroup(group, facts, about, message.destination);
    const made = group.get(message.destination);
    if (known) {
      known.accounts.push(about);
      known.held.push(message);
    } else if (made) groups.set(message.destination, { ...made, held: [message], firstId: row.outboxId });
  }
  for (const [destination, group] of groups) {
    const [only] = group.held;
    if (group.held.length === 1 && only) {
      await releaseHeld(tx, only.messageId, now);
      continue;
    }
    for (const message of group.held) {
      await cancelOutbox(tx, message.messageId, ['post', 'update', 'reply'], 'told in the morning digest', now);
      await reviseAlertMessage(tx, message.messageId, { ...message, closed: true }, now);
    }
    const key = `digest:morning:${destination}:${group.firstId}`;
    await writeDigest(tx, deps, facts, { destination, group, occasion: 'morning', key });
  }
  return due.length;
}

/** Writes one digest for one place. */
export async function writeDigest(
  tx: Tx,
  deps: SlackBotDependencies,
  facts: WorkspaceFacts,
  digest: {
    readonly destination: string;
    readonly group: Group;
    readonly occasion: 'first' | 'morning' | 'definition';
    readonly key: string;
    /** The flags that it tells of; all that are present without it. */
    readonly tells?: ReadonlySet<string>;
  },
): Promise<void> {
  const now = deps.now();
  const { teamId } = facts.installation.slack;
  const { route, accounts } = digest.group;
  const calendar = calendarFor(facts, route.owner?.email ?? null);
  const shownByAccount = Object.fromEntries(
    accounts.map((about) => [
      about.account.accountId,
      presentFlags(about)
        .filter((flag) => digest.tells?.has(flag.flagId) ?? true)
        .map((flag) => shownFlag(flag, about, now)),
    ]),
  );
  // A place that several people share has no one owner.
  const owners = new Set(accounts.map((about) => about.account.csmEmail?.toLowerCase() ?? null));
  const detail: MessageDetail = {
    revision: 0,
    shown: [],
    settled: [],
    accountIds: Object.keys(shownByAccount),
    occasion: digest.occasion,
    owner: owners.size === 1 ? route.owner : null,
    routeNote: owners.size === 1 ? route.note : null,
    candidates: [...route.candidates],
    settledByAccount: {},
    shownByAccount,
  };
  const content = digestOf(facts, detail, accounts, now);
  const messageId = await addAlertMessage(
    tx,
    {
      accountId: null,
      kind: 'digest',
      teamId,
      destination: digest.destination,
      contentDigest: digestOfContent(content),
      detail,
    },
    now,
  );
  const opens = nextOpening(now, calendar);
  await enqueue(
    tx,
    {
      alertKey: `${teamId}:${digest.key}`,
      messageId,
      teamId,
      action: 'post',
      payload: { content },
      heldUntil: opens > now ? opens : null,
      heldReason: opens > now ? 'outside_hours' : null,
    },
    now,
  );
}

/** Rewrites the digests that tell of an account where an answer or the data has changed what they say. */
export async function refreshDigests(
  tx: Tx,
  deps: SlackBotDependencies,
  facts: WorkspaceFacts,
  accountId: string,
): Promise<boolean> {
  let queued = false;
  for (const message of await digests(tx, { accountId })) {
    if (message.teamId !== facts.installation.slack.teamId) continue;
    const detail = detailOf(message);
    const shown = Object.values(detail.shownByAccount).flatMap((flags) => flags.map(({ flagId }) => flagId));
    const known = await accountFactsOf(tx, deps, facts, detail.accountIds, shown);
    const accounts = detail.accountIds.flatMap((id) => known.get(id) ?? []);
    const now = deps.now();
    const next = settle(detail, accounts, now);
    const content = digestOf(facts, next, accounts, now, message.openedAt);
    const contentDigest = digestOfContent(content);
    if (contentDigest === message.contentDigest) continue;
    const closed = Object.values(next.shownByAccount).every((shown) => shown.length === 0);
    const revised = { ...next, revision: detail.revision + 1 };
    await reviseAlertMessage(tx, message.messageId, { contentDigest, detail: revised, closed }, now);
    const [unsent] = (await outboxOf(tx, message.messageId, ['pending', 'held'])).filter(
      (row) => row.action === 'post',
    );
    if (unsent && (await rewriteOutbox(tx, unsent.outboxId, { content }, now))) continue;
    await cancelOutbox(tx, message.messageId, ['update'], 'overtaken by a later update', now);
    await enqueue(
      tx,
      {
        alertKey: `update:${message.messageId}:${revised.revision}`,
        messageId: message.messageId,
        teamId: message.teamId,
        action: 'update',
        payload: { content },
        heldUntil: null,
        heldReason: null,
      },
      now,
    );
    queued = true;
  }
  return queued;
}

/** Moves flags that are gone from what a digest shows to what it has settled. */
function settle(detail: MessageDetail, accounts: readonly AccountFacts[], now: number): MessageDetail {
  const shownByAccount: MessageDetail['shownByAccount'] = {};
  const settledByAccount: MessageDetail['settledByAccount'] = {};
  for (const about of accounts) {
    const { accountId } = about.account;
    const before = detail.shownByAccount[accountId] ?? [];
    const rules = new Set(before.map((one) => one.rule));
    const present = presentFlags(about).filter((flag) => rules.has(flag.rule));
    const still = new Set(present.map((flag) => flag.rule));
    shownByAccount[accountId] = present.map((flag) => shownFlag(flag, about, now));
    settledByAccount[accountId] = [
      ...before
        .filter((one) => !still.has(one.rule))
        .map((one) => settledFlag({ now, past: about.past, handling: about.handling }, one)),
      ...(detail.settledByAccount[accountId] ?? []).filter((one) => !still.has(one.rule)),
    ];
  }
  return { ...detail, shownByAccount, settledByAccount };
}

function digestOf(
  facts: WorkspaceFacts,
  detail: MessageDetail,
  accounts: readonly AccountFacts[],
  now: number,
  at = now,
): DigestContent {
  const said: DigestAccount[] = accounts.map((about) => {
    const wanted = new Set((detail.shownByAccount[about.account.accountId] ?? []).map((one) => one.flagId));
    return {
      account: about.head,
      flags: about.open.filter((flag) => wanted.has(flag.flagId)).map(about.say),
      settled: detail.settledByAccount[about.account.accountId] ?? [],
    };
  });
  return digestContent({
    occasion: detail.occasion ?? 'morning',
    owner: detail.owner,
    accounts: said,
    routeNote: detail.routeNote,
    sampleData: facts.settings.sampleData,
    timezone: calendarFor(facts, detail.owner?.email ?? null).timezone,
    at,
  });
}

/** What a digest says, without what changes by the mere passing of time. */
function digestOfContent(content: DigestContent): string {
  const lasting = content.accounts.map((one) => ({
    account: { ...one.account, health: null },
    flags: one.flags.map((flag) => ({ ...flag, reason: '' })),
    settled: one.settled.map((flag) => ({ ...flag, at: 0 })),
  }));
  return createHash('sha256').update(JSON.stringify(lasting)).digest('hex');
}

function shownFlag(
  flag: {
    readonly flagId: string;
    readonly rule: string;
    readonly title: string;
    readonly severity: ShownFlag['severity'];
  },
  about: AccountFacts,
  now: number,
): ShownFlag {
  const handling = about.handling.get(flag.flagId);
  const status = isSnoozed(handling, now) ? 'snoozed' : handling?.claimedBy ? 'claimed' : 'open';
  return { flagId: flag.flagId, rule: flag.rule, title: flag.title, severity: flag.severity, status };
}
