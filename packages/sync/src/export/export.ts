import { stableJson, toCloudEvent, type CloudEventJson } from '@waymark/journey';
import {
  accountKeys,
  sightingsOfEvents,
  walkLog,
  type LoggedSighting,
  type LogRange,
  type SightingOfEvent,
  type Tx,
} from '@waymark/store';

/** An event once, in the form that speaks for it. */
export interface LoggedEvent extends LoggedSighting {
  /** The account's domain or id in a CRM; undefined where the event has no account. */
  readonly account: string | undefined;
}

type Sightings = ReadonlyMap<string, readonly SightingOfEvent[]>;

/**
 * The log as CloudEvents 1.0 in canonical JSON (RFC 8785), a line each, in blocks. An imported line comes back as it came in, and so
 * does one that was merged. What connectors read is one line an event, with `data.sightings` and, where it is known, `recordedtime`,
 * under the account's domain or CRM id, so that another workspace can import it.
 */
export async function* exportLines(tx: Tx, range: LogRange = {}): AsyncGenerator<string> {
  const keys = await accountKeys(tx);
  for await (const page of walkLog(tx, range)) {
    const sightings = await readSightings(tx, page.filter(isRead));
    let block = '';
    for (const row of page) {
      const event = isRead(row) ? readLine(row, keys, sightings) : toCloudEvent(printable(row, row.subject));
      if (event) block += `${stableJson(event)}\n`;
    }
    if (block !== '') yield block;
  }
}

/** The log with each event once, in the form that speaks for it, account by account and in the order of time. */
export async function* exportedEvents(tx: Tx, range: LogRange = {}): AsyncGenerator<readonly LoggedEvent[]> {
  const keys = await accountKeys(tx);
  for await (const page of walkLog(tx, range)) {
    const sightings = await readSightings(tx, page);
    const speaking = page.filter(({ eventId, sourceId }) => sightings.get(eventId)?.[0]?.sourceId === sourceId);
    yield speaking.map((row) => ({ ...row, account: accountOf(row, keys) ?? undefined }));
  }
}

const isRead = ({ sighting }: LoggedSighting): boolean => sighting.connector !== 'import';

async function readSightings(tx: Tx, rows: readonly LoggedSighting[]): Promise<Sightings> {
  const ids = new Set(rows.map(({ eventId }) => eventId));
  return ids.size === 0 ? new Map() : sightingsOfEvents(tx, [...ids]);
}

function accountOf({ accountId }: LoggedSighting, keys: ReadonlyMap<string, string>): string | null {
  return accountId === null ? null : (keys.get(accountId) ?? `account:${accountId}`);
}

function printable({ eventId, sighting, ...row }: LoggedSighting, subject: string | null) {
  const { subject: _own, ...said } = row;
  return { ...said, id: eventId, sightings: [sighting], ...(subject !== null && { subject }) };
}

/** What connectors read, once, at the first of their sightings. */
function readLine(
  row: LoggedSighting,
  keys: ReadonlyMap<string, string>,
  sightings: Sightings,
): CloudEventJson | undefined {
  const all = sightings.get(row.eventId) ?? [];
  const read = all.filter(({ sighting }) => sighting.connector !== 'import');
  if (read[0]?.sourceId !== row.sourceId) return undefined;
  const event = toCloudEvent(printable(row, accountOf(row, keys)));
  // By it, an import knows the mail of a line that it has as well.
  const { messageId } = all.find((one) => one.messageId !== null) ?? {};
  const data = typeof event['data'] === 'object' ? event['data'] : {};
  const seen = read.map(({ sighting }) => sighting);
  return { ...event, data: { ...data, ...(messageId && { messageId }), sightings: seen } };
}
