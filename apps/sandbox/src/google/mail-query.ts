import type { MessageSummary } from './mail-store.ts';

/** A parsed `q`: bounds that an index can use, and a test for the rest. */
export interface MailQuery {
  /** Epoch milliseconds, inclusive. */
  readonly after?: number;
  /** Epoch milliseconds, exclusive. */
  readonly before?: number;
  /** The query names a place outside the usual ones, so spam and trash are not left out. */
  readonly anywhere: boolean;
  readonly matches: (summary: MessageSummary) => boolean;
}

const places: Readonly<Record<string, string>> = {
  inbox: 'INBOX',
  sent: 'SENT',
  trash: 'TRASH',
  spam: 'SPAM',
  unread: 'UNREAD',
  starred: 'STARRED',
  important: 'IMPORTANT',
  draft: 'DRAFT',
  drafts: 'DRAFT',
};

/**
 * The part of Gmail's search language that a connector needs (https://support.google.com/mail/answer/7190): `after:`,
 * `before:` (epoch seconds or YYYY/MM/DD), `newer_than:`, `from:`, `to:`, `subject:`, `rfc822msgid:`, `in:`, `is:`,
 * `label:`, plain words, quotes and a leading minus. Other operators are searched as text, as Gmail does.
 */
export const parseMailQuery = (q: string, now: number): MailQuery => {
  let after: number | undefined;
  let before: number | undefined;
  let anywhere = false;
  const tests: ((summary: MessageSummary) => boolean)[] = [];
  for (const { negated, operator, value } of terms(q)) {
    const at = dateValue(value);
    if ((operator === 'after' || operator === 'newer') && at !== undefined && !negated) {
      after = Math.max(after ?? at, at);
    } else if ((operator === 'before' || operator === 'older') && at !== undefined && !negated) {
      before = Math.min(before ?? at, at);
    } else if (operator === 'newer_than' && spanValue(value) !== undefined && !negated) {
      const since = now - (spanValue(value) ?? 0);
      after = Math.max(after ?? since, since);
    } else {
      if (operator === 'in' && ['anywhere', 'trash', 'spam'].includes(value) && !negated) anywhere = true;
      const test = termTest(operator, value);
      tests.push(negated ? (summary) => !test(summary) : test);
    }
  }
  return {
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
    anywhere,
    matches: (summary) => tests.every((test) => test(summary)),
  };
};

function* terms(q: string): Generator<{ negated: boolean; operator: string; value: string }> {
  for (const match of q.matchAll(/(-?)(?:([a-z0-9_]+):)?(?:"([^"]*)"|(\S+))/giu)) {
    yield {
      negated: match[1] === '-',
      operator: (match[2] ?? '').toLowerCase(),
      value: (match[3] ?? match[4] ?? '').toLowerCase().replace(/^[({]+|[)}]+$/gu, ''),
    };
  }
}

const termTest = (operator: string, value: string): ((summary: MessageSummary) => boolean) => {
  switch (operator) {
    case 'from':
      return ({ from }) => from.includes(value);
    case 'to':
    case 'cc':
      return ({ to }) => to.includes(value);
    case 'subject':
      return ({ subject }) => subject.includes(value);
    case 'rfc822msgid':
      return ({ messageId }) => messageId?.toLowerCase() === value.replace(/^<|>$/gu, '');
    case 'in':
    case 'is':
    case 'label': {
      if (value === 'anywhere') return () => true;
      if (value === 'read') return ({ message }) => !message.labelIds.includes('UNREAD');
      const label = places[value] ?? value;
      return ({ message }) => message.labelIds.some((each) => each.toLowerCase() === label.toLowerCase());
    }
    default: {
      const text = operator === '' ? value : `${operator}:${value}`;
      return ({ from, to, subject, message }) =>
        [from, to, subject].some((field) => field.includes(text)) || message.raw.toLowerCase().includes(text);
    }
  }
};

const dateValue = (value: string): number | undefined => {
  if (/^\d+$/u.test(value)) return Number(value) * 1000;
  const day = /^(\d{4})[/-](\d{1,2})[/-](\d{1,2})$/u.exec(value);
  // Gmail takes a plain date at midnight Pacific time: https://developers.google.com/workspace/gmail/api/guides/filtering
  return day ? Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3]), 8) : undefined;
};

const spanValue = (value: string): number | undefined => {
  const span = /^(\d+)([dmy])$/u.exec(value);
  if (!span) return undefined;
  const days = { d: 1, m: 30, y: 365 }[span[2] ?? 'd'] ?? 1;
  return Number(span[1]) * days * 86_400_000;
};
