import type { Tx } from '../tenancy.ts';
import { activateDefinition } from './engine.ts';
import { wakeAllAccounts } from './wakes.ts';

/** One change of the definition that is in force. Times are epoch milliseconds. */
export interface JourneyActivation {
  readonly activationId: string;
  readonly journey: string;
  readonly kind: 'activated' | 'rolled_back' | 'retired';
  /** Null where the journey was retired. */
  readonly digest: string | null;
  readonly formerDigest: string | null;
  readonly at: number;
  readonly by: string;
  /** When every account was folded by it and what followed was told; null until then. */
  readonly settledAt: number | null;
}

interface ActivationRow {
  activation_id: string;
  journey: string;
  kind: JourneyActivation['kind'];
  digest: string | null;
  former_digest: string | null;
  at: Date;
  by_member: string;
  settled_at: Date | null;
}

const activationColumns = 'activation_id, journey, kind, digest, former_digest, at, by_member, settled_at';

const toActivation = (row: ActivationRow): JourneyActivation => ({
  activationId: row.activation_id,
  journey: row.journey,
  kind: row.kind,
  digest: row.digest,
  formerDigest: row.former_digest,
  at: row.at.getTime(),
  by: row.by_member,
  settledAt: row.settled_at?.getTime() ?? null,
});

/** Every change of the definitions in force, oldest first; of one journey or of all. */
export async function journeyActivations(tx: Tx, journey?: string): Promise<readonly JourneyActivation[]> {
  const { rows } = await tx.query<ActivationRow>(
    `SELECT ${activationColumns} FROM journey_activation WHERE workspace_id = $1 AND ($2::text IS NULL OR journey = $2)
      ORDER BY at, activation_id`,
    [tx.workspaceId, journey ?? null],
  );
  return rows.map(toActivation);
}

/** Changes whose consequences are still being worked out. */
export async function openActivations(tx: Tx): Promise<readonly JourneyActivation[]> {
  const { rows } = await tx.query<ActivationRow>(
    `SELECT ${activationColumns} FROM journey_activation WHERE workspace_id = $1 AND settled_at IS NULL ORDER BY at, activation_id`,
    [tx.workspaceId],
  );
  return rows.map(toActivation);
}

/** Puts a definition in force in the place of the one before and notes who did it. Wakes all accounts. */
export async function changeDefinition(
  tx: Tx,
  change: {
    readonly activationId: string;
    readonly kind: 'activated' | 'rolled_back';
    readonly journey: string;
    readonly digest: string;
    readonly formerDigest: string | null;
    readonly version: number;
    readonly source: string;
  },
  by: string,
  at: number,
): Promise<void> {
  const { journey, digest, version, source } = change;
  await activateDefinition(tx, { journey, digest, version, source }, by, at);
  await addActivation(tx, change, by, at);
}

/** Takes a journey out of force: what it says of accounts is withdrawn, its definitions are kept. Wakes all accounts. */
export async function retireJourney(
  tx: Tx,
  change: { readonly activationId: string; readonly journey: string; readonly formerDigest: string },
  by: string,
  at: number,
): Promise<void> {
  await tx.query(
    'UPDATE journey_definition SET retired_at = $3 WHERE workspace_id = $1 AND journey = $2 AND retired_at IS NULL',
    [tx.workspaceId, change.journey, new Date(at)],
  );
  await tx.query(
    'UPDATE flag SET superseded_at = $3 WHERE workspace_id = $1 AND journey = $2 AND superseded_at IS NULL',
    [tx.workspaceId, change.journey, new Date(at)],
  );
  await tx.query(
    'UPDATE stage_period SET superseded_at = $3 WHERE workspace_id = $1 AND journey = $2 AND superseded_at IS NULL',
    [tx.workspaceId, change.journey, new Date(at)],
  );
  await tx.query('DELETE FROM engine_state WHERE workspace_id = $1 AND journey = $2', [tx.workspaceId, change.journey]);
  await tx.query('DELETE FROM kept_state WHERE workspace_id = $1 AND journey = $2', [tx.workspaceId, change.journey]);
  await addActivation(tx, { ...change, kind: 'retired', digest: null }, by, at);
  await wakeAllAccounts(tx, at);
}

async function addActivation(
  tx: Tx,
  change: Pick<JourneyActivation, 'activationId' | 'journey' | 'kind' | 'digest' | 'formerDigest'>,
  by: string,
  at: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO journey_activation (workspace_id, activation_id, journey, kind, digest, former_digest, at, by_member)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      tx.workspaceId,
      change.activationId,
      change.journey,
      change.kind,
      change.digest,
      change.formerDigest,
      new Date(at),
      by,
    ],
  );
}

