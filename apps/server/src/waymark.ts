import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { pino, type Logger } from 'pino';
import {
  createSealer,
  loadMasterKey,
  openDatabase,
  organizationGrant,
  providerApp,
  workspaces,
  type Database,
  type Sealer,
  type Workspace,
} from '@waymark/store';
import {
  baseUrlsOf,
  isLoopback,
  noPoint,
  overrideOf,
  TokenKeeper,
  type Point,
  type Progress,
  type SyncDependencies,
} from '@waymark/sync';
import type { AnyConnector } from '@waymark/connector-kit';
import type { Configuration } from './configuration.ts';
import { opening } from './opening.ts';
import { loadConnector, offerConnectors } from './registry.ts';

/** The parts that every process of Waymark stands on, put together once. */
export interface Waymark {
  readonly configuration: Configuration;
  readonly database: Database;
  readonly sealer: Sealer;
  readonly tokens: TokenKeeper;
  readonly sync: SyncDependencies;
  readonly log: Logger;
  readonly now: () => number;
  readonly point: Point;
  /** This process, as it signs leases and claims. */
  readonly holder: string;
  readonly workspaces: () => Promise<readonly Workspace[]>;
  /** Told of each page of each run. */
  readonly onProgress: (listener: (progress: Progress) => void) => () => void;
  /** Told when a page or an answer changed accounts of a workspace. */
  readonly onCommitted: (listener: (workspaceId: string) => void) => () => void;
  readonly committed: (workspaceId: string) => void;
  /** Where this process listens, once it does: the address from outside for a vendor on this machine, where none is configured. */
  readonly listensAt: (url: string) => void;
  readonly close: () => Promise<void>;
}

export interface OpenOptions {
  readonly now?: () => number;
  readonly point?: Point;
  readonly log?: Logger;
  /** Where database notices of interest go, such as an adopted server. */
  readonly onNotice?: (message: string) => void;
  readonly assertStatements?: boolean;
}

/** Opens the database and puts together what the server, the workers and the commands share. */
export async function openWaymark(configuration: Configuration, options: OpenOptions = {}): Promise<Waymark> {
  const now = options.now ?? Date.now;
  const point = options.point ?? noPoint;
  const log = options.log ?? createLog(configuration);
  offerConnectors(configuration.connectors);
  const masterKey = await opening(configuration, () =>
    loadMasterKey({ base64: configuration.masterKey, home: configuration.home }),
  );
  const database = await opening(configuration, () =>
    openDatabase({
      home: configuration.home,
      databaseUrl: configuration.databaseUrl,
      adminDatabaseUrl: configuration.adminDatabaseUrl,
      // Webhooks, folds and posts share them: a burst of one must leave room for the others.
      poolSize: 16,
      assertStatements: options.assertStatements ?? false,
      onNotice: options.onNotice ?? ((message) => log.info(message)),
    }),
  );
  const sealer = createSealer({ database, masterKey });
  const progress = new Set<(progress: Progress) => void>();
  const commits = new Set<(workspaceId: string) => void>();
  const committed = (workspaceId: string) => commits.forEach((listener) => listener(workspaceId));
  const tokens = new TokenKeeper({
    database,
    sealer,
    now,
    point,
    credentials: async (workspaceId, provider) => {
      const app = await database.inWorkspace(workspaceId, (tx) => providerApp(tx, sealer, provider));
      if (!app) throw new Error(`The app credentials of ${provider} are missing: run waymark install again.`);
      return app;
    },
    organizationSecret: async (workspaceId, provider) => {
      const grant = await database.inWorkspace(workspaceId, (tx) => organizationGrant(tx, sealer, provider));
      if (!grant?.secret)
        throw new Error(`The organization's key for ${provider} is missing: run waymark install with --organization.`);
      return grant.secret;
    },
  });
  let listening: string | undefined;
  const holder = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  return {
    configuration,
    database,
    sealer,
    tokens,
    log,
    now,
    point,
    holder,
    sync: {
      database,
      sealer,
      tokens,
      connector: loadConnector,
      baseUrls: (connector, source) => baseUrlsOf(connector, configuration.providerUrls, source),
      push: {
        base: (connector) => pushBase(configuration, connector, configuration.publicUrl ?? listening),
        extra: async (workspaceId, provider) =>
          (await database.inWorkspace(workspaceId, (tx) => providerApp(tx, sealer, provider)))?.extra ?? {},
      },
      limits: { share: configuration.rateShare, scale: () => configuration.rateScale },
      now,
      random: Math.random,
      point,
      holder,
      pollEveryMs: configuration.pollMs,
      onProgress: (one) => progress.forEach((listener) => listener(one)),
      onCommitted: committed,
    },
    workspaces: () => database.global((tx) => workspaces(tx)),
    onProgress: (listener) => subscribe(progress, listener),
    onCommitted: (listener) => subscribe(commits, listener),
    committed,
    listensAt: (url) => {
      listening = url;
    },
    close: () => database.close(),
  };
}

/** Vendors post to https addresses alone; one that the operator has on this machine reaches its loopback. */
function pushBase(
  configuration: Configuration,
  connector: AnyConnector,
  address: string | undefined,
): string | undefined {
  if (address?.startsWith('https:')) return address;
  const override = overrideOf(connector, configuration.providerUrls);
  return override !== undefined && isLoopback(new URL(override).hostname) ? address : undefined;
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Logs to standard error, so that standard output stays a command's own. No header, token, secret or body is ever logged. */
function createLog(configuration: Configuration): Logger {
  return pino(
    {
      level: configuration.log,
      base: null,
      redact: {
        paths: [
          '*.accessToken',
          '*.refreshToken',
          '*.clientSecret',
          '*.authorization',
          '*.token',
          '*.body',
          '*.headers',
          'headers',
          'body',
        ],
        censor: '[hidden]',
      },
      // An error of an SDK carries its request with the token in it: only name, code and message are kept.
      serializers: { err: errorForLog, error: errorForLog },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** What may be told of an error. */
export function errorForLog(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: 'something that is no error was thrown' };
  return {
    name: error.name,
    message: error.message.slice(0, 500),
    ...('code' in error && { code: String(error.code) }),
  };
}
