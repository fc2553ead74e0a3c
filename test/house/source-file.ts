import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/** One import of a source: what is taken, from where, and whether it costs anything at run time. */
export interface Import {
  readonly from: string;
  /** The imported names; `*` for a whole module. */
  readonly names: readonly string[];
  readonly typeOnly: boolean;
  /** `import()`: loaded when reached, not when the file is. */
  readonly lazy: boolean;
}

/** What the import rules need to know of a source file. */
export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  /** The workspace it belongs to, such as `packages/sync` or `packages/connectors/gmail`. */
  readonly room: string;
  /** A test, or what only tests use. */
  readonly forTests: boolean;
  readonly imports: readonly Import[];
  /** What it reads of the world without being given it: `Date.now`, `process.env`, `fetch`, `new Date()`. */
  readonly ambient: readonly string[];
  /** The literals that read as SQL. */
  readonly sql: readonly string[];
}

const root = join(import.meta.dirname, '../..');
const testPath = /\.test\.ts$|\/(test|testing|fixtures)\/|\/testing\.ts$|-(rig|fixture)\.ts$/;
const sqlStart =
  /^\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s|COPY\s+\w+\s|TRUNCATE\s|CREATE\s+(TABLE|INDEX|ROLE|UNLOGGED|TEMP)|ALTER\s+(TABLE|ROLE)|LISTEN\s|NOTIFY\s)/;
const ambientCalls = new Set([
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'Date',
  'require',
]);

/** Every source of every package and app. */
export function readSources(): readonly SourceFile[] {
  return globSync('{packages,apps}/**/*.{ts,mts,mjs,js}', {
    cwd: root,
    exclude: (name) => /(^|\/)(node_modules|\.turbo)$/.test(String(name)),
  })
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
}

/** Parses one source. Throws when it does not parse. */
export function parseSource(path: string, text: string): SourceFile {
  const { module, program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error) throw new Error(`${path}: ${error.message}`);
  const ambient: string[] = [];
  const sql: string[] = [];
  const lazy: Import[] = [];
  const keepSql = (value: string): void => {
    if (sqlStart.test(value)) sql.push(value.trim().slice(0, 60));
  };
  new Visitor({
    ImportExpression(node) {
      const { source } = node;
      const from = source.type === 'Literal' && typeof source.value === 'string' ? source.value : '(computed)';
      lazy.push({ from, names: ['*'], typeOnly: false, lazy: true });
    },
    MemberExpression(node) {
      if (node.object.type !== 'Identifier') return;
      const property = node.property.type === 'Identifier' ? node.property.name : '*';
      ambient.push(`${node.object.name}.${property}`);
    },
    VariableDeclarator(node) {
      if (node.init?.type !== 'Identifier' || node.id.type !== 'ObjectPattern') return;
      for (const part of node.id.properties)
        if (part.type === 'Property' && part.key.type === 'Identifier')
          ambient.push(`${node.init.name}.${part.key.name}`);
    },
    CallExpression(node) {
      if (node.callee.type === 'Identifier' && ambientCalls.has(node.callee.name))
        ambient.push(`${node.callee.name}()`);
    },
    NewExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0)
        ambient.push('new Date()');
    },
    Literal(node) {
      if (typeof node.value === 'string') keepSql(node.value);
    },
    TemplateLiteral(node) {
      keepSql(node.quasis.map((quasi) => quasi.value.cooked ?? '').join('x'));
    },
  }).visit(program);
  const imports = module.staticImports.map(({ moduleRequest, entries }) => ({
    from: moduleRequest.value,
    names: entries.map((entry) => entry.importName.name ?? '*'),
    typeOnly: entries.length > 0 && entries.every((entry) => entry.isType),
    lazy: false,
  }));
  const reExports = module.staticExports
    .flatMap(({ entries }) => entries)
    .flatMap((entry) =>
      entry.moduleRequest
        ? [
            {
              from: entry.moduleRequest.value,
              names: [entry.importName.name ?? '*'],
              typeOnly: entry.isType,
              lazy: false,
            },
          ]
        : [],
    );
  return {
    path,
    room:
      /^packages\/connector-kit\/template|^packages\/connectors\/[^/]+|^(packages|apps)\/[^/]+/.exec(path)?.[0] ?? '',
    forTests: testPath.test(path),
    imports: [...imports, ...reExports, ...lazy],
    ambient,
    sql,
  };
}
