import { Client, types, type ClientConfig, type CustomTypesConfig } from 'pg';

/** Where a database is and who enters it. */
export type Target = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string | undefined;
  readonly database: string;
  readonly ssl?: ClientConfig['ssl'];
  /** Start-up options, such as `-c role=waymark_app`. */
  readonly options?: string | undefined;
};

const bigint = 20;
const jsonSafe = (text: string): number | string => {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
};

/** `bigint` and `count(*)` come as numbers as long as they are exact; all else is node-postgres's own reading. */
const rowTypes: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === bigint && format !== 'binary'
      ? jsonSafe
      : types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text'),
};

/** The settings of a client or pool for that target. */
export function clientConfig(target: Target, applicationName: string): ClientConfig {
  return {
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
    ssl: target.ssl,
    options: target.options,
    application_name: applicationName,
    types: rowTypes,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
  };
}

/** Reads a `postgres://` address as libpq does, a socket folder in `?host=` included. */
export function parseTarget(url: string): Target {
  const { host, port, user, password, database, ssl } = new Client({ connectionString: url });
  return { host, port, user: user ?? '', password: password ?? undefined, database: database ?? user ?? '', ssl };
}

/** The target as a `postgres://` address. It holds the password: never log it. */
export function targetUrl(target: Target): string {
  const who = `${encodeURIComponent(target.user)}${target.password === undefined ? '' : `:${encodeURIComponent(target.password)}`}`;
  const socket = target.host.startsWith('/');
  const where = socket ? `localhost:${target.port}` : `${target.host}:${target.port}`;
  const search = new URLSearchParams();
  if (socket) search.set('host', target.host);
  if (target.options) search.set('options', target.options);
  const query = search.size > 0 ? `?${search}` : '';
  return `postgresql://${who}@${where}/${encodeURIComponent(target.database)}${query}`;
}
