import { z } from 'zod';
import type { EventType } from '@waymark/journey';
import type { Tx } from '../tenancy.ts';
import { factsOfAccounts, type Fact } from './facts.ts';

/** What is usual in a tier at the end of a week, epoch milliseconds; null where the tier has too few customers. */
export interface StoredPeerMedian {
  readonly tier: string;
  readonly measure: string;
  readonly from: number;
  readonly median: number | null;
  readonly accounts: number;
}

/** The medians in force, or with `knownAt` those that were in force then. */
export async function peerMedians(tx: Tx, knownAt?: number): Promise<readonly StoredPeerMedian[]> {
  const { rows } = await tx.query<{
    tier: string;
    measure: string;
    week_end: Date;
    median: number | null;
    accounts: number;
  }>(
    `SELECT tier, measure, week_end, median, accounts FROM peer_median
      WHERE workspace_id = $1 AND CASE WHEN $2::timestamptz IS NULL THEN superseded_at IS NULL
            ELSE recorded_at <= $2 AND (superseded_at IS NULL OR superseded_at > $2) END
      ORDER BY tier, measure, week_end`,
    [tx.workspaceId, knownAt === undefined ? null : new Date(knownAt)],
  );
  return rows.map(({ week_end: weekEnd, ...row }) => ({ ...row, from: weekEnd.getTime() }));
}

/** Keeps medians from an instant of known time on; what `ended` names is no longer so. */
export async function writePeerMedians(
  tx: Tx,
  change: {
    readonly ended: readonly Pick<StoredPeerMedian, 'tier' | 'measure' | 'from'>[];
    readonly told: readonly StoredPeerMedian[];
  },
  at: number,
): Promise<void> {
  const rowsOf = (all: readonly Pick<StoredPeerMedian, 'tier' | 'measure' | 'from'>[]) =>
    JSON.stringify(all.map(({ from, ...rest }) => ({ ...rest, week_end: new Date(from) })));
  if (change.ended.length > 0)
    await tx.query(
      `WITH ended AS MATERIALIZED (
         SELECT * FROM jsonb_to_recordset($2::jsonb) AS r(tier text, measure text, week_end timestamptz))
       UPDATE peer_median p SET superseded_at = $3 FROM ended
        WHERE p.workspace_id = $1 AND p.tier = ended.tier AND p.measure = ended.measure AND p.week_end = ended.week_end
          AND p.superseded_at IS NULL`,
      [tx.workspaceId, rowsOf(change.ended), new Date(at)],
    );
  if (change.told.length > 0)
    await tx.query(
      `INSERT INTO peer_median (workspace_id, tier, measure, week_end, median, accounts, recorded_at)
       SELECT $1::uuid, r.tier, r.measure, r.week_end, r.median, r.accounts, $3::timestamptz
         FROM jsonb_to_recordset($2::jsonb) AS r(tier text, measure text, week_end timestamptz, median float8, accounts int)
       ON CONFLICT (workspace_id, tier, measure, week_end, recorded_at)
       DO UPDATE SET median = excluded.median, accounts = excluded.accounts, superseded_at = NULL`,
      [tx.workspaceId, rowsOf(change.told), new Date(at)],
    );
}

/** The day (UTC, epoch milliseconds of its midnight) for which medians were last worked out, and from what; undefined before the first. */
export async function peerCheck(tx: Tx): Promise<{ readonly day: number; readonly basis: string } | undefined> {
  const { rows } = await tx.query<{ day: string; basis: string }>(
    'SELECT day::text AS day, basis FROM peer_check WHERE workspace_id = $1',
    [tx.workspaceId],
  );
  const [row] = rows;
  return row && { day: Date.parse(`${row.day}T00:00:00Z`), basis: row.basis };
}

export async function writePeerCheck(tx: Tx, check: { readonly day: number; readonly basis: string }): Promise<void> {
  await tx.query(
    `INSERT INTO peer_check (workspace_id, day, basis) VALUES ($1, $2::date, $3)
     ON CONFLICT (workspace_id) DO UPDATE SET day = excluded.day, basis = excluded.basis`,
    [tx.workspaceId, new Date(check.day).toISOString().slice(0, 10), check.basis],
  );
}

