import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openWaymark, readConfiguration, startServer, type Server, type Waymark } from '@waymark/server';
import { createToken } from '@waymark/store';
import { removeHome, temporaryHome } from '@waymark/store/testing/home';
import { openOutside, type Outside } from './outside.ts';
import { rowsOf, type Rows } from './rows.ts';
import { freePort } from './server-process.ts';
import { homesIn, makeTemplate, type TemplateSize } from './template.ts';

/** A whole Waymark in this process, connected to a sandbox in this process, over HTTP as ever. */
export interface House {
  readonly outside: Outside;
  readonly waymark: Waymark;
  readonly server: Server;
  readonly workspaceId: string;
  readonly rows: Rows;
  /** A token of the workspace for the API. */
  readonly token: string;
  /** All that it logged, a line an entry. */
  readonly log: readonly string[];
  /** Calls the API with the token; throws where it does not answer 2xx. */
  readonly api: (path: string) => Promise<unknown>;
  /** Waits until all was read since `since`, folded, posted and written. */
  readonly atRest: (since?: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens a house on a new template. `before` runs before the server works. */
export async function openHouse(
  size: TemplateSize,
  options: {
    readonly before?: (outside: Outside) => void;
    /** Settings that every installation gets on top of the sample's. */
    readonly settings?: Readonly<Record<string, unknown>>;
    /** A copy of a template to live in, which stays; a folder of its own is made and removed without it. */
    readonly folder?: string;
  } = {},
): Promise<House> {
  const folder = options.folder ?? (await temporaryHome('house'));
  if (options.folder === undefined) await makeTemplate(folder, size);
  const homes = homesIn(folder);
  const outside = await openOutside(homes.outside);
  options.before?.(outside);
  const port = await freePort();
  outside.pointAt(`http://127.0.0.1:${port}`);
  const log: string[] = [];
  const configuration = readConfiguration({
    ...outside.environment,
    WAYMARK_HOME: homes.waymark,
    WAYMARK_PORT: String(port),
  });
  const waymark = await openWaymark(configuration, {
    log: pino({ level: 'debug', base: null }, { write: (line) => void log.push(line) }),
  });
  const [workspace] = await waymark.workspaces();
  if (!workspace) throw new Error('The template has no workspace.');
  const { workspaceId } = workspace;
  if (options.settings) {
    const settings = JSON.stringify(options.settings);
    await waymark.database.inWorkspace(workspaceId, (tx) =>
      tx.query('UPDATE installation SET settings = settings || $2::jsonb WHERE workspace_id = $1', [
        workspaceId,
        settings,
      ]),
    );
  }
  const server = await startServer(waymark, { roles: new Set(['http', 'workers', 'bot'] as const) });
  const { token } = await waymark.database.global((tx) => createToken(tx, workspaceId, { expiresAt: null }));
  const rows = rowsOf(waymark.database, workspaceId, () => Promise.resolve());
  return {
    outside,
    waymark,
    server,
    workspaceId,
    rows,
    token,
    log,
    api: async (path) => {
      const answer = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}.`);
      return answer.json();
    },
    atRest: (since = 0) => untilAtRest(rows, outside, since),
    close: async () => {
      await server.close();
      await waymark.close();
      await outside.close();
      if (options.folder === undefined) await removeHome(folder);
    },
  };
}

/** Waits until everything was read since `since`, folded, posted or held, written and read back, and stays so for a moment. */
export async function untilAtRest(rows: Rows, outside: Outside, since: number, limitMs = 180_000): Promise<void> {
  const limit = Date.now() + limitMs;
  let quiet = 0;
  while (quiet < 3) {
    const health = await rows.health();
    const rest = health.sick.length === 0 && health.open.length === 0 && health.allReadSince(since);
    quiet = rest && outside.sandbox.hubspot.handle.state.outbox.length === 0 ? quiet + 1 : 0;
    if (Date.now() > limit)
      throw new Error(
        `Waymark did not come to rest: ${[...health.sick, ...health.open].join('; ') || 'streams are not read'}`,
      );
    await sleep(500);
  }
}
