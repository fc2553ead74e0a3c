import { z } from 'zod';
import type { Tx } from '../tenancy.ts';
import { sourceName } from './source-name.ts';

const lull = z.object({ from: z.number(), to: z.number(), level: z.number(), of: z.enum(['contact', 'product']) });
export type StoredLull = z.infer<typeof lull>;

/** The lulls that accounts are judged with, and the day for which they were worked out (epoch milliseconds of its midnight, UTC); undefined before the first. */
export async function readSeason(
  tx: Tx,
): Promise<{ readonly day: number; readonly basis: string; readonly lulls: readonly StoredLull[] } | undefined> {
  const { rows } = await tx.query<{ day: string; basis: string; lulls: unknown }>(
    'SELECT day::text AS day, basis, lulls FROM workspace_season WHERE workspace_id = $1',
    [tx.workspaceId],
  );
  const [row] = rows;
  return row && { day: Date.parse(`${row.day}T00:00:00Z`), basis: row.basis, lulls: z.array(lull).parse(row.lulls) };
}

/** The lulls that accounts were judged with at an instant of known time; none where nothing is noted of it. */
export async function lullsKnownAt(tx: Tx, knownAt: number): Promise<readonly StoredLull[]> {
  const { rows } = await tx.query<{ lulls: unknown }>(
    `SELECT lulls FROM season_known WHERE workspace_id = $1 AND known_from <= $2 AND (known_to IS NULL OR known_to > $2)
      ORDER BY known_from DESC LIMIT 1`,
    [tx.workspaceId, new Date(knownAt)],
  );
  return rows[0] ? z.array(lull).parse(rows[0].lulls) : [];
}

/** Keeps the lulls of a day, and from when on they were known. */
export async function writeSeason(
  tx: Tx,
  season: { readonly day: number; readonly basis: string; readonly lulls: readonly StoredLull[] },
  at: number,
): Promise<void> {
  const { day, basis, lulls } = season;
  const told = JSON.stringify(lulls);
  const { rowCount } = await tx.query(
    'SELECT 1 FROM season_known WHERE workspace_id = $1 AND known_to IS NULL AND lulls = $2::jsonb',
    [tx.workspaceId, told],
  );
  if (rowCount === 0) {
    await tx.query('UPDATE season_known SET known_to = $2 WHERE workspace_id = $1 AND known_to IS NULL', [
      tx.workspaceId,
      new Date(at),
    ]);
    await tx.query(
      `INSERT INTO season_known (workspace_id, known_from, lulls) VALUES ($1, $2, $3::jsonb)
       ON CONFLICT (workspace_id, known_from) DO UPDATE SET lulls = excluded.lulls, known_to = NULL`,
      [tx.workspaceId, new Date(at), told],
    );
  }
  await tx.query(
    `INSERT INTO workspace_season (workspace_id, day, basis, lulls) VALUES ($1, $2::date, $3, $4::jsonb)
     ON CONFLICT (workspace_id) DO UPDATE SET day = excluded.day, basis = excluded.basis, lulls = excluded.lulls`,
    [tx.workspaceId, new Date(day).toISOString().slice(0, 10), basis, told],
  );
}

const isHappening = `workspace_id = $1 AND superseded_at IS NULL AND account_id IS NOT NULL AND NOT automated
    AND type IN ('email.received', 'chat.received', 'meeting.held', 'usage.recorded')`;

/** Words of customers, meetings held and use of the product, one row for each event: what a quiet season is seen from. */
const happened = `SELECT DISTINCT ON (event_id) event_id, occurred_at, recorded_at,
        CASE WHEN type = 'usage.recorded' THEN 'product' ELSE 'contact' END AS kind,
        CASE WHEN type = 'usage.recorded' THEN (attributes->>'value')::float8 ELSE 1 END AS weight
   FROM journey_event
  WHERE ${isHappening}
  ORDER BY event_id, rank, source_id, generation DESC`;

/** The same with all who told it, a line each; only this costs a second look at the log. */
const happenedBy = (source: string) => `SELECT h.*, t.sources FROM (${happened}) h JOIN (
    SELECT event_id, string_agg(DISTINCT touchpoint || ' ' || ${source}, E'\\n') AS sources FROM journey_event
     WHERE ${isHappening} GROUP BY event_id) t ON t.event_id = h.event_id`;