const judged = z.object({
  isCustomer: z.boolean(),
  tier: z.string().optional(),
  customerSince: z.number().optional(),
});

/** An account as a tier counts it. Times are epoch milliseconds. */
export interface PeerLog {
  readonly accountId: string;
  /** The first that is known of it; null where nothing is. */
  readonly firstAt: number | null;
  /** What of its record it was judged with, oldest first; `to` is null for what it is judged with now. */
  readonly records: readonly {
    readonly to: number | null;
    readonly isCustomer: boolean;
    readonly tier?: string | undefined;
  }[];
  /** What dated events told of its standing, in the order of time and id. */
  readonly standing: readonly Fact[];
  /** How often something of a type happened in the seven days that begin at an instant. */
  readonly weeks: readonly { readonly type: string; readonly from: number; readonly count: number }[];
}

/**
 * What accounts did week by week (Monday to Sunday, UTC) between two instants, of the given types: as the engine counts them, without mail and
 * chat that machines wrote, and without what is ours alone.
 */
export async function peerLogs(
  tx: Tx,
  accountIds: readonly string[],
  range: {
    readonly from: number;
    readonly to: number;
    readonly types: readonly string[];
    /** Of which types events tell of an account's standing. */
    readonly standing: readonly EventType[];
  },
): Promise<readonly PeerLog[]> {
  const { rows } = await tx.query<{
    account_id: string;
    first_at: Date | null;
    records: { to: number | null; record: unknown }[] | null;
    weeks: { type: string; from: number; count: number }[] | null;
  }>(
    `SELECT a.account_id,
            (SELECT min(occurred_at) FROM journey_event
              WHERE workspace_id = $1 AND account_id = a.account_id AND superseded_at IS NULL) AS first_at,
            (SELECT jsonb_agg(jsonb_build_object('to', (extract(epoch FROM known_to) * 1000)::float8, 'record', record) ORDER BY known_from)
               FROM account_known WHERE workspace_id = $1 AND account_id = a.account_id) AS records,
            w.weeks
       FROM account a
       LEFT JOIN (
         SELECT account_id, jsonb_agg(jsonb_build_object('type', type, 'from', week, 'count', count)) AS weeks
           FROM (SELECT account_id, type, count(*)::int AS count,
                        (extract(epoch FROM date_bin('7 days', occurred_at, '1970-01-05T00:00:00Z')) * 1000)::float8 AS week
                   FROM (SELECT DISTINCT ON (event_id) account_id, type, occurred_at, touchpoint, direction, automated
                           FROM journey_event
                          WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) AND superseded_at IS NULL
                            AND occurred_at >= $3 AND occurred_at < $4 AND type = ANY($5::text[]) AND NOT (attributes ? 'echo')
                          ORDER BY event_id, rank, source_id, generation DESC) e
                  WHERE NOT (automated AND touchpoint IN ('email', 'chat'))
                    AND (direction <> 'internal' OR type = 'email.internal')
                  GROUP BY account_id, type, week) c
          GROUP BY account_id) w ON w.account_id = a.account_id
      WHERE a.workspace_id = $1 AND a.account_id = ANY($2::uuid[])
      ORDER BY a.account_id`,
    [tx.workspaceId, accountIds, new Date(range.from), new Date(range.to), range.types],
  );
  const standing = await factsOfAccounts(
    tx,
    accountIds.map((accountId) => ({ accountId, after: undefined })),
    range.standing,
  );
  return rows.map((row) => ({
    accountId: row.account_id,
    firstAt: row.first_at?.getTime() ?? null,
    records: (row.records ?? []).map(({ to, record }) => {
      const { isCustomer, tier } = judged.parse(record);
      return { to, isCustomer, tier };
    }),
    standing: standing.get(row.account_id) ?? [],
    weeks: row.weeks ?? [],
  }));
}
