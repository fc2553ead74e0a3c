import { explainAccount } from '@waymark/server';
import { accounts, openDatabase, workspaces, type Database, type Tx } from '@waymark/store';

/** What Waymark holds, in a form in which two runs can be compared: nothing in it depends on when it was read. */
export interface Holdings {
  /** Source object to its outcome and the number of its events. */
  readonly sources: ReadonlyMap<string, string>;
  /** Live sightings: event and source, to account and content. */
  readonly events: ReadonlyMap<string, string>;
  /** Account and journey to the stage that it is in. */
  readonly stages: ReadonlyMap<string, string>;
  /** Accounts whose stored digest is not the one that the log gives when it is folded anew. */
  readonly disagreeing: readonly string[];
  /** Account and rule of each open flag. */
  readonly flags: ReadonlySet<string>;
  /** Source objects with two live sightings of one event, or twice live in one generation: there must be none. */
  readonly doubled: number;
  readonly cursorsWithoutSuccess: readonly string[];
}

/** Whether everything runs, and what is left to do. */
export interface Health {
  /** Streams with a fault, leases of dead processes, installations that are not active. */
  readonly sick: readonly string[];
  /** Streams still in their first reading, accounts to fold, alerts to post, stages to write. */
  readonly open: readonly string[];
  /** Every stream has been read to its end since the given instant. */
  readonly allReadSince: (at: number) => boolean;
}

