import type { Flag } from '@waymark/lifecycle';
import { isDismissed, isSnoozed, type FlagChange, type Handling, type SettledFlag } from './content.ts';
import { textLimits, truncate } from './limits.ts';
import { isWorse, worstFirst } from './severity.ts';
import { nextMorning, nextOpening, type WorkCalendar } from './working-hours.ts';

/** A flag as the message last showed it. */
export interface ShownFlag {
  readonly flagId: string;
  readonly rule: string;
  readonly title: string;
  readonly severity: Flag['severity'];
  readonly status: 'open' | 'claimed' | 'snoozed';
}

/** The open message of an account. */
export interface OpenMessage {
  readonly messageId: string;
  /** Grows with every change: part of the keys, so that a change is told once. */
  readonly revision: number;
  readonly shown: readonly ShownFlag[];
  readonly settled: readonly SettledFlag[];
  /** Nothing of it is in Slack yet: it is held or waits, and can still be changed or taken back unseen. */
  readonly unsent: boolean;
}

export interface PlanInput {
  readonly now: number;
  readonly accountId: string;
  /** The account's open flags, of all journeys. */
  readonly flags: readonly Flag[];
  /** Flags that are no longer open but that the log still knows, by id: why they cleared. */
  readonly past: ReadonlyMap<string, Flag>;
  readonly handling: ReadonlyMap<string, Handling>;
  readonly message: OpenMessage | null;
  /** Flags that a digest or an earlier message has told already; they open no further message by themselves. */
  readonly told: ReadonlySet<string>;
  /** Flags whose snooze has just ended: they are told again. */
  readonly woken: ReadonlySet<string>;
  /** How many messages the account has had before. */
  readonly ordinal: number;
  /** Before the first steady state nothing is posted (failure G11); null until it is reached. */
  readonly alertsFrom: number | null;
  readonly calendar: WorkCalendar;
  readonly sentToday: number;
  readonly dailyCap: number | null;
}

/** Until when an alert waits for the morning digest, and why. */
export interface Hold {
  readonly until: number;
  readonly reason: 'outside_hours' | 'daily_cap' | 'old_news';
}

/** What has to happen in Slack. Keys are made of content, so that planning twice posts once (failure G2). */
export type Intent =
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'open'; readonly alertKey: string; readonly flags: readonly Flag[]; readonly hold: Hold | null }
  | {
      readonly kind: 'update';
      readonly alertKey: string;
      readonly revision: number;
      readonly flags: readonly Flag[];
      readonly settled: readonly SettledFlag[];
      /** What the thread is told; null where only the message changes. */
      readonly reply: {
        readonly alertKey: string;
        readonly changes: readonly FlagChange[];
        readonly hold: Hold | null;
      } | null;
      readonly close: boolean;
      /** A held message has news that may not wait: it goes now. */
      readonly release: boolean;
    }
  /** The message was never seen: it is taken back. */
  | { readonly kind: 'withdraw'; readonly why: string };

/**
 * Plans the one message of an account. New flags open it or join it; cleared ones leave it, and with the last it closes. What people
 * answered changes the message but tells nobody again; what the data changed is told in the thread.
 */
export function planMessage(input: PlanInput): Intent {
  const present = input.flags
    .filter((flag) => flag.kind !== 'data_gap' && !isDismissed(input.handling.get(flag.flagId)))
    .toSorted(worstFirst);
  return input.message ? planChange(input, input.message, present) : planOpening(input, present);
}

/** What was true a day before alerts began is no emergency: reading takes time, so younger facts may only be late. */
const oldNewsMs = 86_400_000;

function planOpening(input: PlanInput, present: readonly Flag[]): Intent {
  const { alertsFrom, now } = input;
  if (alertsFrom === null || now < alertsFrom) return { kind: 'none', why: 'before the first steady state' };
  const news = present.filter((flag) => isNews(input, flag));
  if (news.length === 0) return { kind: 'none', why: 'nothing new' };
  return {
    kind: 'open',
    alertKey: `open:${input.accountId}:${input.ordinal}`,
    flags: present,
    hold: holdFor(input, news),
  };
}

function isNews(input: PlanInput, flag: Flag): boolean {
  if (isSnoozed(input.handling.get(flag.flagId), input.now)) return false;
  return !input.told.has(flag.flagId) || input.woken.has(flag.flagId);
}

