import type { Tx } from '../tenancy.ts';

/** Where in an account's history a state of the engine is kept. */
export interface KeptPlace {
  readonly accountId: string;
  readonly journey: string;
  /** How many facts it has taken. */
  readonly taken: number;
  /** The instant of the last of them, epoch milliseconds: it has taken all of that instant. */
  readonly at: number;
}

/** A kept state: what the engine made of the facts up to its place, as plain JSON. */
export interface KeptState extends KeptPlace {
  readonly state: unknown;
}

interface Row {
  account_id: string;
  journey: string;
  taken: number;
  at: Date;
}

const toPlace = (row: Row): KeptPlace => ({
  accountId: row.account_id,
  journey: row.journey,
  taken: row.taken,
  at: row.at.getTime(),
});

const toState = (row: Row & { readonly state: string }): KeptState => ({ ...toPlace(row), state: parsed(row.state) });

/** What is no JSON is no state: whoever asks folds the log. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where states of these accounts are kept, without the states: oldest first within each account and journey. */
export async function keptPlaces(tx: Tx, accountIds: readonly string[]): Promise<readonly KeptPlace[]> {
  const { rows } = await tx.query<Row>(
    `SELECT account_id, journey, taken, at FROM kept_state
      WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) ORDER BY account_id, journey, taken`,
    [tx.workspaceId, accountIds],
  );
  return rows.map(toPlace);
}

/** The states at these places; one that is gone is missing. */
export async function keptStates(tx: Tx, places: readonly Omit<KeptPlace, 'at'>[]): Promise<readonly KeptState[]> {
  if (places.length === 0) return [];
  const { rows } = await tx.query<Row & { state: string }>(
    `WITH asked AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::text[], $4::int[]) AS r(account_id, journey, taken))
     SELECT k.account_id, k.journey, k.taken, k.at, k.state FROM asked
       JOIN kept_state k ON k.workspace_id = $1 AND k.account_id = asked.account_id AND k.journey = asked.journey AND k.taken = asked.taken`,
    [
      tx.workspaceId,
      places.map((one) => one.accountId),
      places.map((one) => one.journey),
      places.map((one) => one.taken),
    ],
  );
  return rows.map(toState);
}

/** The last kept state of each of these accounts in each journey. */
export async function lastKeptStates(tx: Tx, accountIds: readonly string[]): Promise<readonly KeptState[]> {
  const { rows } = await tx.query<Row & { state: string }>(
    `SELECT DISTINCT ON (account_id, journey) account_id, journey, taken, at, state FROM kept_state
      WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) ORDER BY account_id, journey, taken DESC`,
    [tx.workspaceId, accountIds],
  );
  return rows.map(toState);
}

/** What is to be kept of an account in a journey from now on. */
export interface KeptChange {
  readonly accountId: string;
  readonly journey: string;
  /** Places that are given up. */
  readonly gone: readonly number[];
  readonly added: readonly Pick<KeptState, 'taken' | 'at' | 'state'>[];
}

/** States of one statement: each may have some hundred kilobytes. */
const statesAStatement = 20;

/** Gives up places and keeps states at others; what is kept there already is replaced. */
export async function changeKeptStates(tx: Tx, changes: readonly KeptChange[]): Promise<void> {
  const gone = changes.flatMap(({ accountId, journey, gone: places }) =>
    places.map((taken) => ({ accountId, journey, taken })),
  );
  if (gone.length > 0)
    await tx.query(
      `WITH gone AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::text[], $4::int[]) AS r(account_id, journey, taken))
       DELETE FROM kept_state k USING gone
        WHERE k.workspace_id = $1 AND k.account_id = gone.account_id AND k.journey = gone.journey AND k.taken = gone.taken`,
      [tx.workspaceId, gone.map((one) => one.accountId), gone.map((one) => one.journey), gone.map((one) => one.taken)],
    );
  const added = changes.flatMap(({ accountId, journey, added: states }) =>
    states.map(({ taken, at, state }) => [accountId, journey, taken, new Date(at), JSON.stringify(state)]),
  );
  for (let first = 0; first < added.length; first += statesAStatement) {
    const some = added.slice(first, first + statesAStatement);
    // A parameter each, since an array of them would be escaped and read once more as a whole.
    const rows = some.map((row, n) => `($1, ${row.map((_, m) => `$${n * row.length + m + 2}`).join(', ')})`);
    await tx.query(
      `INSERT INTO kept_state (workspace_id, account_id, journey, taken, at, state) VALUES ${rows.join(', ')}
       ON CONFLICT (workspace_id, account_id, journey, taken) DO UPDATE SET at = excluded.at, state = excluded.state`,
      [tx.workspaceId, ...some.flat()],
    );
  }
}

/** Gives up all kept states of these accounts: they are folded from the log as it is then. */
export async function dropKeptStates(tx: Tx, accountIds: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM kept_state WHERE workspace_id = $1 AND account_id = ANY($2::uuid[])', [
    tx.workspaceId,
    accountIds,
  ]);
}
