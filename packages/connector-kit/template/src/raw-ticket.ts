import { z } from 'zod';

/** A ticket as the vendor answers it. Loose: what is new at the vendor is kept, not refused. Times are RFC 3339. */
export const rawTicket = z.looseObject({
  id: z.string().min(1),
  created_at: z.string(),
  updated_at: z.string(),
  solved_at: z.string().nullish(),
  priority: z.string().nullish(),
  requester: z.looseObject({ email: z.string().nullish(), name: z.string().nullish() }).nullish(),
  url: z.string().nullish(),
});
export type RawTicket = z.infer<typeof rawTicket>;

/** The least that a page needs of a ticket: one that is odd otherwise is set aside by itself, and does not stop the page (I9). */
export const ticketPage = z.looseObject({
  tickets: z.array(z.looseObject({ id: z.string().min(1), updated_at: z.string() })),
  next: z.string().nullish(),
});

/** What people wrote stays at the vendor; it is not even set aside (I7). */
const written = new Set(['subject', 'description', 'comments']);

/** A ticket without what people wrote, wherever in it that stands. */
export function withoutBody(raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map(withoutBody);
  if (typeof raw !== 'object' || raw === null) return raw;
  const kept = Object.entries(raw).filter(([name]) => !written.has(name));
  return Object.fromEntries(kept.map(([name, part]): [string, unknown] => [name, withoutBody(part)]));
}
