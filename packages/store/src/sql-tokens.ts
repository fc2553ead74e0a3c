/** A piece of SQL that is neither white space nor a comment. Words are in lower case; quoted names keep their case. */
export type SqlToken = {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'symbol';
  readonly text: string;
  readonly start: number;
  readonly end: number;
};

// PostgreSQL's lexical rules (https://www.postgresql.org/docs/18/sql-syntax-lexical.html), as far as statements need them.
const patterns: readonly (readonly [SqlToken['kind'] | 'skip', RegExp])[] = [
  ['skip', /\s+|--[^\n]*/y],
  ['string', /[eE]'(?:[^'\\]|\\.|'')*'/sy],
  ['string', /(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'/y],
  ['string', /\$([A-Za-z_][A-Za-z_0-9]*)?\$.*?\$\1\$/sy],
  ['quoted', /(?:[uU]&)?"(?:[^"]|"")*"/y],
  ['parameter', /\$\d+/y],
  ['word', /[A-Za-z_\u0080-\uffff][A-Za-z_0-9$\u0080-\uffff]*/y],
  ['number', /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/y],
  ['symbol', /::|<=|>=|<>|!=|\|\||->>|->|@>|<@|./sy],
];

/** Splits SQL into tokens. Never throws: what it does not know is a symbol of one character. */
export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  while (at < sql.length) {
    if (sql.startsWith('/*', at)) {
      at = endOfBlockComment(sql, at);
      continue;
    }
    for (const [kind, pattern] of patterns) {
      pattern.lastIndex = at;
      const found = pattern.exec(sql);
      if (!found) continue;
      const end = pattern.lastIndex;
      const raw = sql.slice(at, end);
      if (kind !== 'skip') {
        const text =
          kind === 'word' ? raw.toLowerCase() : kind === 'quoted' ? raw.slice(1, -1).replaceAll('""', '"') : raw;
        tokens.push({ kind, text, start: at, end });
      }
      at = end;
      break;
    }
  }
  return tokens;
}

/** The statements of a script, without their semicolons and without comments before them. */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let first: SqlToken | undefined;
  let last: SqlToken | undefined;
  for (const token of sqlTokens(sql)) {
    if (token.kind === 'symbol' && token.text === ';') {
      if (first && last) statements.push(sql.slice(first.start, last.end));
      first = undefined;
      last = undefined;
    } else {
      first ??= token;
      last = token;
    }
  }
  if (first && last) statements.push(sql.slice(first.start, last.end));
  return statements;
}

function endOfBlockComment(sql: string, from: number): number {
  let depth = 0;
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  for (let found = mark.exec(sql); found; found = mark.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return sql.length;
}
