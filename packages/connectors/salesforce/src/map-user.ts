import type { MapContext, Mapped } from '@waymark/connector-kit';
import type { OwnerFact } from '@waymark/journey';
import { value, type GatheredRecord } from './record.ts';

/** A user of the org as one of the vendor's own people; those who left too, for they own the past. */
export function mapUser(record: GatheredRecord, _context: MapContext): Mapped {
  const email = value(record, 'Email')?.toLowerCase();
  const name = value(record, 'Name');
  const fact: OwnerFact = {
    kind: 'owner',
    externalId: record.id,
    active: value(record, 'IsActive') !== 'false',
    ...(email === undefined || email.length > 320 ? {} : { email }),
    ...(name === undefined ? {} : { name: name.slice(0, 500) }),
  };
  return { outcome: 'stored', events: [], entities: [fact] };
}