/** Whether the news waits: for working hours, for tomorrow where the day's cap is reached, or because it is old. */
function holdFor(input: PlanInput, news: readonly Flag[]): Hold | null {
  const opens = nextOpening(input.now, input.calendar);
  if (opens > input.now) return { until: opens, reason: 'outside_hours' };
  const morning = () => nextMorning(input.now, input.calendar);
  if (input.dailyCap !== null && input.sentToday >= input.dailyCap) return { until: morning(), reason: 'daily_cap' };
  // Known only now but true since before alerts began: a later backfill or a changed rule, no emergency.
  const from = (input.alertsFrom ?? 0) - oldNewsMs;
  if (news.every((flag) => flag.openedAt < from && !input.woken.has(flag.flagId))) {
    return { until: morning(), reason: 'old_news' };
  }
  return null;
}

function planChange(input: PlanInput, message: OpenMessage, present: readonly Flag[]): Intent {
  const presentIds = new Set(present.map((flag) => flag.flagId));
  const before = new Map(message.shown.map((one) => [one.flagId, one]));
  const left = message.shown.filter((one) => !presentIds.has(one.flagId));
  const joined = present.filter((flag) => !before.has(flag.flagId));
  // A correction of the past can move a flag's opening, which gives it another id: to a reader it is the same one.
  const replaced = new Set(
    joined.filter((flag) => left.some((one) => one.rule === flag.rule)).map((flag) => flag.rule),
  );

  const newlySettled = left.filter((one) => !replaced.has(one.rule)).map((one) => settledFlag(input, one));
  const settled = [...newlySettled, ...message.settled.filter((one) => !presentIds.has(one.flagId))].slice(0, 6);
  const news = joined.filter(
    (flag) => !replaced.has(flag.rule) && !isSnoozed(input.handling.get(flag.flagId), input.now),
  );
  const changes: FlagChange[] = [
    ...news.map((flag) => change('opened', flag.title, flag.reason)),
    ...present.flatMap((flag) => {
      const shown = before.get(flag.flagId);
      if (input.woken.has(flag.flagId)) return change('snooze_over', flag.title, flag.reasonNow ?? flag.reason);
      return shown && isWorse(flag.severity, shown.severity) ? change('worse', flag.title, flag.reason) : [];
    }),
    ...newlySettled.flatMap((one) =>
      one.how === 'not_a_risk' ? [] : change(one.how === 'cleared' ? 'cleared' : 'corrected', one.title, one.because),
    ),
  ];
  if (message.unsent) {
    if (present.length === 0) return { kind: 'withdraw', why: 'all flags cleared before the message was sent' };
  }
  const revision = message.revision + 1;
  return {
    kind: 'update',
    alertKey: `update:${message.messageId}:${revision}`,
    revision,
    flags: present,
    settled,
    reply:
      changes.length === 0 || message.unsent
        ? null
        : {
            alertKey: `reply:${message.messageId}:${revision}`,
            changes,
            hold: changes.some((one) => one.change !== 'cleared' && one.change !== 'corrected')
              ? holdFor(input, news.length > 0 ? news : present)
              : quietHold(input),
          },
    close: present.length === 0,
    release: message.unsent && news.length > 0 && holdFor(input, news) === null,
  };
}

/** Good news waits for working hours, but never counts against the cap. */
function quietHold(input: PlanInput): Hold | null {
  const opens = nextOpening(input.now, input.calendar);
  return opens > input.now ? { until: opens, reason: 'outside_hours' } : null;
}

/** How a flag left its message: a person said so, the data cleared it, or the past was corrected. */
export function settledFlag(
  input: Pick<PlanInput, 'now' | 'past' | 'handling'>,
  shown: Pick<ShownFlag, 'flagId' | 'rule' | 'title'>,
): SettledFlag {
  const { flagId, rule, title } = shown;
  const handling = input.handling.get(flagId);
  if (isDismissed(handling)) {
    return { flagId, rule, title, how: 'not_a_risk', by: handling?.answeredBy ?? null, at: input.now, because: null };
  }
  const past = input.past.get(flagId);
  if (past?.clearedAt == null) return { flagId, rule, title, how: 'corrected', by: null, at: input.now, because: null };
  const because = past.clearedBecause === undefined ? null : truncate(past.clearedBecause, textLimits.because);
  return { flagId, rule, title, how: 'cleared', by: null, at: past.clearedAt, because };
}

const change = (kind: FlagChange['change'], title: string, text: string | null): FlagChange => ({
  change: kind,
  title: truncate(title, textLimits.title),
  text: text === null ? null : truncate(text, textLimits.reason),
});
