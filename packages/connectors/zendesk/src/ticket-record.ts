import { z } from 'zod';

/** The least that a page needs of a row before its mapper sees it: a row that is odd otherwise is set aside, not the page. */
export const identified = z.looseObject({ id: z.number().int() });
export type Identified = z.infer<typeof identified>;

const reference = z.number().int().nullish();

/** A ticket as it is kept: without description, comments and fields that people fill. https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#json-format */
const ticketRow = z.looseObject({
  id: z.number().int(),
  created_at: z.string(),
  updated_at: z.string(),
  status: z.string(),
  custom_status_id: reference,
  priority: z.string().nullish(),
  requester_id: reference,
  submitter_id: reference,
  assignee_id: reference,
  organization_id: reference,
  channel: z.string().nullish(),
  tags: z.array(z.string()).default([]),
  subject: z.string().nullish(),
});

/** One update of a ticket, as far as it is kept: which fields took which value, and that there were comments, never their words. */
const historyEntry = z.object({
  id: z.string(),
  /** RFC 3339. */
  at: z.string(),
  /** Id of the user; `-1` is Zendesk itself. */
  author: z.string(),
  changes: z.array(z.object({ field: z.string(), value: z.string(), previous: z.string().optional() })),
  comments: z.array(z.object({ id: z.string(), public: z.boolean(), author: z.string() })),
  /** The ticket was closed because it went on in another one. */
  merged: z.boolean().optional(),
});
export type HistoryEntry = z.infer<typeof historyEntry>;

const person = z.object({
  id: z.string(),
  side: z.enum(['customer', 'agent']),
  name: z.string().optional(),
  address: z.string().optional(),
});

/** A ticket with what a pure mapper needs beside it, gathered while its page was read. */
export const gatheredTicket = z.object({
  ticket: ticketRow,
  gathered: z.object({
    /** Where a person looks at it. */
    url: z.string().optional(),
    /** Oldest first. */
    history: z.array(historyEntry),
    people: z.record(z.string(), person),
    statuses: z.record(z.string(), z.object({ label: z.string(), category: z.string() })),
    /** Last updated before anything is wanted: Zendesk itself touched it since, which is no change of the ticket. */
    tooOld: z.boolean(),
  }),
});
export type GatheredTicket = z.infer<typeof gatheredTicket>;

const KEPT = [
  'id',
  'created_at',
  'updated_at',
  'status',
  'custom_status_id',
  'priority',
  'requester_id',
  'submitter_id',
  'assignee_id',
  'organization_id',
  'tags',
  'subject',
] as const;

/** Leaves out of a row what people wrote, but for the subject, which exclusions look at before it is forgotten. */
export function keptRow(row: Identified): Record<string, unknown> {
  const kept: Record<string, unknown> = Object.fromEntries(
    KEPT.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]),
  );
  const via = row['via'];
  if (typeof via === 'object' && via !== null) kept['channel'] = Reflect.get(via, 'channel');
  return kept;
}
