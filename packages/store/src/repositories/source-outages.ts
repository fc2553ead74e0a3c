import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../tenancy.ts';
import { sightingsOfAccount } from './event-account-known.ts';
import { sourceName } from './source-name.ts';

/** A stretch in which a source told nothing of anybody, as it is stored. Times are epoch milliseconds. */
export interface StoredOutage {
  readonly outageId: string;
  /** As imports name it; the id of an installation where it is one. */
  readonly source: string;
  /** Null for an import. */
  readonly installationId: string | null;
  readonly touchpoint: string;
  readonly from: number;
  readonly to: number | null;
  /** When it was noticed. */
  readonly recordedAt: number;
}

/** How long an account counts among those that a source serves, after the source last told of it, ms. */
export const servedFor = 180 * 86_400_000;

/** What one source told of one touchpoint, hour by hour. */
interface HeardSource {
  readonly source: string;
  readonly touchpoint: string;
  readonly hours: readonly { readonly first: number; readonly last: number; readonly count: number }[];
}

/** What each imported source told, hour by hour (UTC), over the whole workspace, of instants up to `until`; oldest first. */
export const heardSources = (tx: Tx, until: number): Promise<readonly HeardSource[]> =>
  heardBy(tx, until, sourceName, "connector = 'import'");

/** The same of each installation, by its id. What Waymark wrote itself is not told by it. */
export const heardInstallations = (tx: Tx, until: number): Promise<readonly HeardSource[]> =>
  heardBy(tx, until, 'installation_id::text', "installation_id IS NOT NULL AND origin <> 'waymark'");

async function heardBy(tx: Tx, until: number, name: string, which: string): Promise<readonly HeardSource[]> {
  const { rows } = await tx.query<{
    source: string;
    touchpoint: string;
    firsts: number[];
    lasts: number[];
    counts: number[];
  }>(
    `SELECT source, touchpoint, array_agg(first ORDER BY hour) AS firsts, array_agg(last ORDER BY hour) AS lasts,
            array_agg(count ORDER BY hour) AS counts
       FROM (
         SELECT ${name} AS source, touchpoint, floor(extract(epoch FROM occurred_at) / 3600) AS hour,
                (extract(epoch FROM min(occurred_at)) * 1000)::float8 AS first,
                (extract(epoch FROM max(occurred_at)) * 1000)::float8 AS last, count(*)::int AS count
           FROM journey_event
          WHERE workspace_id = $1 AND superseded_at IS NULL AND account_id IS NOT NULL AND ${which} AND occurred_at <= $2
          GROUP BY 1, 2, 3) h
      GROUP BY source, touchpoint ORDER BY source, touchpoint`,
    [tx.workspaceId, new Date(until)],
  );
  return rows.map(({ source, touchpoint, firsts, lasts, counts }) => ({
    source,
    touchpoint,
    hours: firsts.map((first, index) => ({ first, last: lasts[index] ?? first, count: counts[index] ?? 1 })),
  }));
}

/** The outages in force; with `knownAt` those that were in force then. By source, touchpoint and time. */
export async function sourceOutagesInForce(tx: Tx, knownAt?: number): Promise<readonly StoredOutage[]> {
  const { rows } = await tx.query<{
    outage_id: string;
    source: string;
    installation_id: string | null;
    touchpoint: string;
    from_at: Date;
    to_at: Date | null;
    recorded_at: Date;
  }>(
    `SELECT outage_id, source, installation_id, touchpoint, from_at, to_at, recorded_at FROM source_outage
      WHERE workspace_id = $1
        AND CASE WHEN $2::timestamptz IS NULL THEN superseded_at IS NULL
                 ELSE recorded_at <= $2 AND (superseded_at IS NULL OR superseded_at > $2) END
      ORDER BY source, touchpoint, from_at`,
    [tx.workspaceId, knownAt === undefined ? null : new Date(knownAt)],
  );
  return rows.map((row) => ({
    outageId: row.outage_id,
    source: row.source,
    installationId: row.installation_id,
    touchpoint: row.touchpoint,
    from: row.from_at.getTime(),
    to: row.to_at?.getTime() ?? null,
    recordedAt: row.recorded_at.getTime(),
  }));
}

/** An outage as it was found. */
type FoundOutage = Pick<StoredOutage, 'source' | 'touchpoint' | 'from' | 'to'>;

/** Writes which outages of imports there are as of `at`: those that are no longer so end in known time. Says whether anything changed. */
export const writeSourceOutages = (tx: Tx, outages: readonly FoundOutage[], at: number): Promise<boolean> =>
  writeOutages(tx, outages, at, { isLive: false });

/** The same of installations, whose ids are the sources. */
export const writeLiveOutages = (tx: Tx, outages: readonly FoundOutage[], at: number): Promise<boolean> =>
  writeOutages(tx, outages, at, { isLive: true });

