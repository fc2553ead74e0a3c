import type { EventType } from '@waymark/journey';
import type { Flag, Severity } from '@waymark/lifecycle';
import { evidenceShown, textLimits, truncate } from './limits.ts';
import { worstFirst } from './severity.ts';

/** What people did with a flag. Times are epoch milliseconds. `by` is a Slack user id, or a member's address. */
export interface Handling {
  readonly claimedBy: string | null;
  readonly snoozedUntil: number | null;
  readonly answer: string | null;
  readonly answeredBy: string | null;
}

/** A message without Slack in it: what is said, not how it looks. Texts are cut to length and not escaped: that is the view's business. */
export type MessageContent = AccountContent | DigestContent | ReplyContent | NoticeContent;

export interface AccountContent {
  readonly kind: 'account';
  readonly account: AccountHead;
  readonly flags: readonly FlagContent[];
  /** Flags that left the message, the last first. */
  readonly settled: readonly SettledFlag[];
  readonly resolved: boolean;
  readonly routeNote: string | null;
  readonly sampleData: boolean;
  readonly timezone: string;
}

export interface AccountHead {
  readonly accountId: string;
  readonly name: string;
  readonly url: string;
  readonly stage: string | null;
  readonly health: number | null;
  readonly owner: { readonly email: string; readonly name: string | null } | null;
  readonly renewalAt: number | null;
  readonly value: number | null;
  readonly currency: string | null;
}

export interface FlagContent {
  readonly flagId: string;
  readonly rule: string;
  readonly kind: Flag['kind'];
  readonly severity: Severity;
  readonly title: string;
  /** What changed and by how much. */
  readonly reason: string;
  readonly openedAt: number;
  readonly evidence: readonly EvidenceContent[];
  readonly moreEvidence: number;
  readonly clears: string;
  readonly nextStep: string;
  /** What people do about it step by step, by name. */
  readonly playbook?: string;
  readonly status: 'open' | 'claimed' | 'snoozed';
  readonly by: string | null;
  readonly until: number | null;
  /** A person said that it belongs to another account, and the answer is being worked out again. */
  readonly doubted: boolean;
}

export interface EvidenceContent {
  readonly eventId: string;
  readonly type: EventType;
  readonly at: number;
  readonly note: string;
  readonly url: string | null;
}

export interface SettledFlag {
  readonly flagId: string;
  readonly rule: string;
  readonly title: string;
  readonly how: 'cleared' | 'not_a_risk' | 'corrected';
  readonly by: string | null;
  readonly at: number;
  readonly because: string | null;
}

export interface DigestContent {
  readonly kind: 'digest';
  readonly occasion: 'first' | 'morning' | 'definition';
  readonly owner: { readonly email: string; readonly name: string | null } | null;
  readonly accounts: readonly DigestAccount[];
  readonly routeNote: string | null;
  readonly sampleData: boolean;
  readonly timezone: string;
  readonly at: number;
}

export interface DigestAccount {
  readonly account: AccountHead;
  readonly flags: readonly FlagContent[];
  readonly settled: readonly SettledFlag[];
}

/** What a thread says when a message has changed. */
export interface ReplyContent {
  readonly kind: 'reply';
  readonly changes: readonly FlagChange[];
  readonly resolved: boolean;
}

export interface FlagChange {
  readonly change: 'opened' | 'worse' | 'cleared' | 'corrected' | 'snooze_over';
  readonly title: string;
  readonly text: string | null;
}

/** Something that the admin has to know. */
export interface NoticeContent {
  readonly kind: 'notice';
  readonly title: string;
  readonly lines: readonly string[];
}

/** Where a link of a message leads. */
export interface Links {
  readonly account: (accountId: string) => string;
  readonly event: (accountId: string, eventId: string) => string;
}

/** Says one flag: what changed, why with at most three pieces of evidence, since when, what would clear it, and the next step. */
export function flagContent(
  flag: Flag,
  context: {
    readonly accountId: string;
    readonly handling: Handling | undefined;
    readonly now: number;
    readonly links: Links;
    /** Pages at the provider by event id. */
    readonly eventUrls: ReadonlyMap<string, string>;
  },
): FlagContent {
  const { handling } = context;
  const snoozed = isSnoozed(handling, context.now);
  const evidence = flag.evidenceNow ?? flag.proof.evidence;
  const shown = evidence.slice(0, evidenceShown);
  return {
    flagId: flag.flagId,
    rule: flag.rule,
    kind: flag.kind,
    severity: flag.severity,
    title: truncate(flag.title, textLimits.title),
    reason: truncate(flag.reasonNow ?? flag.reason, textLimits.reason),
    openedAt: flag.openedAt,
    evidence: shown.map((one) => ({
      eventId: one.eventId,
      type: one.type,
      at: one.at,
      note: truncate(one.note, textLimits.note),
      url: context.eventUrls.get(one.eventId) ?? context.links.event(context.accountId, one.eventId),
    })),
    moreEvidence: evidence.length - shown.length,
    clears: truncate(flag.proof.clears, textLimits.clears),
    nextStep: truncate(flag.nextStep, textLimits.nextStep),
    ...(flag.playbook !== undefined && { playbook: flag.playbook }),
    status: snoozed ? 'snoozed' : handling?.claimedBy ? 'claimed' : 'open',
    by: snoozed ? (handling?.answeredBy ?? null) : (handling?.claimedBy ?? null),
    until: snoozed ? (handling?.snoozedUntil ?? null) : null,
    doubted: handling?.answer === 'wrong_account',
  };
}

/** Whether nothing is to be said of a flag for now. */
export function isSnoozed(handling: Handling | undefined, now: number): boolean {
  return handling?.snoozedUntil != null && handling.snoozedUntil > now;
}

/** Whether a person took the flag out of the message. */
export function isDismissed(handling: Handling | undefined): boolean {
  return handling?.answer === 'not_a_risk';
}

/** The whole message of one account: all its open flags, worst first, and what became of those that left. */
export function messageContent(input: {
  readonly account: AccountHead;
  readonly flags: readonly FlagContent[];
  readonly settled: readonly SettledFlag[];
  readonly routeNote: string | null;
  readonly sampleData: boolean;
  readonly timezone: string;
}): AccountContent {
  return {
    kind: 'account',
    account: { ...input.account, name: truncate(input.account.name, textLimits.accountName) || 'Unnamed account' },
    flags: input.flags.toSorted(worstFirst),
    settled: input.settled.toSorted((a, b) => b.at - a.at),
    resolved: input.flags.length === 0,
    routeNote: input.routeNote,
    sampleData: input.sampleData,
    timezone: input.timezone,
  };
}
