import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { splitStatements, sqlTokens } from '../sql-tokens.ts';
import { readMigrations } from '../migrate.ts';
import { globalTables } from '../schema.ts';
import { statementViolations } from '../statement-guard.ts';

const sqlStart = /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|COPY|MERGE|VALUES|SET|CREATE)\b/;

const nameOf = (node: { type: string }): string | undefined =>
  'name' in node && typeof node.name === 'string' ? node.name : undefined;

/** Every literal of a source that reads as SQL; what is interpolated stands as a name. */
function statements(path: string, source: string): string[] {
  const found: string[] = [];
  const keep = (text: string): void => {
    if (sqlStart.test(text)) found.push(text);
  };
  const constants = new Map<string, string>();
  const text = (
    quasis: readonly { value: { cooked: string | null } }[],
    names: readonly (string | undefined)[],
  ): string =>
    quasis
      .map(
        (quasi, at) =>
          (quasi.value.cooked ?? '') + (at < names.length ? (constants.get(names[at] ?? '') ?? 'interpolated') : ''),
      )
      .join('');
  const { program, errors } = parseSync(path, source);
  expect(errors).toEqual([]);
  new Visitor({
    VariableDeclarator(node) {
      if (node.id.type !== 'Identifier' || !node.init) return;
      if (node.init.type === 'Literal' && typeof node.init.value === 'string')
        constants.set(node.id.name, node.init.value);
      if (node.init.type === 'TemplateLiteral')
        constants.set(node.id.name, text(node.init.quasis, node.init.expressions.map(nameOf)));
    },
  }).visit(program);
  new Visitor({
    Literal(node) {
      if (typeof node.value === 'string') keep(node.value);
    },
    TemplateLiteral(node) {
      keep(text(node.quasis, node.expressions.map(nameOf)));
    },
  }).visit(program);
  return found;
}

async function tenants(): Promise<Set<string>> {
  const tables = new Set<string>();
  for (const migration of await readMigrations()) {
    for (const statement of migration.statements) {
      const [create, table, name] = sqlTokens(statement);
      if (create?.text === 'create' && table?.text === 'table' && name && !globalTables.includes(name.text))
        tables.add(name.text);
    }
  }
  return tables;
}

const files = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));

describe('the statements of the repositories', () => {
  it.each(files)('of %s keep the rules of distribution', async (file) => {
    const path = join(import.meta.dirname, file);
    const tables = await tenants();
    const broken = statements(path, await readFile(path, 'utf8')).flatMap((sql) =>
      splitStatements(sql).length === 0
        ? []
        : statementViolations(sql, tables).map((violation) => ({ ...violation, sql })),
    );
    expect(broken).toEqual([]);
  });

  it('control: a statement that breaks one is found in a source', async () => {
    const source =
      'const t = `account`; export const q = (tx) => tx.query(`SELECT ${x} FROM ${t} WHERE account_id = $1`, []);';
    const tables = await tenants();
    expect(statements('x.ts', source).flatMap((sql) => statementViolations(sql, tables))).toMatchObject([
      { rule: 'S2' },
    ]);
  });
});
