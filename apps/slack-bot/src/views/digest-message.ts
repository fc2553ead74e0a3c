import { evidenceShown, type DigestAccount, type DigestContent } from '@waymark/alerts';
import type { KnownBlock } from '@slack/types';
import { cutEscaped, headParts, type Rendered } from './account-message.ts';
import { blockLimits, firstThatFits } from './block-limits.ts';
import { context, header, section } from './elements.ts';
import { flagActions, flagBrief, flagLine, settledLine, type Moment } from './flag-card.ts';
import { escapeText, link } from './mrkdwn.ts';

/** One message for several accounts, worst first; those beyond its room as one line each. */
export function digestMessage(content: DigestContent, now: number): Rendered {
  const at: Moment = { now, timezone: content.timezone };
  const open = content.accounts.filter((one) => one.flags.length > 0);
  const done = content.accounts.filter((one) => one.flags.length === 0);
  const title = headline(content, open.length);
  const form = (whole: number, evidence: number) => () => [
    header(title),
    context(introduction(content)),
    ...open.slice(0, whole).flatMap((one) => accountBlocks(one, at, evidence)),
    ...listBlocks(open.slice(whole), at),
    ...(done.length > 0 ? [context(done.slice(0, 10).flatMap((one) => doneLines(one, at)))] : []),
  ];
  const fewer = [12, 10, 8, 7, 6, 5, 4, 3, 2, 1, 0].filter((count) => count < open.length);
  const forms = [form(open.length, evidenceShown), form(open.length, 1), ...fewer.map((count) => form(count, 1))];
  return {
    text: cutEscaped(escapeText(title) + (content.sampleData ? ' (sample data)' : ''), blockLimits.fallbackText),
    blocks: firstThatFits(forms),
  };
}

function headline(content: DigestContent, open: number): string {
  const name = content.owner?.name?.split(' ')[0];
  const greeting =
    content.occasion === 'morning' ? `Good morning${name ? `, ${name}` : ''}` : `Hello${name ? `, ${name}` : ''}`;
  if (open === 0) return `${greeting}: all done`;
  return `${greeting}: ${open === 1 ? 'one account needs' : `${open} accounts need`} a look`;
}

const introductions: Readonly<Record<DigestContent['occasion'], string>> = {
  first: 'The first look at your accounts, worst first. From now on you hear of changes as they happen.',
  morning: 'What came up outside your hours or beyond the day’s limit, worst first.',
  definition:
    'The rules of the journey were changed. This is what they tell that the former ones did not, worst first.',
};

function introduction(content: DigestContent): string[] {
  return [
    introductions[content.occasion],
    ...(content.routeNote === null ? [] : [escapeText(content.routeNote)]),
    ...(content.sampleData ? ['Sample data'] : []),
  ];
}

function accountBlocks(one: DigestAccount, at: Moment, evidence: number): KnownBlock[] {
  const head = [`*${link(one.account.url, one.account.name)}*`, ...headParts(one.account, at).slice(0, 3)].join(
    '  ·  ',
  );
  return [
    { type: 'divider' },
    ...one.flags
      .slice(0, 3)
      .flatMap((flag, index) => [
        section([...(index === 0 ? [head] : []), ...flagBrief(flag, at, evidence)]),
        flagActions(flag, 'all'),
      ]),
    ...(one.flags.length > 3 ? [context(one.flags.slice(3).map((flag) => flagLine(flag, at)))] : []),
    ...(one.settled.length > 0 ? [context(one.settled.slice(0, 3).map((flag) => settledLine(flag, at)))] : []),
  ];
}

function listBlocks(rest: readonly DigestAccount[], at: Moment): KnownBlock[] {
  if (rest.length === 0) return [];
  const lines = rest.map((one) => {
    const [worst] = one.flags;
    return `${worst ? flagLine(worst, at) : ''}  ·  ${link(one.account.url, one.account.name)}`;
  });
  return [{ type: 'divider' }, section(['*And also*  (`/journey <name>` shows one)', ...lines])];
}

function doneLines(one: DigestAccount, at: Moment): string[] {
  return one.settled.slice(0, 2).map((flag) => `${escapeText(one.account.name)}: ${settledLine(flag, at)}`);
}
