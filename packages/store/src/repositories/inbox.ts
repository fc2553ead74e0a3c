import { v7 as uuidv7 } from 'uuid';
import type { Sealer } from '../secrets.ts';
import type { Tx } from '../tenancy.ts';

/** A payload that a verified webhook brought, before it has a place in the inbox. */
export interface SealedDelivery {
  readonly deliveryId: string;
  readonly stream: string;
  /** The same delivery carries the same key within its stream, however often it comes. */
  readonly dedupeKey: string;
  readonly payload: Buffer;
}

/** One delivery as its stream reads it. */
export interface InboxDelivery {
  /** Grows with each delivery of the installation, as a decimal string. */
  readonly place: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  readonly payload: unknown;
}

export const inboxField = (deliveryId: string): string => `inbox:${deliveryId}`;

/** Seals a payload for `addDeliveries`: before its transaction, since the sealer may read the workspace's key. */
export async function sealDelivery(
  sealer: Pick<Sealer, 'seal'>,
  workspaceId: string,
  installationId: string,
  delivery: { readonly stream: string; readonly dedupeKey: string; readonly payload: unknown },
  newId: () => string = uuidv7,
): Promise<SealedDelivery> {
  const deliveryId = newId();
  const text = JSON.stringify(delivery.payload ?? null);
  const payload = await sealer.seal(workspaceId, installationId, inboxField(deliveryId), text);
  return { deliveryId, stream: delivery.stream, dedupeKey: delivery.dedupeKey, payload };
}

/**
 * Puts deliveries into an installation's inbox in their order, each once. Whoever writes next waits for this transaction, so that a
 * reader never sees a place before all earlier ones. Returns how many were new.
 */
export async function addDeliveries(
  tx: Tx,
  installationId: string,
  deliveries: readonly SealedDelivery[],
  at: number,
): Promise<number> {
  if (deliveries.length === 0) return 0;
  const { rows } = await tx.query<{ last_place: string }>(
    `INSERT INTO inbox (workspace_id, installation_id, last_place) VALUES ($1, $2, $3)
     ON CONFLICT (workspace_id, installation_id) DO UPDATE SET last_place = inbox.last_place + excluded.last_place
     RETURNING last_place`,
    [tx.workspaceId, installationId, deliveries.length],
  );
  const before = BigInt(rows[0]?.last_place ?? 0) - BigInt(deliveries.length);
  const { rowCount } = await tx.query(
    `INSERT INTO inbox_delivery (workspace_id, installation_id, delivery_id, place, stream, dedupe_key, payload, received_at)
     SELECT $1::uuid, $2::uuid, delivery_id, place, stream, dedupe_key, payload, $8::timestamptz
       FROM unnest($3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::bytea[]) AS d(delivery_id, place, stream, dedupe_key, payload)
      ORDER BY place
     ON CONFLICT (workspace_id, installation_id, stream, dedupe_key) DO NOTHING`,
    [
      tx.workspaceId,
      installationId,
      deliveries.map((one) => one.deliveryId),
      deliveries.map((_, index) => String(before + BigInt(index + 1))),
      deliveries.map((one) => one.stream),
      deliveries.map((one) => one.dedupeKey),
      deliveries.map((one) => one.payload),
      new Date(at),
    ],
  );
  return rowCount ?? 0;
}

/** At most `limit` deliveries of a stream after a place, oldest first, opened. */
export async function readDeliveries(
  tx: Tx,
  sealer: Pick<Sealer, 'open'>,
  where: { readonly installationId: string; readonly stream: string; readonly after: string | null },
  limit: number,
): Promise<readonly InboxDelivery[]> {
  const { rows } = await tx.query<{ delivery_id: string; place: string; payload: Buffer; received_at: Date }>(
    `SELECT delivery_id, place, payload, received_at FROM inbox_delivery
      WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND place > $4 ORDER BY place LIMIT $5`,
    [tx.workspaceId, where.installationId, where.stream, where.after ?? '0', limit],
  );
  return Promise.all(
    rows.map(async (row): Promise<InboxDelivery> => {
      const text = await sealer.open(tx.workspaceId, where.installationId, inboxField(row.delivery_id), row.payload);
      const payload: unknown = JSON.parse(text);
      return { place: String(row.place), receivedAt: row.received_at.getTime(), payload };
    }),
  );
}

/** Notes that a committed cursor of a stream is past a place. */
export async function passDeliveries(
  tx: Tx,
  where: { readonly installationId: string; readonly stream: string; readonly until: string },
  at: number,
): Promise<void> {
  await tx.query(
    `UPDATE inbox_delivery SET passed_at = $5
      WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND place <= $4 AND passed_at IS NULL`,
    [tx.workspaceId, where.installationId, where.stream, where.until, new Date(at)],
  );
}

/** Removes what cursors had passed before a time; until then a repeat is recognized. Returns how many. */
export async function sweepDeliveries(tx: Tx, passedBefore: number): Promise<number> {
  const { rowCount } = await tx.query('DELETE FROM inbox_delivery WHERE workspace_id = $1 AND passed_at < $2', [
    tx.workspaceId,
    new Date(passedBefore),
  ]);
  return rowCount ?? 0;
}
