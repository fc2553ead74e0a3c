const DAY = 86_400_000;

/** A day as reasons and messages write it, `12 Sep 2026`, in a time zone: the names of months are those of `en-US`, since British English has `Sept`. */
export function day(at: number, timezone = 'UTC'): string {
  const parts = new Map(
    dayFormat(timezone)
      .formatToParts(at)
      .map((part) => [part.type, part.value]),
  );
  return `${parts.get('day') ?? ''} ${parts.get('month') ?? ''} ${parts.get('year') ?? ''}`;
}

/** A day and time of day, `12 Sep 2026, 14:05`. */
export function moment(at: number, timezone = 'UTC'): string {
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: timezone });
  return `${day(at, timezone)}, ${clock.format(at)}`;
}

const dayFormat = (timeZone: string) =>
  new Intl.DateTimeFormat('en-US', { day: 'numeric', month: 'short', year: 'numeric', timeZone });

/** A length of time in its largest unit: `40 s`, `3 min`, `5 h`, `12 days`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** How far an instant is from now: `3 h ago`, `in 12 days`. */
export function away(at: number, now: number): string {
  return at <= now ? `${span(now - at)} ago` : `in ${span(at - now)}`;
}

/** A number with separators. */
export function count(value: number): string {
  return new Intl.NumberFormat('en').format(value);
}

/** `1 account`, `12 accounts`. */
export function many(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

/** A yearly value in its currency; without one, the number alone. */
export function money(value: number, currency: string | null): string {
  if (currency === null || !/^[A-Z]{3}$/.test(currency)) return count(value);
  return new Intl.NumberFormat('en', { style: 'currency', currency, maximumFractionDigits: 0 }).format(value);
}

/** `gone_quiet` as `Gone quiet`, `threadId` as `Thread id`. */
export function spoken(id: string): string {
  const words = id
    .replaceAll(/([a-z])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`)
    .replaceAll(/[_.-]+/g, ' ')
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const events: Readonly<Record<string, string>> = {
  'email.received': 'Mail from the customer',
  'email.sent': 'Mail to the customer',
  'email.internal': 'Mail among ourselves',
  'meeting.scheduled': 'Meeting scheduled',
  'meeting.held': 'Meeting held',
  'meeting.canceled': 'Meeting canceled',
  'meeting.no_show': 'Nobody came to the meeting',
  'ticket.opened': 'Ticket opened',
  'ticket.replied': 'Reply on a ticket',
  'ticket.escalated': 'Ticket escalated',
  'ticket.solved': 'Ticket solved',
  'ticket.reopened': 'Ticket reopened',
  'ticket.status_changed': 'Ticket moved on',
  'deal.created': 'Deal created',
  'deal.stage_changed': 'Deal moved on',
  'deal.close_date_changed': 'Close date of a deal changed',
  'deal.won': 'Deal won',
  'deal.lost': 'Deal lost',
  'crm.stage_changed': 'Stage changed in the CRM',
  'crm.owner_changed': 'Owner changed in the CRM',
  'crm.property_changed': 'Field changed in the CRM',
  'contact.added': 'Contact added',
  'contact.left': 'Contact left',
  'flag.answered': 'Answer to a flag',
};

/** An event's type in words. What lies ahead is planned, whatever it will have been. */
export function eventTitle(type: string, ahead = false): string {
  if (ahead && type.startsWith('meeting.') && type !== 'meeting.canceled') return 'Meeting planned';
  return events[type] ?? spoken(type);
}

const bad = new Set([
  'meeting.canceled',
  'meeting.no_show',
  'ticket.escalated',
  'ticket.reopened',
  'deal.lost',
  'contact.left',
  'account.churned',
]);
const good = new Set(['deal.won', 'account.renewed', 'milestone.reached']);

/** Whether an event is good or bad news as such. */
export function newsOf(type: string): 'good' | 'bad' | 'plain' {
  return bad.has(type) ? 'bad' : good.has(type) ? 'good' : 'plain';
}

const reasons: Readonly<Record<string, string>> = {
  hand: 'decided by hand',
  record: 'the CRM record is the account’s',
  contact: 'exact address of a contact',
  alias: 'another address of a contact',
  domain: 'domain of the account',
  parent: 'domain that the account shares with its subsidiaries',
  thread: 'the thread belongs to the account',
  'no-outside-participant': 'nobody outside took part',
  'free-mail': 'address at a free-mail provider',
  'unknown-domain': 'no account has this domain',
  'ambiguous-contact': 'several accounts have this contact',
  'ambiguous-domain': 'several accounts share this domain',
  'unknown-record': 'no account has this CRM record',
  'split-domain': 'the domain is several accounts’: each person is decided',
  'not-customer': 'decided to be nobody’s customer',
};

/** Why an event, person or domain belongs to an account, or to none. */
export function matchReason(reason: string): string {
  return reasons[reason] ?? spoken(reason);
}

const operators: Readonly<Record<string, string>> = {
  '>=': 'at least',
  '>': 'more than',
  '<=': 'at most',
  '<': 'less than',
  '==': 'exactly',
  '!=': 'other than',
};

/** An operator in words. */
export function operator(op: string): string {
  return operators[op] ?? op;
}

/** A compared value with its unit. */
export function measured(value: number | string | null, unit: string, timezone: string): string {
  if (value === null) return 'unknown';
  if (unit === 'instant' && typeof value === 'number') return day(value, timezone);
  if (typeof value === 'string') return value;
  const rounded = Math.round(value * 100) / 100;
  if (unit === 'days') return `${rounded} ${rounded === 1 ? 'day' : 'days'}`;
  if (unit === 'business_days') return `${rounded} business ${rounded === 1 ? 'day' : 'days'}`;
  if (unit === 'ratio') return `${rounded}× the usual`;
  if (unit === 'score') return `${rounded} points`;
  return String(rounded);
}

/** Whole days from one instant to another. */
export function daysBetween(from: number, to: number): number {
  return Math.max(0, Math.round((to - from) / DAY));
}
