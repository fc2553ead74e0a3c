import { z } from 'zod';
import { docs, paths } from './api.ts';
import type { ZendeskClient } from './client.ts';
import { ZendeskAnswerError } from './http-error.ts';
import type { HistoryEntry } from './ticket-record.ts';

const auditEvent = z.looseObject({
  id: z.number().optional(),
  type: z.string(),
  field_name: z.string().nullish(),
  value: z.unknown().optional(),
  previous_value: z.unknown().optional(),
  public: z.boolean().nullish(),
  author_id: z.number().nullish(),
  comment_id: z.number().nullish(),
});
type AuditEvent = z.infer<typeof auditEvent>;

const audit = z.looseObject({
  id: z.number(),
  created_at: z.string(),
  author_id: z.number().nullish(),
  via: z.looseObject({ source: z.looseObject({ rel: z.string().nullish() }).nullish() }).nullish(),
  events: z.array(auditEvent),
});
type Audit = z.infer<typeof audit>;

const auditsAnswer = z.looseObject({
  audits: z.array(z.unknown()),
  meta: z.looseObject({ has_more: z.boolean(), after_cursor: z.string().nullish() }).optional(),
});

/** Fields whose past says something of the ticket's course. */
const FIELDS = new Set(['status', 'custom_status_id', 'priority', 'tags']);
/** A ticket that robots talk to may have any number of audits; beyond so many pages it is a fault rather than a run without end. */
const MOST_PAGES = 200;

/** The history of a ticket, oldest first. Audits of a form that is not known are counted: the ticket is then set aside as a whole (I9). */
export interface History {
  readonly entries: readonly HistoryEntry[];
  readonly unreadable: number;
}

/** Reads the history of one ticket; undefined where it is no more. Audits hold what people wrote: nothing of it leaves this function. */
export async function readHistory(client: ZendeskClient, ticketId: string): Promise<History | undefined> {
  const entries: HistoryEntry[] = [];
  const hidden = new Set<string>();
  let unreadable = 0;
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await client.jsonOrNone({
      bucket: 'account',
      method: 'GET',
      path: paths.audits(ticketId),
      query: { 'page[size]': 100, 'page[after]': after },
      idempotent: true,
      doc: docs.audits,
      answer: auditsAnswer,
    });
    if (answer === undefined) return undefined;
    for (const one of answer.audits) {
      const parsed = audit.safeParse(one);
      if (!parsed.success) {
        unreadable += 1;
        continue;
      }
      entries.push(toEntry(parsed.data));
      for (const id of madePrivate(parsed.data)) hidden.add(id);
    }
    after = answer.meta?.has_more === true ? (answer.meta.after_cursor ?? undefined) : undefined;
    if (after === undefined) return { entries: inOrder(entries, hidden), unreadable };
  }
  throw new ZendeskAnswerError(`The audits of ticket ${ticketId} do not end within ${MOST_PAGES} pages`);
}

/** https://developer.zendesk.com/documentation/ticketing/reference-guides/ticket-audit-events-reference */
function toEntry(one: Audit): HistoryEntry {
  const author = String(one.author_id ?? -1);
  const merged = one.via?.source?.rel === 'merge';
  return {
    id: String(one.id),
    at: one.created_at,
    author,
    changes: one.events.flatMap(toChange),
    comments: one.events.flatMap((event, index) => toComment(event, `${one.id}-${index}`, author)),
    ...(merged ? { merged } : {}),
  };
}

function toChange(event: AuditEvent): HistoryEntry['changes'] {
  const field = event.field_name;
  if ((event.type !== 'Create' && event.type !== 'Change') || !field || !FIELDS.has(field)) return [];
  const change = { field, value: text(event.value) };
  return [event.type === 'Create' ? change : { ...change, previous: text(event.previous_value) }];
}

/** Comments of mail, form, phone, chat and the like; notifications and texts of rules are none. */
function toComment(event: AuditEvent, fallback: string, auditor: string): HistoryEntry['comments'] {
  if (!/comment$/i.test(event.type) && event.type !== 'Tweet') return [];
  if (typeof event.public !== 'boolean') return [];
  const author = event.author_id === undefined || event.author_id === null ? auditor : String(event.author_id);
  return [{ id: event.id === undefined ? fallback : String(event.id), public: event.public, author }];
}

/** A comment that was made private afterwards was no word to the customer, as far as anybody can know. */
function madePrivate(one: Audit): string[] {
  return one.events
    .filter((event) => event.type === 'CommentPrivacyChange' && event.public === false)
    .map((event) => String(event.comment_id));
}

function inOrder(entries: readonly HistoryEntry[], hidden: ReadonlySet<string>): HistoryEntry[] {
  const sorted = entries.toSorted((a, b) => a.at.localeCompare(b.at) || Number(a.id) - Number(b.id));
  return sorted.map((entry) => ({
    ...entry,
    comments: entry.comments.map((each) => (hidden.has(each.id) ? { ...each, public: false } : each)),
  }));
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string').join(' ') : '';
}
