import { z } from 'zod';
import { docs } from './api-version.ts';
import type { HubSpotClient } from './client.ts';
import { HubSpotAnswerError } from './http-error.ts';

const id = z.union([z.number(), z.string()]).transform(String);

/** One change as the journal tells it. Its values are not looked at: the record itself is read. */
const change = z.looseObject({
  portalId: id,
  objectTypeId: z.string().optional(),
  objectId: id.optional(),
  newObjectId: id.optional(),
  mergedObjectIds: z.array(id).optional(),
});
export type JournalChange = z.infer<typeof change>;

const file = z.looseObject({ journalEvents: z.array(z.unknown()) });

/** Some thousands of changes are a few megabytes. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/**
 * The changes of one entry. Its file lies behind an address that HubSpot signed for a short time, outside of its API: it is asked over
 * https without our token, and no redirect is followed. Single changes of a form that is not known are left out.
 */
export function readJournalFile(client: HubSpotClient, address: string): Promise<JournalChange[]> {
  const spec = { bucket: 'portal', idempotent: true, doc: docs.journal };
  return client.session.call(spec, async (signal) => {
    const url = URL.parse(address);
    const api = URL.parse(client.session.baseUrls['api'] ?? '');
    if (url === null || (url.protocol !== 'https:' && url.origin !== api?.origin))
      throw new HubSpotAnswerError('HubSpot gave an address for a file of its journal that is not https');
    const response = await fetch(url, { signal, redirect: 'error' });
    if (!response.ok) throw new HubSpotAnswerError(`A file of HubSpot’s journal was answered with ${response.status}`);
    const text = await response.text();
    if (text.length > MOST_CHARACTERS)
      throw new HubSpotAnswerError('A file of HubSpot’s journal is longer than any should be');
    return parseChanges(text);
  });
}

function parseChanges(text: string): JournalChange[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new HubSpotAnswerError('A file of HubSpot’s journal is no JSON', { cause });
  }
  const parsed = file.safeParse(json);
  if (!parsed.success) throw new HubSpotAnswerError('A file of HubSpot’s journal holds no list of changes');
  return parsed.data.journalEvents.flatMap((each) => {
    const known = change.safeParse(each);
    return known.success ? [known.data] : [];
  });
}
