import type { CursorSpec } from '@waymark/connector-kit';
import { z } from 'zod';

const instant = z.number().int();

/**
 * Where a stream of CRM objects stands.
 * - `enumerate`: in the list of all objects, after an id. It starts at `startedAt`; what changes meanwhile is read afterwards.
 * - `live`: at rest. Everything that changed before `from` is stored.
 * - `sweep`: within a run over what changed in [from, to], in the order of ids.
 * - `archived`: within the list of deleted objects, after which the stream rests at `from`.
 *
 * `archivedFrom` is when the list of deleted objects was last read. `since` is how far back activities are kept: a nightly reread asks
 * for less, and must not end what is older.
 */
const objectCursor = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('enumerate'), startedAt: instant, after: z.string(), since: instant }),
  z.object({ phase: z.literal('live'), from: instant, archivedFrom: instant, since: instant }),
  z.object({
    phase: z.literal('sweep'),
    from: instant,
    to: instant,
    afterId: z.string(),
    archivedFrom: instant,
    since: instant,
  }),
  z.object({
    phase: z.literal('archived'),
    from: instant,
    startedAt: instant,
    after: z.string().optional(),
    archivedFrom: instant,
    since: instant,
  }),
]);
export type ObjectCursor = z.infer<typeof objectCursor>;

const MINUTE = 60_000;

/**
 * Each run reads five minutes back: HubSpot's search lags behind its records by moments that it does not promise (failure D3), and
 * a record may change while a run pages (failure D4).
 */
export const objectCursorSpec: CursorSpec<ObjectCursor> = {
  kind: 'hubspot-objects',
  version: 1,
  schema: objectCursor,
  overlapMs: 5 * MINUTE,
  settleMs: MINUTE,
};