/** Takes a change for settling, for the rest of the transaction; false where another process has settled it. */
export async function lockActivation(tx: Tx, activationId: string): Promise<boolean> {
  const { rows } = await tx.query(
    `SELECT 1 FROM journey_activation WHERE workspace_id = $1 AND activation_id = $2 AND settled_at IS NULL FOR UPDATE`,
    [tx.workspaceId, activationId],
  );
  return rows.length > 0;
}

export async function settleActivation(tx: Tx, activationId: string, at: number): Promise<void> {
  await tx.query('UPDATE journey_activation SET settled_at = $3 WHERE workspace_id = $1 AND activation_id = $2', [
    tx.workspaceId,
    activationId,
    new Date(at),
  ]);
}

/** How many digests tell of a change, whichever process wrote them. */
export async function digestsOfActivation(tx: Tx, activationId: string): Promise<number> {
  const { rows } = await tx.query<{ digests: number }>(
    `SELECT count(DISTINCT message_id)::int AS digests FROM outbox
      WHERE workspace_id = $1 AND strpos(alert_key, ':digest:' || $2::text || ':') > 0`,
    [tx.workspaceId, activationId],
  );
  return rows[0]?.digests ?? 0;
}

/** How many accounts have not been folded by a definition yet. */
export async function accountsBehind(tx: Tx, journey: string, digest: string): Promise<number> {
  const { rows } = await tx.query<{ behind: number }>(
    `SELECT count(*)::int AS behind FROM account a
       LEFT JOIN engine_state e ON e.workspace_id = $1 AND e.account_id = a.account_id AND e.journey = $2
      WHERE a.workspace_id = $1 AND e.definition_digest IS DISTINCT FROM $3`,
    [tx.workspaceId, journey, digest],
  );
  return rows[0]?.behind ?? 0;
}

/** A definition as it is kept, in force or not. */
export interface KeptDefinition {
  readonly journey: string;
  readonly digest: string;
  readonly version: number;
  readonly source: string;
  readonly activatedAt: number | null;
  readonly activatedBy: string | null;
  readonly retiredAt: number | null;
}

/** All definitions that were ever in force, the latest first. */
export async function keptDefinitions(tx: Tx): Promise<readonly KeptDefinition[]> {
  const { rows } = await tx.query<{
    journey: string;
    digest: string;
    version: number;
    source: string;
    activated_at: Date | null;
    activated_by: string | null;
    retired_at: Date | null;
  }>(
    `SELECT journey, digest, version, source, activated_at, activated_by, retired_at FROM journey_definition
      WHERE workspace_id = $1 ORDER BY journey, activated_at DESC NULLS LAST, digest`,
    [tx.workspaceId],
  );
  return rows.map((row) => ({
    journey: row.journey,
    digest: row.digest,
    version: row.version,
    source: row.source,
    activatedAt: row.activated_at?.getTime() ?? null,
    activatedBy: row.activated_by,
    retiredAt: row.retired_at?.getTime() ?? null,
  }));
}

/** A definition that is looked at beside the active one. */
export interface JourneyShadow {
  readonly journey: string;
  readonly digest: string;
  readonly version: number;
  readonly source: string;
  readonly startedAt: number;
  readonly startedBy: string;
}

export async function journeyShadows(tx: Tx): Promise<readonly JourneyShadow[]> {
  const { rows } = await tx.query<{
    journey: string;
    digest: string;
    version: number;
    source: string;
    started_at: Date;
    started_by: string;
  }>(
    `SELECT journey, digest, version, source, started_at, started_by FROM journey_shadow WHERE workspace_id = $1 ORDER BY started_at, journey`,
    [tx.workspaceId],
  );
  return rows.map((row) => ({
    journey: row.journey,
    digest: row.digest,
    version: row.version,
    source: row.source,
    startedAt: row.started_at.getTime(),
    startedBy: row.started_by,
  }));
}

/** Begins to look at a definition; one of a journey at a time, so that an earlier one ends. */
export async function startShadow(
  tx: Tx,
  shadow: Pick<JourneyShadow, 'journey' | 'digest' | 'version' | 'source'>,
  by: string,
  at: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO journey_shadow (workspace_id, journey, digest, version, source, started_at, started_by) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (workspace_id, journey) DO UPDATE SET digest = excluded.digest, version = excluded.version, source = excluded.source,
       started_at = CASE WHEN journey_shadow.digest = excluded.digest THEN journey_shadow.started_at ELSE excluded.started_at END,
       started_by = excluded.started_by`,
    [tx.workspaceId, shadow.journey, shadow.digest, shadow.version, shadow.source, new Date(at), by],
  );
}

/** Ends it. False where there is none. */
export async function endShadow(tx: Tx, journey: string): Promise<boolean> {
  const { rowCount } = await tx.query('DELETE FROM journey_shadow WHERE workspace_id = $1 AND journey = $2', [
    tx.workspaceId,
    journey,
  ]);
  return (rowCount ?? 0) > 0;
}
