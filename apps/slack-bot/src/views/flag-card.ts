import type { FlagContent, SettledFlag } from '@waymark/alerts';
import type { Button, KnownBlock } from '@slack/types';
import { actions, button, context, section } from './elements.ts';
import { day, daysAgo, escapeText, link, person } from './mrkdwn.ts';

/** When and for whom a message is written. */
export interface Moment {
  readonly now: number;
  readonly timezone: string;
}

/** The sign of a flag: how bad, at a glance. */
export function dot(flag: Pick<FlagContent, 'kind' | 'severity'>): string {
  if (flag.kind === 'opportunity') return ':large_blue_circle:';
  if (flag.severity === 'critical' || flag.severity === 'high') return ':red_circle:';
  return flag.severity === 'medium' ? ':large_orange_circle:' : ':large_yellow_circle:';
}

/**
 * A flag in full: what changed, since when, why, what to do, what would clear it. A flag that the headline names already begins with
 * what changed.
 */
export function flagCard(flag: FlagContent, at: Moment, named: boolean): KnownBlock[] {
  const kind = flag.kind === 'opportunity' ? 'opportunity' : `${flag.severity} risk`;
  return [
    named
      ? section([`*${escapeText(flag.reason || flag.title)}*`, `${capitalized(kind)}, ${sinceText(flag, at)}`])
      : section([
          `${dot(flag)} *${escapeText(flag.title)}*  ·  ${kind}, ${sinceText(flag, at)}`,
          escapeText(flag.reason),
        ]),
    ...(flag.evidence.length > 0 ? [section(['*Why*', ...evidenceLines(flag, at)])] : []),
    section([
      `*Next step*  ${escapeText(flag.nextStep)}${playbookText(flag)}`,
      `*Clears when*  ${escapeText(flag.clears)}`,
    ]),
    ...statusLine(flag, at),
  ];
}

const playbookText = ({ playbook }: FlagContent) =>
  playbook === undefined ? '' : ` _Playbook: ${escapeText(playbook.replaceAll('_', ' '))}_`;

/** A flag in a few lines, for a digest: with so many pieces of evidence, and with the next step where there is room for both. */
export function flagBrief(flag: FlagContent, at: Moment, evidence: number): string[] {
  const shown = flag.evidence.slice(0, evidence);
  const more = flag.evidence.length + flag.moreEvidence - shown.length;
  const lines = shown.map((one) => `•  ${day(one.at, at.timezone, at.now)}  ${link(one.url, one.note)}`);
  const last = lines.pop();
  return [
    `${dot(flag)} *${escapeText(flag.title)}*  ·  ${sinceText(flag, at)}`,
    escapeText(flag.reason),
    ...lines,
    ...(last === undefined ? [] : [`${last}${more > 0 ? `  _and ${more} more_` : ''}`]),
    ...(evidence > 1 ? [`*Next step*  ${escapeText(flag.nextStep)}`] : []),
    ...statusText(flag, at),
  ];
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const sinceText = (flag: FlagContent, at: Moment) =>
  `since ${day(flag.openedAt, at.timezone, at.now)} (${daysAgo(flag.openedAt, at.now)})`;

function evidenceLines(flag: FlagContent, at: Moment): string[] {
  return [
    ...flag.evidence.map((one) => `•  ${day(one.at, at.timezone, at.now)}  ${link(one.url, one.note)}`),
    ...(flag.moreEvidence > 0 ? [`_and ${flag.moreEvidence} more: press Why?_`] : []),
  ];
}

function statusText(flag: FlagContent, at: Moment): string[] {
  const by = flag.by === null ? '' : ` by ${person(flag.by)}`;
  const lines: string[] = [];
  if (flag.status === 'claimed') lines.push(`*Claimed*${by}`);
  if (flag.status === 'snoozed' && flag.until !== null) {
    lines.push(`*Snoozed*${by} until ${day(flag.until, at.timezone, at.now)}`);
  }
  if (flag.doubted) lines.push('Said to belong to another account: being worked out again');
  return lines;
}

function statusLine(flag: FlagContent, at: Moment): KnownBlock[] {
  const lines = statusText(flag, at);
  return lines.length > 0 ? [context(lines)] : [];
}

/** One line for a flag that has no room of its own. */
export function flagLine(flag: FlagContent, at: Moment): string {
  return `${dot(flag)} *${escapeText(flag.title)}*  ·  since ${day(flag.openedAt, at.timezone, at.now)}`;
}

/** How a flag left the message. */
export function settledLine(flag: SettledFlag, at: Moment): string {
  const title = `~${escapeText(flag.title).replaceAll('~', '∼')}~`;
  if (flag.how === 'not_a_risk') return `${title}  Not a risk${flag.by === null ? '' : `, says ${person(flag.by)}`}`;
  if (flag.how === 'corrected') return `${title}  Taken back: by what is known now, it was not so`;
  const because = flag.because === null ? '' : `: ${escapeText(flag.because)}`;
  return `${title}  Cleared ${day(flag.at, at.timezone, at.now)}${because}`;
}

/** The buttons of one flag. */
export function flagActions(flag: FlagContent, which: 'all' | 'of-its-own'): KnownBlock {
  const { flagId } = flag;
  const handling: Button[] = [
    ...(flag.status === 'claimed' ? [] : [button('claim', 'Claim', `flag:${flagId}`, 'primary')]),
    button('snooze', flag.status === 'snoozed' ? 'Snooze longer' : 'Snooze', `flag:${flagId}`),
  ];
  return actions(`flag:${flagId}`, [
    ...(which === 'all' ? handling : []),
    button('not_a_risk', flag.kind === 'opportunity' ? 'Not relevant' : 'Not a risk', `flag:${flagId}`),
    button('wrong_account', 'Wrong account', `flag:${flagId}`),
    button('why', 'Why?', `flag:${flagId}`),
  ]);
}

/** The buttons for all flags of an account at once. */
export function accountActions(accountId: string, flags: readonly FlagContent[]): KnownBlock {
  const allClaimed = flags.every((flag) => flag.status === 'claimed');
  return actions(`account:${accountId}`, [
    ...(allClaimed ? [] : [button('claim', 'Claim all', `account:${accountId}`, 'primary')]),
    button('snooze', 'Snooze all', `account:${accountId}`),
  ]);
}