/** A look at the rows of a running Waymark's only workspace. */
export interface Rows {
  readonly holdings: () => Promise<Holdings>;
  readonly health: () => Promise<Health>;
  /** Alerts of the outbox by state. */
  readonly alerts: () => Promise<ReadonlyMap<string, string>>;
  readonly query: <Row extends object>(text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;
  readonly close: () => Promise<void>;
}

/** Joins the database of a home. Open it only while Waymark runs: the last one to leave stops the embedded server. */
export async function openRows(home: string): Promise<Rows> {
  const database = await openDatabase({ home, poolSize: 2, applicationName: 'waymark fault test', migrate: false });
  const [workspace] = await database.global((tx) => workspaces(tx));
  if (!workspace) throw new Error('There is no workspace in this home.');
  return rowsOf(database, workspace.workspaceId, () => database.close());
}

/** The same of a database that is open. */
export function rowsOf(database: Database, workspaceId: string, close: () => Promise<void>): Rows {
  const inside = <T>(work: (tx: Tx) => Promise<T>) => database.inWorkspace(workspaceId, work);
  return {
    holdings: () => inside((tx) => readHoldings(tx)),
    health: () => inside((tx) => readHealth(tx)),
    alerts: () =>
      inside(async (tx) => {
        const { rows } = await tx.query<{ id: string; state: string }>(
          `SELECT outbox_id AS id, state FROM outbox WHERE workspace_id = $1 AND action <> 'update'`,
          [tx.workspaceId],
        );
        return new Map(rows.map((row) => [row.id, row.state]));
      }),
    query: <Row extends object>(text: string, values: readonly unknown[] = []) =>
      inside(async (tx) => (await tx.query<Row>(text, [tx.workspaceId, ...values])).rows),
    close,
  };
}

async function readHoldings(tx: Tx): Promise<Holdings> {
  const { rows: sources } = await tx.query<{ key: string; said: string }>(
    `SELECT stream || ' ' || partition || ' ' || external_id || ' ' || source_id AS key,
            outcome || ' ' || coalesce(reason, '') || ' ' || events || CASE WHEN gone_at IS NULL THEN '' ELSE ' gone' END AS said
       FROM source_object WHERE workspace_id = $1`,
    [tx.workspaceId],
  );
  const { rows: events } = await tx.query<{ key: string; said: string }>(
    // A meeting that is gone without a word counts as canceled when that was noticed: that alone may differ. What
    // people answered in Slack is in no provider, so that another reader cannot know it.
    `SELECT type || ' ' || event_id || ' ' || source_id AS key,
            coalesce(account_id::text, 'nobody') || ' ' || CASE WHEN type = 'meeting.canceled' THEN '' ELSE content::text END AS said
       FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL AND connector <> 'waymark'`,
    [tx.workspaceId],
  );
  const { rows: stages } = await tx.query<{ key: string; stage: string | null }>(
    `SELECT account_id || ' ' || journey AS key, stage FROM engine_state WHERE workspace_id = $1`,
    [tx.workspaceId],
  );
  const disagreeing: string[] = [];
  for (const account of await accounts(tx)) {
    const explained = await explainAccount(tx, account.accountId, Date.now());
    if (!explained.every((one) => one.agrees)) disagreeing.push(`${account.name} (${account.accountId})`);
  }
  const { rows: flags } = await tx.query<{ key: string }>(
    `SELECT account_id || ' ' || rule AS key FROM flag WHERE workspace_id = $1 AND superseded_at IS NULL AND cleared_at IS NULL`,
    [tx.workspaceId],
  );
  const { rows: doubled } = await tx.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM (SELECT 1 FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL
        GROUP BY event_id, source_id HAVING count(*) > 1) AS twice`,
    [tx.workspaceId],
  );
  const { rows: unread } = await tx.query<{ key: string }>(
    `SELECT stream || ' ' || partition || ' ' || installation_id AS key FROM stream_state
      WHERE workspace_id = $1 AND (last_success_at IS NULL OR cursor IS NULL OR backfill_done_at IS NULL)`,
    [tx.workspaceId],
  );
  return {
    sources: new Map(sources.map((row) => [row.key, row.said])),
    events: new Map(events.map((row) => [row.key, row.said])),
    stages: new Map(stages.map((row) => [row.key, row.stage ?? 'none'])),
    disagreeing,
    flags: new Set(flags.map((row) => row.key)),
    doubled: doubled[0]?.n ?? 0,
    cursorsWithoutSuccess: unread.map((row) => row.key),
  };
}

async function readHealth(tx: Tx): Promise<Health> {
  const { rows: installations } = await tx.query<{ label: string; status: string; holder: string | null }>(
    `SELECT connector || ' ' || label AS label, status, lease_holder AS holder FROM installation WHERE workspace_id = $1`,
    [tx.workspaceId],
  );
  const { rows: streams } = await tx.query<{ key: string; fault: string | null; reading: boolean; read: Date | null }>(
    `SELECT s.stream || ' ' || i.label AS key, s.fault->>'message' AS fault, s.backfill_done_at IS NULL AS reading,
            s.last_success_at AS read
       FROM stream_state s JOIN installation i ON i.workspace_id = s.workspace_id AND i.installation_id = s.installation_id
      WHERE s.workspace_id = $1`,
    [tx.workspaceId],
  );
  const { rows: todo } = await tx.query<{ what: string; n: number }>(
    `SELECT 'accounts to fold' AS what, count(*)::int AS n FROM account_wake WHERE workspace_id = $1
      UNION ALL SELECT 'calls to Slack', count(*)::int FROM outbox WHERE workspace_id = $1 AND state IN ('pending', 'sending')
      UNION ALL SELECT 'stages to write', count(*)::int FROM writeback_item i JOIN writeback_plan p
                    ON p.workspace_id = i.workspace_id AND p.plan_id = i.plan_id
                 WHERE i.workspace_id = $1 AND p.state IN ('approved', 'applying') AND i.state NOT IN ('verified', 'failed', 'skipped')
      UNION ALL SELECT 'hints', count(*)::int FROM hint WHERE workspace_id = $1 AND taken_at IS NULL`,
    [tx.workspaceId],
  );
  const posted = await tx.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM outbox WHERE workspace_id = $1 AND action = 'post'`,
    [tx.workspaceId],
  );
  const dead = installations.filter((one) => one.holder !== null && !isAlive(Number(one.holder.split('/')[1])));
  return {
    sick: [
      ...streams.flatMap((one) => (one.fault === null ? [] : [`${one.key}: ${one.fault}`])),
      ...dead.map((one) => `${one.label}: leased to a dead process`),
      ...installations.flatMap((one) => (one.status === 'active' ? [] : [`${one.label} is ${one.status}`])),
    ],
    open: [
      ...streams.flatMap((one) => (one.reading ? [`first reading of ${one.key}`] : [])),
      ...todo.flatMap((one) => (one.n > 0 ? [`${one.n} ${one.what}`] : [])),
      ...(streams.length === 0 ? ['nothing was read'] : []),
      ...((posted.rows[0]?.n ?? 0) === 0 ? ['no alert was planned'] : []),
    ],
    allReadSince: (at) => streams.length > 0 && streams.every((one) => (one.read?.getTime() ?? 0) >= at),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
