import { describe, expect, it } from 'vitest';
import { statementViolations } from './statement-guard.ts';

const tenants = new Set(['account', 'contact', 'journey_event', 'outbox']);
const rules = (sql: string): string[] => statementViolations(sql, tenants).map((violation) => violation.rule);

describe('the rules of distribution', () => {
  it.each([
    ['S1', `SELECT set_config('app.workspace', $1, true)`],
    ['S1', `SET LOCAL app.workspace = 'x'`],
    ['S1', 'SELECT name FROM account WHERE workspace_id = $1; DELETE FROM account WHERE workspace_id = $1'],
    ['S2', 'SELECT name FROM account'],
    ['S2', 'SELECT name FROM account WHERE account_id = $1'],
    ['S2', 'SELECT 1 FROM account a JOIN contact c ON c.account_id = a.account_id WHERE a.workspace_id = $1'],
    ['S2', 'SELECT 1 FROM account a, contact c WHERE workspace_id = $1'],
    ['S2', 'SELECT 1 FROM account a JOIN contact c ON c.workspace_id = a.workspace_id'],
    ['S2', 'SELECT 1 FROM account WHERE workspace_id = $1 UNION ALL SELECT 1 FROM contact'],
    ['S2', 'SELECT 1 FROM account WHERE workspace_id = $1 AND account_id IN (SELECT account_id FROM contact)'],
    ['S2', 'WITH gone AS (DELETE FROM outbox RETURNING outbox_id) SELECT outbox_id FROM gone'],
    ['S2', 'UPDATE account SET name = $2 WHERE account_id = $1'],
    ['S2', 'DELETE FROM "account" WHERE account_id = $1'],
    ['S2', 'INSERT INTO account (account_id, name) VALUES ($1, $2)'],
    ['S2', 'INSERT INTO account (workspace_id, account_id) VALUES ($1, $2) ON CONFLICT (account_id) DO NOTHING'],
    ['S3', 'INSERT INTO account (workspace_id, account_id) SELECT $1, id FROM incoming'],
    ['S3', 'COPY account FROM STDIN'],
    ['S3', 'COPY public.account (workspace_id) FROM STDIN'],
    ['S4', 'UPDATE account SET updated_at = now() WHERE workspace_id = $1'],
    ['S4', 'UPDATE account SET updated_at = CURRENT_TIMESTAMP WHERE workspace_id = $1'],
    ['S4', 'INSERT INTO account (workspace_id, account_id) VALUES ($1, gen_random_uuid())'],
    ['S4', 'INSERT INTO account (workspace_id, name) VALUES ($1, (SELECT max(id) FROM x))'],
    ['S5', 'SELECT 1 FROM account a JOIN incoming i ON i.id = a.account_id WHERE a.workspace_id = $1'],
    ['S5', 'SELECT 1 FROM account a JOIN workspace w ON w.workspace_id = a.workspace_id WHERE a.workspace_id = $1'],
    ['S5', 'SELECT 1 FROM account WHERE workspace_id = $1 AND account_id IN (SELECT id FROM incoming)'],
  ])('%s refuses %s', (rule, sql) => {
    expect(rules(sql)).toContain(rule);
  });

  it.each([
    'SELECT name FROM account WHERE workspace_id = $1',
    'SELECT name FROM account WHERE $1 = workspace_id -- now()',
    `SELECT 'now()', $$FROM account$$ FROM account AS a WHERE a.workspace_id = $1::uuid`,
    'SELECT 1 FROM account a JOIN contact c ON c.workspace_id = a.workspace_id AND c.account_id = a.account_id WHERE a.workspace_id = $1',
    'SELECT 1 FROM account a WHERE a.workspace_id = $1 AND EXISTS (SELECT 1 FROM contact c WHERE c.workspace_id = a.workspace_id)',
    'SELECT extract(epoch FROM updated_at) FROM account WHERE workspace_id = $1 AND name IS DISTINCT FROM $2',
    'SELECT account_id FROM account WHERE workspace_id = $1 FOR UPDATE SKIP LOCKED',
    'SELECT 1 FROM account a CROSS JOIN LATERAL (SELECT 1 FROM contact c WHERE c.workspace_id = $1) x WHERE a.workspace_id = $1',
    'UPDATE account a SET name = x.name FROM jsonb_to_recordset($2) AS x(id uuid, name text) WHERE a.workspace_id = $1 AND a.account_id = x.id',
    'INSERT INTO account (workspace_id, name) SELECT $1, n FROM unnest($2::text[]) AS n ON CONFLICT (workspace_id, account_id) DO UPDATE SET name = excluded.name',
    'INSERT INTO account (workspace_id, name) SELECT $1, name FROM incoming ON CONFLICT DO NOTHING',
    'WITH i AS MATERIALIZED (SELECT id FROM incoming) SELECT 1 FROM account a JOIN i ON i.id = a.account_id WHERE a.workspace_id = $1',
    'WITH i AS MATERIALIZED (SELECT id FROM incoming) UPDATE account a SET name = $2 FROM i WHERE a.workspace_id = $1 AND a.account_id = i.id',
    'DELETE FROM contact c USING account a WHERE c.workspace_id = $1 AND a.workspace_id = $1 AND a.account_id = c.account_id',
    'COPY incoming FROM STDIN',
    'SELECT now()',
    'SELECT workspace_id FROM workspace WHERE slug = $1',
  ])('allows %s', (sql) => {
    expect(rules(sql)).toEqual([]);
  });
});
