import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTarget } from './connection.ts';
import { openDatabase } from './database.ts';
import { migrate, readMigrations, type Migration } from './migrate.ts';
import { splitStatements } from './sql-tokens.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const extra = (name: string, digest: string, ...statements: string[]): Migration => ({ name, digest, statements });

describe('migrations', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.close());

  it('run once, however many processes start at a time', async () => {
    const owner = parseTarget(database.adminUrl);
    const all = [
      ...(await readMigrations()),
      extra('900-extra', 'x', 'CREATE TABLE extra (workspace_id uuid NOT NULL PRIMARY KEY)'),
    ];
    const runs = await Promise.all([1, 2, 3].map(() => migrate(owner, all)));
    expect(runs.flat()).toEqual(['900-extra']);
    expect(await migrate(owner, all)).toEqual([]);
  });

  it('leave a new tenant table under row level security, with its grants', async () => {
    const workspace = '018f0000-0000-7000-8000-00000000000a';
    const work = (row: string) =>
      database.inWorkspace(workspace, (tx) => tx.query('INSERT INTO extra (workspace_id) VALUES ($1)', [row]));
    await expect(work('018f0000-0000-7000-8000-00000000000b')).rejects.toMatchObject({ code: '42501' });
    await work(workspace);
  });

  it('undo a migration that fails as a whole', async () => {
    const owner = parseTarget(database.adminUrl);
    const broken = extra(
      '901-broken',
      'x',
      'CREATE TABLE half (workspace_id uuid NOT NULL PRIMARY KEY)',
      'SELECT 1 / 0',
    );
    await expect(migrate(owner, [broken])).rejects.toMatchObject({ code: 'migration_failed' });
    expect(await database.asOwner(`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }]);
  });

  it('refuse a file that is not the one that was applied', async () => {
    await expect(migrate(parseTarget(database.adminUrl), [extra('900-extra', 'other')])).rejects.toMatchObject({
      code: 'migration_changed',
    });
  });

  it('are split into statements around quotes, comments and function bodies', () => {
    const sql = `-- a; b\nSELECT ';', "x;y"; /* ; /* ; */ */ CREATE FUNCTION f() RETURNS void AS $b$ BEGIN; END $b$ LANGUAGE sql;\n;SELECT 2`;
    expect(splitStatements(sql)).toEqual([
      `SELECT ';', "x;y"`,
      'CREATE FUNCTION f() RETURNS void AS $b$ BEGIN; END $b$ LANGUAGE sql',
      'SELECT 2',
    ]);
  });
});

describe('the roles', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.close());

  it('R2: an owner, superuser or BYPASSRLS role is refused as the application', async () => {
    const open = openDatabase({ databaseUrl: database.adminUrl, adminDatabaseUrl: database.adminUrl });
    await expect(open).rejects.toMatchObject({ code: 'role_unsafe' });
  });

  it('R2: with the owner alone given, the application acts as waymark_app', async () => {
    const opened = await openDatabase({ databaseUrl: database.adminUrl });
    try {
      const { rows } = await opened.app.query('SELECT current_user AS name');
      expect(rows).toEqual([{ name: 'waymark_app' }]);
    } finally {
      await opened.close();
    }
  });

  it('a login of its own serves once it is a member of waymark_app, and says so until then', async () => {
    const login = `login_${process.pid}_${Date.now()}`;
    await database.asOwner(`CREATE ROLE ${login} LOGIN PASSWORD 'x'`);
    const url = new URL(database.adminUrl);
    url.username = login;
    url.password = 'x';
    const open = () => openDatabase({ databaseUrl: url.href, adminDatabaseUrl: database.adminUrl });
    try {
      await expect(open()).rejects.toThrow(`GRANT waymark_app TO ${login}`);
      await database.asOwner(`GRANT waymark_app TO ${login}`);
      const opened = await open();
      await opened.close();
    } finally {
      await database.asOwner(`DROP ROLE ${login}`);
    }
  });

  it('the application alone is told when the schema is behind', async () => {
    await database.asOwner(`DELETE FROM schema_migration WHERE name = '006-writeback'`);
    await expect(openDatabase({ databaseUrl: database.url })).rejects.toMatchObject({ code: 'schema_behind' });
  });
});
