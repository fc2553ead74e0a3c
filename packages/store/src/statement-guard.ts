import type pg from 'pg';
import { StoreError } from './errors.ts';
import { globalTables } from './schema.ts';
import { nestedQuery, sqlScopes, type Relation, type Scope } from './sql-scopes.ts';
import { splitStatements, sqlTokens, type SqlToken } from './sql-tokens.ts';

/**
 * The rules that let the same SQL run on PostgreSQL and, sharded by workspace, on Citus:
 * S1 a workspace is entered through waymark_enter alone; S2 every tenant table is bound to its workspace; S3 INSERT … SELECT has ON
 * CONFLICT or RETURNING, and COPY goes to temporary tables; S4 no volatile functions, no subquery in VALUES, no MERGE; S5 local
 * tables meet tenant tables only through a MATERIALIZED expression; S7 one workspace in a transaction.
 */
type StatementRule = 'S1' | 'S2' | 'S3' | 'S4' | 'S5' | 'S7';
export type StatementViolation = { readonly rule: StatementRule; readonly detail: string };

const volatile = new Set([
  'now', 'clock_timestamp', 'statement_timestamp', 'transaction_timestamp', 'timeofday', 'random', 'random_normal', 'gen_random_uuid',
  'uuidv4', 'uuidv7', 'uuid_generate_v4', 'nextval', 'setval', 'txid_current', 'pg_current_xact_id',
]); // prettier-ignore
const volatileKeyword = new Set(['current_timestamp', 'current_date', 'current_time', 'localtime', 'localtimestamp']);

/** What a statement breaks; empty where it keeps all rules. */
export function statementViolations(sql: string, tenants: ReadonlySet<string>): StatementViolation[] {
  const tokens = sqlTokens(sql);
  const scopes = sqlScopes(sql);
  const found: StatementViolation[] = [];
  const add = (rule: StatementRule, detail: string): void => void found.push({ rule, detail });
  if (splitStatements(sql).length > 1) add('S1', 'more than one statement in a call');
  if (tokens[0]?.text === 'set' && tokens[0].kind === 'word')
    add('S1', 'SET; the workspace is entered through waymark_enter');
  if (calls(tokens, (name) => name === 'set_config')) add('S1', 'set_config does not reach the shards');

  const relations = scopes.flatMap((scope) => scope.relations);
  if (tokens[0]?.text === 'copy' && tokens[0].kind === 'word') {
    const target = tokens[2]?.text === '.' ? tokens[3] : tokens[1];
    if (target && tenants.has(target.text))
      add('S3', `COPY into ${target.text}: copy into a temporary table, then INSERT … SELECT`);
    return found;
  }
  if (!relations.some((relation) => tenants.has(relation.name))) return found;

  if (tokens[0]?.text === 'merge') add('S4', 'MERGE');
  if (
    calls(tokens, (name) => volatile.has(name)) ||
    tokens.some((token) => token.kind === 'word' && volatileKeyword.has(token.text))
  ) {
    add('S4', 'a volatile function: times and ids are bind parameters');
  }
  const expressions = new Set(scopes.flatMap((scope) => (scope.cte ? [scope.cte] : [])));
  for (const scope of scopes) {
    insertViolations(scope, tenants, add);
    for (const relation of unbound(scope, tenants))
      add('S2', `${relation.name} as ${relation.alias} without workspace_id = $n`);
    const local = scope.relations.find(
      (one) => one.role === 'read' && !tenants.has(one.name) && !expressions.has(one.name),
    );
    const readsTenant = scopes.some((other) =>
      other.relations.some((one) => one.role !== 'insert' && tenants.has(one.name)),
    );
    if (local && (globalTables.includes(local.name) || (readsTenant && !scope.materialized))) {
      add('S5', `${local.name} beside tenant tables: read it in a MATERIALIZED expression`);
    }
  }
  return found;
}

function insertViolations(
  scope: Scope,
  tenants: ReadonlySet<string>,
  add: (rule: StatementRule, detail: string) => void,
): void {
  const target = scope.relations.find((relation) => relation.role === 'insert' && tenants.has(relation.name));
  const words = scope.tokens.map((token) => token.text);
  if (!target) return;
  const into = words.indexOf('into');
  const columns = words.slice(words.indexOf('(', into) + 1, words.indexOf(')', into));
  if (!columns.includes('workspace_id')) add('S2', `INSERT INTO ${target.name} without the column workspace_id`);
  const conflict = words.indexOf('conflict');
  if (conflict > 0 && words[conflict + 1] === '(') {
    const keys = words.slice(conflict + 2, words.indexOf(')', conflict));
    if (!keys.includes('workspace_id')) add('S2', `ON CONFLICT on ${target.name} without workspace_id`);
  }
  const values = words.indexOf('values');
  if (values > 0) {
    const end = words.findIndex((word, at) => at > values && (word === 'on' || word === 'returning'));
    if (words.slice(values, end < 0 ? undefined : end).includes(nestedQuery)) add('S4', 'a subquery in VALUES');
  }
  const selects = values < 0 && (words.includes('select') || words.includes(nestedQuery));
  if (selects && conflict < 0 && !words.includes('returning'))
    add('S3', `INSERT INTO ${target.name} … SELECT without ON CONFLICT or RETURNING`);
}

