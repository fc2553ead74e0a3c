import type { MapContext, Mapped, Page, Stream } from '@waymark/connector-kit';
import type { OwnerFact } from '@waymark/journey';
import { z } from 'zod';
import type { HubSpotClient } from './client.ts';
import { readOwnersPage } from './directory.ts';
import { identified } from './record.ts';
import { parseTime } from './time.ts';

const rawOwner = z.looseObject({
  id: z.string().min(1).max(200),
  email: z.string().max(320).nullish(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
  archived: z.boolean().default(false),
});
type RawOwner = z.infer<typeof rawOwner>;

const ownersCursor = z.object({
  /** When the list that is complete was begun; 0 before the first. */
  readAt: z.number().int(),
  /** Within a list: when it was begun, which half, and after which owner. */
  running: z.object({ startedAt: z.number().int(), archived: z.boolean(), after: z.string().optional() }).optional(),
});
type OwnersCursor = z.infer<typeof ownersCursor>;

/** The list of users is short and has no "changed since": it is read whole, this often. */
const AGAIN_AFTER_MS = 15 * 60_000;

/** The vendor's own people as the CRM's users, those who left too: they own the past. */
export const ownerStream: Stream<HubSpotClient, OwnersCursor, RawOwner> = {
  name: 'owners',
  object: 'owners',
  scopes: ['crm.objects.owners.read'],
  order: 10,
  cursor: { kind: 'hubspot-owners', version: 1, schema: ownersCursor, overlapMs: 0, settleMs: 0 },
  raw: rawOwner,
  map: mapOwner,
  async *pull(client, from, _partition, context): AsyncGenerator<Page<OwnersCursor>> {
    const now = client.session.now();
    const readAt = from?.readAt ?? 0;
    if (from !== null && from.running === undefined && context.mode === 'live' && now - readAt < AGAIN_AFTER_MS) {
      yield { records: [], gone: [], cursor: from, done: true };
      return;
    }
    let running = from?.running ?? { startedAt: now, archived: false };
    const enumeration = { id: `owners-${running.startedAt}` };
    for (;;) {
      const page = await readOwnersPage(client, running.archived, running.after);
      const records = page.owners.map((owner) => ({ id: owner.id, version: versionOf(owner), raw: owner }));
      if (page.next === undefined && running.archived) {
        yield { records, gone: [], cursor: { readAt: running.startedAt }, done: true, enumeration };
        return;
      }
      const { startedAt } = running;
      running =
        page.next === undefined
          ? { startedAt, archived: true }
          : { startedAt, archived: running.archived, after: page.next };
      yield { records, gone: [], cursor: { readAt, running }, done: false, enumeration };
    }
  },
};

function mapOwner(raw: RawOwner, _context: MapContext): Mapped {
  const name = [raw.firstName, raw.lastName].filter(Boolean).join(' ');
  const fact: OwnerFact = {
    kind: 'owner',
    externalId: raw.id,
    active: !raw.archived,
    ...(raw.email ? { email: raw.email.toLowerCase() } : {}),
    ...(name === '' ? {} : { name: name.slice(0, 500) }),
  };
  return { outcome: 'stored', events: [], entities: [fact] };
}

/** Putting a user away need not change `updatedAt`, so the half of the list counts as well. */
function versionOf(owner: z.infer<typeof identified>): string {
  const updatedAt = owner['updatedAt'];
  const at = parseTime(typeof updatedAt === 'string' ? updatedAt : undefined) ?? 0;
  return String(owner['archived'] === true ? at + 1 : at);
}