const untold = `SELECT h.*, NULL::text AS sources FROM (${happened}) h`;

/** A source as one installation, or as an import named it. */
const ownSource = `CASE WHEN connector = 'import' THEN ${sourceName} ELSE coalesce(installation_id::text, connector) END`;

/** Who told a happening, each as `touchpoint source`, sorted; undefined where that was not asked for. */
const sourcesOf = (text: string | null): { readonly sources?: readonly string[] } =>
  text === null ? {} : { sources: text.split('\n').sort() };

/** What happened on one day (UTC, epoch milliseconds of its midnight) over all accounts. */
export interface DayTotal {
  readonly of: 'contact' | 'product';
  readonly day: number;
  readonly count: number;
  /** Words and meetings by number, use by value. */
  readonly weight: number;
  /** Who told it, each as `touchpoint source`: an installation by its id, an imported source by its name. */
  readonly sources?: readonly string[];
}

/** Words of customers, meetings held and use of the product by day; `bySource` for each set of sources by itself. */
export async function dayTotals(tx: Tx, options: { readonly bySource: boolean }): Promise<readonly DayTotal[]> {
  const { rows } = await tx.query<{
    kind: 'contact' | 'product';
    day: string;
    sources: string | null;
    count: number;
    weight: number;
  }>(
    `SELECT kind, (occurred_at AT TIME ZONE 'UTC')::date::text AS day, sources, count(*)::int AS count, sum(weight)::float8 AS weight
       FROM (${options.bySource ? happenedBy(ownSource) : untold}) e GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    [tx.workspaceId],
  );
  return rows.map((row) => ({
    of: row.kind,
    day: Date.parse(`${row.day}T00:00:00Z`),
    count: row.count,
    weight: row.weight,
    ...sourcesOf(row.sources),
  }));
}

/** What happened over all accounts, by kind: words and meetings weigh 1, use its value. Times are epoch milliseconds. */
export interface WorkspaceHappenings {
  readonly of: 'contact' | 'product';
  /** What happened on one day and was known on one day (UTC) as one: the first instants of it, and how many it were. */
  readonly happenings: readonly {
    readonly occurredAt: number;
    readonly recordedAt: number;
    readonly weight: number;
    readonly count: number;
    /** Who told it, each as `touchpoint source`: a connector by its id, an imported source by its name. */
    readonly sources?: readonly string[];
  }[];
}

/**
 * Words of customers, meetings held and use of the product over the whole workspace that were known before `to`: what a quiet season is
 * seen from. As many as the days have pairs of which one was told on the other, however much happened. `bySource` says who told each.
 */
export async function workspaceHappenings(
  tx: Tx,
  { bySource, to }: { readonly bySource: boolean; readonly to: number },
): Promise<readonly WorkspaceHappenings[]> {
  const { rows } = await tx.query<{
    kind: 'contact' | 'product';
    sources: string | null;
    occurred: Date;
    recorded: Date;
    weight: number;
    count: number;
  }>(
    `SELECT kind, sources, min(occurred_at) AS occurred, min(recorded_at) AS recorded,
            sum(coalesce(weight, 1))::float8 AS weight, count(*)::int AS count
       FROM (${bySource ? happenedBy(sourceName) : untold}) e WHERE recorded_at < $2
      GROUP BY kind, sources, (occurred_at AT TIME ZONE 'UTC')::date, (recorded_at AT TIME ZONE 'UTC')::date
      ORDER BY kind, sources, occurred, recorded`,
    [tx.workspaceId, new Date(Math.min(to, latestInstant))],
  );
  return [...Map.groupBy(rows, ({ kind }) => kind)].map(([of, own]) => ({
    of,
    happenings: own.map(({ sources, occurred, recorded, weight, count }) => ({
      occurredAt: occurred.getTime(),
      recordedAt: recorded.getTime(),
      weight,
      count,
      ...sourcesOf(sources),
    })),
  }));
}

/** As far as instants go on the wire: the end of the year 9999. */
const latestInstant = 253_402_300_799_999;
