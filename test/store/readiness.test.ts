import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distributionViolations } from './readiness.ts';

const secured = (table: string): string[] => [
  `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
  `CREATE POLICY p ON ${table} USING (workspace_id::text = current_setting('app.workspace', true))
     WITH CHECK (workspace_id::text = current_setting('app.workspace', true))`,
];
const key = 'workspace_id uuid NOT NULL';

describe('the schema can be sharded by workspace', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.close());

  it('breaks no rule', async () => {
    expect(await distributionViolations(database.asOwner)).toEqual([]);
  });

  it.each([
    ['R1', [`CREATE TABLE planted (id int PRIMARY KEY)`]],
    ['R1', [`CREATE TABLE planted (workspace_id uuid, id int)`, ...secured('planted')]],
    ['R1', [`CREATE TABLE planted (workspace_id text NOT NULL PRIMARY KEY)`, ...secured('planted')]],
    ['R2', [`CREATE TABLE planted (${key}, id int, PRIMARY KEY (id, workspace_id))`, ...secured('planted')]],
    ['R2', [`CREATE TABLE planted (${key}, id int)`, ...secured('planted')]],
    ['R3', [`CREATE UNIQUE INDEX planted ON account (domain)`]],
    ['R3', [`CREATE UNIQUE INDEX planted ON account (domain) INCLUDE (workspace_id)`]],
    ['R4', [`ALTER TABLE account ADD CONSTRAINT planted EXCLUDE USING btree (name WITH =)`]],
    [
      'R5',
      [
        `CREATE UNIQUE INDEX u ON account (account_id)`,
        `ALTER TABLE contact ADD CONSTRAINT planted FOREIGN KEY (account_id) REFERENCES account (account_id)`,
      ],
    ],
    [
      'R5',
      [`ALTER TABLE account ADD CONSTRAINT planted FOREIGN KEY (workspace_id) REFERENCES workspace (workspace_id)`],
    ],
    [
      'R5',
      [
        `ALTER TABLE directory ADD CONSTRAINT planted FOREIGN KEY (workspace_id) REFERENCES workspace_settings (workspace_id)`,
      ],
    ],
    [
      'R6',
      [
        `ALTER TABLE contact ADD CONSTRAINT planted FOREIGN KEY (workspace_id, account_id) REFERENCES account ON DELETE SET NULL (account_id)`,
      ],
    ],
    [
      'R6',
      [
        `ALTER TABLE contact ADD CONSTRAINT planted FOREIGN KEY (workspace_id, account_id) REFERENCES account ON UPDATE CASCADE`,
      ],
    ],
    [
      'R7',
      [
        `ALTER TABLE contact ADD CONSTRAINT planted FOREIGN KEY (workspace_id, account_id) REFERENCES account DEFERRABLE`,
      ],
    ],
    [
      'R8',
      [
        `CREATE TRIGGER planted BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
      ],
    ],
    ['R8', [`CREATE RULE planted AS ON DELETE TO account DO INSTEAD NOTHING`]],
    ['R9', [`CREATE TABLE planted (PRIMARY KEY (workspace_id)) INHERITS (account)`]],
    ['R10', [`ALTER TABLE account ADD COLUMN planted bigint GENERATED ALWAYS AS IDENTITY`]],
    ['R10', [`ALTER TABLE account ADD COLUMN planted bigserial`]],
    ['R11', [`ALTER TABLE account DISABLE ROW LEVEL SECURITY`]],
    ['R11', [`DROP POLICY workspace_only ON account`]],
    [
      'R11',
      [
        `DROP POLICY workspace_only ON account`,
        `CREATE POLICY p ON account USING (workspace_id = current_setting('app.workspace')::uuid)`,
      ],
    ],
    ['R11', [`CREATE POLICY planted ON account USING (true)`]],
    ['R12', [`CREATE UNLOGGED TABLE planted (${key} PRIMARY KEY)`, ...secured('planted')]],
    ['R13', [`CREATE TABLE planted (${key} PRIMARY KEY) PARTITION BY HASH (workspace_id)`, ...secured('planted')]],
    ['R14', [`ALTER TABLE account OWNER TO waymark_app`]],
    ['R14', [`ALTER TABLE account FORCE ROW LEVEL SECURITY`]],
    ['R15', [`ALTER TABLE account ADD CONSTRAINT ${'x'.repeat(55)} CHECK (true)`]],
    ['S4', [`ALTER TABLE account ADD COLUMN planted timestamptz DEFAULT now()`]],
    ['S4', [`ALTER TABLE account ADD COLUMN planted uuid DEFAULT gen_random_uuid()`]],
  ])('control: %s finds %s', async (rule, statements) => {
    await database.withOwner(async (query) => {
      await query('BEGIN');
      for (const statement of statements) await query(statement);
      expect((await distributionViolations(query)).map((violation) => violation.rule)).toContain(rule);
      await query('ROLLBACK');
    });
  });
});
