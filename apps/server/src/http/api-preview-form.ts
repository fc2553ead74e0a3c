import { z } from '@hono/zod-openapi';
import type { DecisionPreview } from '@waymark/sync';
import { instant, iso, uuid } from './api-forms.ts';

/** Moves that are listed one by one; all are counted, and all enter the digest. */
const listedMoves = 500;

const change = z.object({
  flagId: uuid,
  rule: z.string(),
  severity: z.string(),
  reason: z.string(),
  change: z.enum(['opens', 'ends']),
  told: z.boolean().openapi({ description: 'Slack shows it now.' }),
});

/** What a decision would change. */
export const PreviewForm = z
  .object({
    moved: z.number().int(),
    moves: z.array(
      z.object({
        eventId: uuid,
        type: z.string(),
        occurredAt: instant,
        from: uuid.nullable(),
        to: uuid.nullable(),
      }),
    ),
    accounts: z.array(
      z.object({
        accountId: uuid,
        name: z.string(),
        journey: z.string(),
        gained: z.number().int(),
        lost: z.number().int(),
        stage: z.object({ before: z.string().nullable(), after: z.string().nullable() }),
        health: z.object({ before: z.number().nullable(), after: z.number().nullable() }),
        flags: z.array(change),
        alerts: z.object({ posted: z.number().int(), takenBack: z.number().int() }),
      }),
    ),
    digest: z.string(),
  })
  .openapi('MatchingPreview', { description: 'What would change; nothing of it is stored.' });

/** A preview on the wire. */
export function previewAnswer(preview: DecisionPreview): z.infer<typeof PreviewForm> {
  return {
    moved: preview.moves.length,
    moves: preview.moves.slice(0, listedMoves).map((one) => ({ ...one, occurredAt: iso(one.occurredAt) })),
    accounts: preview.accounts.map((one) => ({ ...one, flags: [...one.flags] })),
    digest: preview.digest,
  };
}
