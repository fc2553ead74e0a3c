import type { MapContext, Mapped } from '@waymark/connector-kit';
import { z } from 'zod';
import type { Identified } from './ticket-record.ts';
import { parseTime } from './time.ts';

const reference = z.number().int().nullish();

/** A satisfaction rating as it is kept: without the comment. https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/ */
export const ratingRow = z.looseObject({
  id: z.number().int(),
  score: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  ticket_id: reference,
  requester: z.object({ id: z.string(), address: z.string().optional(), name: z.string().optional() }).optional(),
});
export type RatingRow = z.infer<typeof ratingRow>;

const KEPT = ['id', 'score', 'created_at', 'updated_at', 'ticket_id'] as const;

/** Leaves out of a row what the customer wrote. */
export function keptRating(row: Identified): Record<string, unknown> {
  return Object.fromEntries(KEPT.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]));
}

/** A rating that a customer gave, 1 for good and 0 for bad; one that was only offered is none. */
export function mapRating(rating: RatingRow, context: MapContext): Mapped {
  const good = rating.score.startsWith('good');
  if (!good && !rating.score.startsWith('bad')) return { outcome: 'ignored', reason: 'not_answered' };
  const at = parseTime(rating.updated_at) ?? parseTime(rating.created_at);
  if (at === undefined) throw new Error('The rating has no time');
  const { requester } = rating;
  return {
    outcome: 'stored',
    events: [
      {
        type: 'survey.responded',
        identity: `zendesk-rating:${context.account.externalAccountId}|${rating.id}|${at}`,
        occurredAt: at,
        touchpoint: 'survey',
        direction: 'inbound',
        participants:
          requester === undefined
            ? []
            : [
                {
                  role: 'respondent',
                  external: `zendesk:user:${requester.id}`,
                  ...(requester.address === undefined ? {} : { address: requester.address }),
                  ...(requester.name === undefined ? {} : { name: requester.name }),
                },
              ],
        automated: false,
        rank: 0,
        attributes: {
          kind: 'csat',
          score: good ? 1 : 0,
          scale: 1,
          ...(rating.ticket_id ? { ticketId: String(rating.ticket_id) } : {}),
        },
      },
    ],
  };
}
