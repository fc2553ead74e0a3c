import { sqlTokens, type SqlToken } from './sql-tokens.ts';

/** A relation named in a query: a table, a temporary table or a common table expression. Functions are left out. */
export type Relation = { readonly name: string; readonly alias: string; readonly role: 'read' | 'insert' | 'update' };

/** One SELECT, INSERT, UPDATE or DELETE with its own tokens; a query nested in it is a scope of its own. */
export type Scope = {
  readonly tokens: readonly SqlToken[];
  readonly relations: readonly Relation[];
  readonly parent: Scope | undefined;
  /** The name of the common table expression that this scope is. */
  readonly cte: string | undefined;
  readonly materialized: boolean;
};

const queryStart = new Set(['select', 'with', 'insert', 'update', 'delete', 'values', 'merge']);
const branch = new Set(['union', 'intersect', 'except']);
const fromEnd = new Set([
  'where', 'group', 'having', 'order', 'limit', 'offset', 'fetch', 'for', 'returning', 'window', 'set', 'select', 'values',
]); // prettier-ignore
const notAlias = new Set([
  ...fromEnd, 'join', 'inner', 'left', 'right', 'full', 'cross', 'natural', 'on', 'using', 'default', 'tablesample', 'overriding', 'do', 'with',
]); // prettier-ignore
/** Stands in a scope's tokens for a query nested in it. */
export const nestedQuery = '(query)';

/** Parses a statement into its scopes, each branch of a UNION one of its own. Token checks, not a full grammar. */
export function sqlScopes(sql: string): Scope[] {
  const scopes: Scope[] = [];
  readScope(sqlTokens(sql), 0, undefined, { cte: undefined, materialized: false }, scopes);
  return scopes;
}

type Draft = {
  tokens: SqlToken[];
  relations: Relation[];
  parent: Scope | undefined;
  cte: string | undefined;
  materialized: boolean;
};
type Naming = { readonly cte: string | undefined; readonly materialized: boolean };

function readScope(
  tokens: readonly SqlToken[],
  from: number,
  parent: Scope | undefined,
  naming: Naming,
  into: Scope[],
): number {
  const draft = (): Draft => ({ tokens: [], relations: [], parent, ...naming });
  let current = draft();
  into.push(current);
  let depth = 0;
  let at = from;
  for (; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    if (token.text === '(' && token.kind === 'symbol') {
      const next = tokens[at + 1];
      if (next?.kind === 'word' && queryStart.has(next.text)) {
        at = readScope(tokens, at + 1, current, nameBefore(tokens, at), into);
        current.tokens.push({
          kind: 'symbol',
          text: nestedQuery,
          start: token.start,
          end: tokens[at]?.end ?? token.end,
        });
        continue;
      }
      depth += 1;
    } else if (token.text === ')' && token.kind === 'symbol') {
      if (depth === 0) break;
      depth -= 1;
    } else if (depth === 0 && token.kind === 'word' && branch.has(token.text)) {
      current.relations.push(...relationsOf(current.tokens));
      current = draft();
      into.push(current);
      if (tokens[at + 1]?.text === 'all' || tokens[at + 1]?.text === 'distinct') at += 1;
      continue;
    }
    current.tokens.push(token);
  }
  current.relations.push(...relationsOf(current.tokens));
  return at;
}

function nameBefore(tokens: readonly SqlToken[], paren: number): Naming {
  let at = paren - 1;
  const materialized = tokens[at]?.text === 'materialized' && tokens[at - 1]?.text !== 'not';
  if (tokens[at]?.text === 'materialized') at -= tokens[at - 1]?.text === 'not' ? 2 : 1;
  if (tokens[at]?.text !== 'as') return { cte: undefined, materialized: false };
  at -= 1;
  // name (column, column) AS (…)
  if (tokens[at]?.text === ')') while (at > 0 && tokens[at]?.text !== '(') at -= 1;
  if (tokens[at]?.text === '(') at -= 1;
  return { cte: tokens[at]?.text, materialized };
}

function relationsOf(tokens: readonly SqlToken[]): Relation[] {
  const found: Relation[] = [];
  let depth = 0;
  let expecting = false;
  let inFrom = false;
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    const before = tokens[at - 1];
    if (!token) break;
    if (token.kind === 'symbol') {
      if (token.text === '(' && !(expecting && depth === 0)) depth += 1;
      else if (token.text === ')' && depth > 0) depth -= 1;
      else if (token.text === ',' && depth === 0 && inFrom) expecting = true;
      else if (token.text === nestedQuery && depth === 0) expecting = false;
      continue;
    }
    if (depth > 0) continue;
    const starts = before === undefined || before.text === nestedQuery || before.text === ')';
    if (token.kind === 'word' && token.text === 'from' && before?.text !== 'distinct') {
      [inFrom, expecting] = [true, true];
    } else if (token.kind === 'word' && token.text === 'using' && tokens[at + 1]?.text !== '(') {
      [inFrom, expecting] = [true, true];
    } else if (token.kind === 'word' && token.text === 'join') {
      expecting = true;
    } else if (
      token.kind === 'word' &&
      ((token.text === 'update' && starts) || (token.text === 'into' && before?.text === 'insert'))
    ) {
      const [relation] = readRelation(tokens, at + 1, token.text === 'into' ? 'insert' : 'update');
      if (relation) found.push(relation);
    } else if (token.kind === 'word' && fromEnd.has(token.text)) {
      [inFrom, expecting] = [false, false];
    } else if (expecting && token.text !== 'lateral' && token.text !== 'only') {
      const [relation, end] = readRelation(tokens, at, 'read');
      if (relation) found.push(relation);
      expecting = false;
      at = end;
    }
  }
  return found;
}

function readRelation(
  tokens: readonly SqlToken[],
  from: number,
  role: Relation['role'],
): [Relation | undefined, number] {
  let at = from;
  if (tokens[at]?.text === 'only') at += 1;
  if (tokens[at + 1]?.text === '.') at += 2;
  const name = tokens[at]?.text;
  if (name === undefined) return [undefined, at];
  if (tokens[at + 1]?.text === '(' && role !== 'insert') return [undefined, at];
  let alias = name;
  const next = tokens[at + 1];
  if (next?.text === 'as') {
    alias = tokens[at + 2]?.text ?? name;
    at += 2;
  } else if (next && (next.kind === 'quoted' || (next.kind === 'word' && !notAlias.has(next.text)))) {
    alias = next.text;
    at += 1;
  }
  return [{ name, alias, role }, at];
}
