import type { CursorSpec } from '@waymark/connector-kit';
import { z } from 'zod';

const instant = z.number().int();

/**
 * Where a stream of CRM objects stands. No locator of Salesforce's is ever kept: they expire, are few per user and die with the token
 * (failure D11).
 * - `enumerate`: within the list of all objects, after an id. It starts at `startedAt`; what changes meanwhile is read afterwards.
 * - `live`: at rest. Everything that changed before `from` is stored.
 * - `changes`: within a run over what changed in [from, to], after the record with that stamp and id (failure D8).
 *
 * `since` is how far back activities are kept; `enumeratedAt` is when the last complete list was begun.
 */
const objectCursor = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('enumerate'), startedAt: instant, after: z.string(), since: instant }),
  z.object({ phase: z.literal('live'), from: instant, enumeratedAt: instant, since: instant }),
  z.object({
    phase: z.literal('changes'),
    to: instant,
    stamp: instant,
    id: z.string(),
    enumeratedAt: instant,
    since: instant,
  }),
]);
export type ObjectCursor = z.infer<typeof objectCursor>;

const MINUTE = 60_000;

/**
 * Each run reads ten minutes back: a transaction that is committed late carries the stamp of its start, and Salesforce lets one last
 * up to ten minutes (failure D8). Records of the last seconds may still be open.
 */
export const objectCursorSpec: CursorSpec<ObjectCursor> = {
  kind: 'salesforce-objects',
  version: 1,
  schema: objectCursor,
  overlapMs: 10 * MINUTE,
  settleMs: MINUTE,
};