/** The tenant tables of a scope that neither a parameter nor a bound neighbor ties to a workspace. */
function unbound(scope: Scope, tenants: ReadonlySet<string>): Relation[] {
  const tenant = scope.relations.filter((relation) => relation.role !== 'insert' && tenants.has(relation.name));
  if (tenant.length === 0) return [];
  const bound = new Set<string>();
  const pairs: [string, string][] = [];
  let bare = false;
  const own = new Set(scope.relations.map((relation) => relation.alias));
  for (let at = 0; at < scope.tokens.length; at += 1) {
    const left = workspaceAt(scope.tokens, at);
    if (!left) continue;
    if (isParameter(scope.tokens, left.start - 2) && isEquals(scope.tokens, left.start - 1)) markBound(left.alias);
    if (!isEquals(scope.tokens, left.end)) continue;
    const right = workspaceAt(scope.tokens, left.end + 1);
    if (scope.tokens[left.end + 1]?.kind === 'parameter') markBound(left.alias);
    else if (right?.alias && left.alias) pairs.push([left.alias, right.alias]);
  }
  function markBound(alias: string | undefined): void {
    if (alias === undefined) bare = true;
    else bound.add(alias);
  }
  // An alias of an outer scope is bound there, or reported there.
  const tied = (alias: string): boolean =>
    bound.has(alias) || !own.has(alias) || !tenant.some((relation) => relation.alias === alias);
  for (let changed = true; changed;) {
    changed = false;
    for (const [a, b] of pairs) {
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        if (tied(from) && !bound.has(to)) {
          bound.add(to);
          changed = true;
        }
      }
    }
  }
  const left = tenant.filter((relation) => !bound.has(relation.alias));
  // Unqualified, it can only mean the one table that has the column.
  return bare && left.length === 1 ? [] : left;
}

type WorkspaceColumn = { readonly alias: string | undefined; readonly start: number; readonly end: number };

function workspaceAt(tokens: readonly SqlToken[], at: number): WorkspaceColumn | undefined {
  if (tokens[at]?.text === 'workspace_id') {
    // The later part of a qualified name was taken with its alias.
    return tokens[at - 1]?.text === '.' ? undefined : { alias: undefined, start: at, end: at + 1 };
  }
  const qualified = tokens[at + 1]?.text === '.' && tokens[at + 2]?.text === 'workspace_id';
  return qualified ? { alias: tokens[at]?.text, start: at, end: at + 3 } : undefined;
}

const isEquals = (tokens: readonly SqlToken[], at: number): boolean =>
  tokens[at]?.kind === 'symbol' && tokens[at]?.text === '=';
const isParameter = (tokens: readonly SqlToken[], at: number): boolean => tokens[at]?.kind === 'parameter';

function calls(tokens: readonly SqlToken[], match: (name: string) => boolean): boolean {
  return tokens.some((token, at) => token.kind === 'word' && match(token.text) && tokens[at + 1]?.text === '(');
}

const entering = /^SELECT waymark_enter\(\$1\)$/;

/**
 * Makes a connection refuse every statement that breaks a rule, and every tenant's table before a workspace was entered (S7). It
 * is how the tests hold all repositories to the rules; it costs too much to leave on elsewhere.
 */
export function guardClient(client: pg.ClientBase, tenants: ReadonlySet<string>): void {
  const known = new Map<string, { readonly violations: readonly StatementViolation[]; readonly tenant: boolean }>();
  const original = client.query;
  let entered = false;
  const check = (text: string): StatementViolation | undefined => {
    if (entering.test(text)) {
      if (entered) return { rule: 'S7', detail: 'a second workspace in one transaction' };
      entered = true;
      return undefined;
    }
    if (/^(BEGIN|COMMIT|ROLLBACK$)/.test(text)) entered = false;
    let verdict = known.get(text);
    if (!verdict) {
      const tenant = sqlScopes(text).some((scope) => scope.relations.some((relation) => tenants.has(relation.name)));
      verdict = { violations: statementViolations(text, tenants), tenant };
      known.set(text, verdict);
    }
    if (verdict.tenant && !entered) return { rule: 'S1', detail: 'a tenant table outside a workspace' };
    return verdict.violations[0];
  };
  const guarded = (...args: unknown[]): unknown => {
    const text = statementText(args[0]);
    const violation = text === undefined ? undefined : check(text);
    if (!violation) return Reflect.apply(original, client, args);
    const error = new StoreError(
      'statement_refused',
      `${violation.rule}: ${violation.detail}. In: ${text?.slice(0, 400) ?? ''}`,
    );
    const callback = args.findLast((argument) => typeof argument === 'function');
    if (callback) throw error;
    return Promise.reject(error);
  };
  Object.defineProperty(client, 'query', { value: guarded, configurable: true });
}

function statementText(query: unknown): string | undefined {
  if (typeof query === 'string') return query;
  if (typeof query === 'object' && query !== null && 'text' in query && typeof query.text === 'string')
    return query.text;
  return undefined;
}
