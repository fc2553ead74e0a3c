import type { Tx } from '../tenancy.ts';
import { forgetKnownContacts } from './contact-known.ts';
import { dropKeptStates } from './kept-states.ts';

/** Something that was derived from events or written of them, and that may tell what they said. */
export interface Trace {
  readonly table: 'flag' | 'stage_period' | 'outbox' | 'alert_message' | 'writeback_item';
  readonly id: string;
  /** Only of flags. */
  readonly generation: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Accounts of which a flag or a stage, in force or not, points to one of these events: they may have been theirs once. */
export async function accountsTelling(tx: Tx, eventIds: readonly string[]): Promise<readonly string[]> {
  if (eventIds.length === 0) return [];
  const pointing = (table: 'flag' | 'stage_period') =>
    `SELECT DISTINCT t.account_id FROM ${table} t
      WHERE t.workspace_id = $1 AND EXISTS (
        SELECT 1 FROM jsonb_path_query(t.detail, '$.**.eventId') AS e(value) WHERE e.value #>> '{}' = ANY($2::text[]))`;
  const found = new Set<string>();
  for (const table of ['flag', 'stage_period'] as const) {
    const { rows } = await tx.query<{ account_id: string }>(pointing(table), [tx.workspaceId, eventIds]);
    for (const row of rows) found.add(row.account_id);
  }
  return [...found];
}

/** What was derived of these accounts, in force or not: flags, stages, messages sent and unsent, reasons of write-back. */
export async function tracesOf(tx: Tx, accountIds: readonly string[]): Promise<readonly Trace[]> {
  if (accountIds.length === 0) return [];
  const values = [tx.workspaceId, accountIds];
  type Row = { id: string; generation: number; detail: Record<string, unknown> };
  const as = (table: Trace['table'], rows: readonly Row[]): Trace[] => rows.map((row) => ({ table, ...row }));
  const flags = await tx.query<Row>(
    'SELECT flag_id AS id, generation, detail FROM flag WHERE workspace_id = $1 AND account_id = ANY($2::uuid[])',
    values,
  );
  const periods = await tx.query<Row>(
    'SELECT period_id AS id, 0 AS generation, detail FROM stage_period WHERE workspace_id = $1 AND account_id = ANY($2::uuid[])',
    values,
  );
  const messages = await tx.query<Row>(
    `SELECT message_id AS id, 0 AS generation, detail FROM alert_message
      WHERE workspace_id = $1 AND (account_id = ANY($2::uuid[]) OR detail->'accountIds' ?| $3::text[])`,
    [...values, accountIds],
  );
  const unsent = await tx.query<Row>(
    `SELECT outbox_id AS id, 0 AS generation, payload AS detail FROM outbox WHERE workspace_id = $1 AND message_id = ANY($2::uuid[])`,
    [tx.workspaceId, messages.rows.map((row) => row.id)],
  );
  const items = await tx.query<Row>(
    'SELECT item_id AS id, 0 AS generation, why AS detail FROM writeback_item WHERE workspace_id = $1 AND account_id = ANY($2::uuid[])',
    values,
  );
  return [
    ...as('flag', flags.rows),
    ...as('stage_period', periods.rows),
    ...as('alert_message', messages.rows),
    ...as('outbox', unsent.rows),
    ...as('writeback_item', items.rows),
  ];
}

/** Writes what is left of traces; a message whose text changed is told anew by the next plan. */
export async function rewriteTraces(tx: Tx, traces: readonly Trace[]): Promise<void> {
  for (const one of traces) {
    const values = [tx.workspaceId, one.id, JSON.stringify(one.detail)];
    if (one.table === 'flag')
      await tx.query(
        'UPDATE flag SET detail = $3::jsonb WHERE workspace_id = $1 AND flag_id = $2 AND generation = $4',
        [...values, one.generation],
      );
    else if (one.table === 'stage_period')
      await tx.query('UPDATE stage_period SET detail = $3::jsonb WHERE workspace_id = $1 AND period_id = $2', values);
    else if (one.table === 'alert_message')
      await tx.query(
        'UPDATE alert_message SET detail = $3::jsonb, content_digest = NULL WHERE workspace_id = $1 AND message_id = $2',
        values,
      );
    else if (one.table === 'outbox')
      await tx.query('UPDATE outbox SET payload = $3::jsonb WHERE workspace_id = $1 AND outbox_id = $2', values);
    else await tx.query('UPDATE writeback_item SET why = $3::jsonb WHERE workspace_id = $1 AND item_id = $2', values);
  }
}

/** Forgets what the engine made of these accounts' events: they are folded from the log as it is now. */
export async function forgetStates(tx: Tx, accountIds: readonly string[]): Promise<void> {
  await tx.query(
    `UPDATE engine_state SET context_digest = '' WHERE workspace_id = $1 AND account_id = ANY($2::uuid[])`,
    [tx.workspaceId, accountIds],
  );
  await dropKeptStates(tx, accountIds);
}

/** How many rows of who is who were taken away. */
export interface ForgottenPeople {
  readonly contacts: number;
  readonly assignments: number;
  readonly decisions: number;
}

/** Who is to be forgotten. */
export interface Forgotten {
  /** Addresses of contacts as they are stored. */
  readonly addresses: readonly string[];
  /** Their keys, as assignments and decisions name them. */
  readonly keys: readonly string[];
  /** A domain with all below it. */
  readonly domain: string | null;
}

/** The addresses of contacts at a domain or below it, as they are stored, also of those who were contacts once. */
export async function contactAddresses(tx: Tx, domain: string): Promise<readonly string[]> {
  const { rows } = await tx.query<{ address: string }>(
    `SELECT a.address FROM contact c CROSS JOIN LATERAL unnest(c.addresses) AS a(address)
      WHERE c.workspace_id = $1 AND right(a.address, length($2) + 1) IN ('@' || $2, '.' || $2)
      UNION
     SELECT k.address FROM account_contact_known k
      WHERE k.workspace_id = $1 AND right(k.address, length($2) + 1) IN ('@' || $2, '.' || $2) ORDER BY 1`,
    [tx.workspaceId, domain],
  );
  return rows.map((row) => row.address);
}

/** Takes people out of contacts, assignments, decisions and queues, and an excluded domain off the accounts that had it. */
export async function forgetPeople(tx: Tx, who: Forgotten, at: number): Promise<ForgottenPeople> {
  const contacts = await tx.query<{ contact_id: string; addresses: string[] }>(
    `UPDATE contact SET addresses = ARRAY(SELECT a FROM unnest(addresses) AS a WHERE NOT (a = ANY($2::text[]))), updated_at = $3
      WHERE workspace_id = $1 AND addresses && $2::text[] RETURNING contact_id, addresses`,
    [tx.workspaceId, who.addresses, new Date(at)],
  );
  const empty = contacts.rows.filter((row) => row.addresses.length === 0).map((row) => row.contact_id);
  await tx.query('DELETE FROM contact WHERE workspace_id = $1 AND contact_id = ANY($2::uuid[])', [
    tx.workspaceId,
    empty,
  ]);
  await forgetKnownContacts(tx, { addresses: who.addresses });
  const named = `(subject = ANY($2::text[]) OR subject = $3 OR right(subject, length($3) + 1) IN ('@' || $3, '.' || $3))`;
  const values = [tx.workspaceId, who.keys, who.domain];
  const assignments = await tx.query(
    `DELETE FROM assignment WHERE workspace_id = $1 AND subject_kind IN ('contact', 'alias', 'domain', 'record') AND ${named}`,
    values,
  );
  const decisions = await tx.query(
    `DELETE FROM matching_decision WHERE workspace_id = $1 AND subject_kind <> 'event' AND ${named}`,
    values,
  );
  await tx.query(`DELETE FROM unmatched WHERE workspace_id = $1 AND ${named}`, values);
  await tx.query(`DELETE FROM rematch_subject WHERE workspace_id = $1 AND ${named}`, values);
  if (who.domain !== null) {
    const below = [tx.workspaceId, who.domain];
    await tx.query(
      `UPDATE account SET domain = NULL WHERE workspace_id = $1 AND (domain = $2 OR right(domain, length($2) + 1) = '.' || $2)`,
      below,
    );
    await tx.query(
      `UPDATE account_record SET fact = jsonb_set(fact, '{domains}', (
              SELECT coalesce(jsonb_agg(d.value), '[]'::jsonb) FROM jsonb_array_elements_text(fact->'domains') AS d(value)
               WHERE d.value <> $2 AND right(d.value, length($2) + 1) <> '.' || $2))
        WHERE workspace_id = $1 AND EXISTS (SELECT 1 FROM jsonb_array_elements_text(fact->'domains') AS d(value)
               WHERE d.value = $2 OR right(d.value, length($2) + 1) = '.' || $2)`,
      below,
    );
  }
  return {
    contacts: contacts.rowCount ?? 0,
    assignments: assignments.rowCount ?? 0,
    decisions: decisions.rowCount ?? 0,
  };
}