async function writeOutages(
  tx: Tx,
  outages: readonly FoundOutage[],
  at: number,
  { isLive }: { readonly isLive: boolean },
): Promise<boolean> {
  const keyOf = (one: FoundOutage) => JSON.stringify([one.source, one.touchpoint, one.from, one.to]);
  const stored = (await sourceOutagesInForce(tx)).filter((one) => (one.installationId !== null) === isLive);
  const kept = new Set(stored.map(keyOf));
  const wanted = new Set(outages.map(keyOf));
  const ended = stored.filter((one) => !wanted.has(keyOf(one)));
  const added = outages.filter((one) => !kept.has(keyOf(one)));
  if (ended.length > 0)
    await tx.query(
      'UPDATE source_outage SET superseded_at = $3 WHERE workspace_id = $1 AND outage_id = ANY($2::uuid[])',
      [tx.workspaceId, ended.map((one) => one.outageId), new Date(at)],
    );
  if (added.length > 0)
    await tx.query(
      `INSERT INTO source_outage (workspace_id, outage_id, source, installation_id, touchpoint, from_at, to_at, recorded_at)
       SELECT $1::uuid, outage_id, source, installation_id, touchpoint, from_at, to_at, $3::timestamptz
         FROM jsonb_to_recordset($2::jsonb)
           AS r(outage_id uuid, source text, installation_id uuid, touchpoint text, from_at timestamptz, to_at timestamptz)
       ON CONFLICT (workspace_id, outage_id) DO NOTHING`,
      [
        tx.workspaceId,
        JSON.stringify(
          added.map((one) => ({
            outage_id: uuidv7(),
            source: one.source,
            installation_id: isLive ? one.source : null,
            touchpoint: one.touchpoint,
            from_at: new Date(one.from),
            to_at: one.to === null ? null : new Date(one.to),
          })),
        ),
        new Date(at),
      ],
    );
  return ended.length + added.length > 0;
}

/** When outages are to be looked for again if nothing comes, null if never; undefined before the first look. */
export async function sourceCheckDue(
  tx: Tx,
  options: {
    /** Others who look wait until the transaction ends. */
    readonly lock?: boolean;
  } = {},
): Promise<{ readonly nextAt: number | null } | undefined> {
  const { rows } = await tx.query<{ next_at: Date | null }>(
    `SELECT next_at FROM source_check WHERE workspace_id = $1${options.lock ? ' FOR UPDATE' : ''}`,
    [tx.workspaceId],
  );
  return rows[0] && { nextAt: rows[0].next_at?.getTime() ?? null };
}

/** Notes a look for outages. */
export async function noteSourceCheck(tx: Tx, at: number, nextAt: number | null): Promise<void> {
  await tx.query(
    `INSERT INTO source_check (workspace_id, checked_at, next_at) VALUES ($1, $2, $3)
     ON CONFLICT (workspace_id) DO UPDATE SET checked_at = excluded.checked_at, next_at = excluded.next_at`,
    [tx.workspaceId, new Date(at), nextAt === null ? null : new Date(nextAt)],
  );
}

/** When the silence of installations was last looked at and is to be looked at again, null if never; undefined before the first look. */
export async function liveCheck(
  tx: Tx,
): Promise<{ readonly checkedAt: number; readonly nextAt: number | null } | undefined> {
  const { rows } = await tx.query<{ checked_at: Date; next_at: Date | null }>(
    'SELECT checked_at, next_at FROM live_check WHERE workspace_id = $1',
    [tx.workspaceId],
  );
  return rows[0] && { checkedAt: rows[0].checked_at.getTime(), nextAt: rows[0].next_at?.getTime() ?? null };
}

/** Notes a look at the silence of installations. Others who look wait until the transaction ends. */
export async function noteLiveCheck(tx: Tx, at: number, nextAt: number | null): Promise<void> {
  await tx.query(
    `INSERT INTO live_check (workspace_id, checked_at, next_at) VALUES ($1, $2, $3)
     ON CONFLICT (workspace_id) DO UPDATE SET checked_at = excluded.checked_at, next_at = excluded.next_at`,
    [tx.workspaceId, new Date(at), nextAt === null ? null : new Date(nextAt)],
  );
}

/**
 * Which of these outages of imports concern an account: those of sources that had told of it in the half year before, unless what such a source
 * told in that time came from another one as well that is not silent; then the other one watches. With `knownAt` by the log of then.
 */
export async function outagesOfAccount(
  tx: Tx,
  accountId: string,
  outages: readonly StoredOutage[],
  knownAt?: number,
): Promise<ReadonlySet<string>> {
  if (outages.length === 0) return new Set();
  const { rows } = await tx.query<{ outage_id: string }>(
    `WITH asked AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset($3::jsonb) AS r(outage_id uuid, source text, touchpoint text, from_at timestamptz, to_at timestamptz)),
     told AS MATERIALIZED (
       SELECT event_id, touchpoint, occurred_at, ${sourceName} AS source, connector = 'import' AS imported
         FROM (${sightingsOfAccount('event_id, touchpoint, occurred_at, connector, external_id', knownAt === undefined ? undefined : '$7')}) own
        WHERE occurred_at > $4 AND occurred_at < $5)
     SELECT a.outage_id FROM asked a
      WHERE EXISTS (
        SELECT 1 FROM told t
         WHERE t.source = a.source AND t.imported AND t.touchpoint = a.touchpoint
           AND t.occurred_at < a.from_at AND t.occurred_at > a.from_at - make_interval(secs => $6)
           AND NOT EXISTS (
             SELECT 1 FROM told o
              WHERE o.event_id = t.event_id AND o.source <> t.source
                AND NOT EXISTS (
                  SELECT 1 FROM asked b
                   WHERE o.imported AND b.source = o.source AND b.touchpoint = a.touchpoint
                     AND b.from_at <= coalesce(a.to_at, 'infinity') AND coalesce(b.to_at, 'infinity') >= a.from_at)))`,
    [
      tx.workspaceId,
      accountId,
      JSON.stringify(
        outages.map((one) => ({
          outage_id: one.outageId,
          source: one.source,
          touchpoint: one.touchpoint,
          from_at: new Date(one.from),
          to_at: one.to === null ? null : new Date(one.to),
        })),
      ),
      new Date(Math.min(...outages.map((one) => one.from)) - servedFor),
      new Date(Math.max(...outages.map((one) => one.from))),
      servedFor / 1000,
      ...(knownAt === undefined ? [] : [new Date(knownAt)]),
    ],
  );
  return new Set(rows.map((row) => row.outage_id));
}
