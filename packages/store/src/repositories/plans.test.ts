import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tx } from '../tenancy.ts';
import { testDatabase, type TestDatabase } from '../testing.ts';
import { accountsToFold } from './wakes.ts';
import { takeHints } from './hints.ts';
import { readDeliveries } from './inbox.ts';
import { sourcesOfAccounts } from './account-sources.ts';
import { factsOf, factsOfAccounts } from './facts.ts';
import { liveRows } from './log.ts';
import { readyOutbox } from './outbox.ts';
import { streamStates } from './streams.ts';

const id = '018f0000-0000-7000-8000-0000000000aa';
const now = Date.UTC(2026, 8, 1);

type Node = { readonly [key: string]: unknown; readonly Plans?: readonly Node[] };

/** Every read of a table in a plan, as `table: condition of its index`. */
function reads(node: Node): readonly string[] {
  const inner = (node.Plans ?? []).flatMap(reads);
  const condition = String(node['Index Cond'] ?? node['Recheck Cond'] ?? 'no index');
  return typeof node['Relation Name'] === 'string' && node['Node Type'] !== 'ModifyTable'
    ? [`${node['Relation Name']}: ${condition}`, ...inner]
    : inner;
}

describe('the statements that every page, post and fold runs', () => {
  let database: TestDatabase;
  let acme: string;
  beforeAll(async () => {
    // EXPLAIN is not a statement of the application.
    database = await testDatabase({ assertStatements: false });
    acme = (await database.newWorkspace()).workspaceId;
  });
  afterAll(() => database.close());

  /** What the statements of this work read, as the application's role plans them. The tables are empty, so a scan of all would be cheap. */
  const planned = (work: (tx: Tx) => Promise<unknown>): Promise<readonly string[]> =>
    database.inWorkspace(acme, async (tx) => {
      const statements: [string, readonly unknown[]][] = [];
      const watched: Tx = {
        ...tx,
        query: (text, values = []) => {
          statements.push([text, values]);
          return tx.query(text, values);
        },
      };
      await work(watched);
      await tx.query('SET LOCAL enable_seqscan = off');
      const found: string[] = [];
      for (const [text, values] of statements) {
        const { rows } = await tx.query<{ 'QUERY PLAN': readonly { readonly Plan: Node }[] }>(
          `EXPLAIN (FORMAT JSON) ${text}`,
          values,
        );
        for (const { Plan } of rows[0]?.['QUERY PLAN'] ?? []) found.push(...reads(Plan));
      }
      return found;
    });

  it.each<[string, string, (tx: Tx) => Promise<unknown>]>([
    ['the facts of an account', 'journey_event', (tx) => factsOf(tx, id)],
    ['the facts of accounts', 'journey_event', (tx) => factsOfAccounts(tx, [{ accountId: id, after: undefined }])],
    [
      'who sees an account',
      'journey_event',
      (tx) => sourcesOfAccounts(tx, [{ accountId: id, csmEmail: 'csm@example.com' }]),
    ],
    ['the live events of a record', 'journey_event', (tx) => liveRows(tx, [id])],
    ['what may be posted', 'outbox', (tx) => readyOutbox(tx, now, 50)],
    ['the hints of an installation', 'hint', (tx) => takeHints(tx, id, now, now)],
    ['the cursors of an installation', 'stream_state', (tx) => streamStates(tx, id)],
    ['the accounts to fold', 'engine_state', (tx) => accountsToFold(tx, now, 50)],
    [
      'the next deliveries of a stream',
      'inbox_delivery',
      (tx) => readDeliveries(tx, database.sealer, { installationId: id, stream: 's', after: '7' }, 50),
    ],
  ])('R5: %s are found by an index under row level security', async (_what, table, work) => {
    const found = await planned(work);
    expect(found.some((read) => read.startsWith(`${table}:`))).toBe(true);
    // The policy compares text, which no index serves; the condition has to come from the statement itself.
    expect(found.filter((read) => !/: .*workspace_id = /.test(read))).toEqual([]);
  });

  it('R5 control: a statement that leaves the workspace to the policy finds no index', async () => {
    const found = await planned((tx) => tx.query('SELECT 1 FROM journey_event WHERE account_id = $1', [id]));
    expect(found.filter((read) => /: .*workspace_id = /.test(read))).toEqual([]);
  });
});
