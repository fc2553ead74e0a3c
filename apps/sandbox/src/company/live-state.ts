import { z } from 'zod';

const party = z.strictObject({ name: z.string(), address: z.string() });

const ticket = z.strictObject({
  key: z.string(),
  account: z.string(),
  requester: z.string(),
  subject: z.string(),
  priority: z.enum(['LOW', 'MEDIUM', 'HIGH', 'URGENT']),
  history: z.array(
    z.strictObject({
      at: z.number(),
      status: z.enum(['new', 'waiting_us', 'waiting_customer', 'escalated', 'closed']),
    }),
  ),
});

/** Something that a later step has to do: answer a mail, solve a ticket, call off a meeting. */
const duty = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('answer'),
    due: z.int(),
    messageId: z.string(),
    subject: z.string(),
    company: z.string(),
    customer: party,
    csm: party,
  }),
  z.strictObject({ kind: z.literal('solve'), due: z.int(), company: z.string(), ticket }),
  z.strictObject({ kind: z.literal('cancel'), due: z.int(), company: z.string(), iCalUid: z.string() }),
]);

export type Duty = z.infer<typeof duty>;

/** Where live mode is; kept across restarts, so that the story does not begin anew and no customer stays unanswered. */
export const liveStateSchema = z.strictObject({ step: z.int(), duties: z.array(duty) });

export type LiveState = z.infer<typeof liveStateSchema>;

export const LIVE_START: LiveState = { step: 0, duties: [] };
