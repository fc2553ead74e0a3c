import { remedyOf } from '@waymark/journey';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { errorCode, StoreError } from '../errors.ts';
import type { Sealer } from '../secrets.ts';
import type { Transaction, Tx } from '../tenancy.ts';

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a time of day such as 09:00');
const domain = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9\u0080-\uffff-]+(\.[a-z0-9\u0080-\uffff-]+)+$/, 'a domain such as example.com');
const timezone = z.string().refine(isTimezone, 'a time zone such as Europe/Berlin');

/** When alerts are posted: always, or on ISO weekdays (1 is Monday) between two times of the member's time zone. */
export const WorkingHours = z.union([
  z.literal('always'),
  z.object({ from: clock, to: clock, days: z.array(z.int().min(1).max(7)).min(1) }),
]);
export type WorkingHours = z.infer<typeof WorkingHours>;

/** Sends alerts that meet every given condition to a channel where the owner cannot be reached. The first that fits counts. */
export const AlertRoute = z.object({
  tier: z.string().optional(),
  rule: z.string().optional(),
  severity: z.string().optional(),
  csmEmail: z.string().optional(),
  channel: z.string().min(1),
});
export type AlertRoute = z.infer<typeof AlertRoute>;

/** What a workspace's admin decides. Every field has a default, so an older row stays readable. */
export const WorkspaceSettings = z.object({
  /** Domains whose people are the team, not customers. */
  ownDomains: z.array(domain).default([]),
  /** Single addresses that are the team's though their domain is not. */
  ownAddresses: z.array(z.string().trim().toLowerCase()).default([]),
  /** Further domains that anybody can have an address at, and listed ones that are companies here. */
  freeMailDomains: z.array(domain).default([]),
  notFreeMailDomains: z.array(domain).default([]),
  timezone: timezone.default('UTC'),
  /** Whose public holidays are no working days: ISO 3166-1 alpha-2, such as DE; null for none. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'a country code such as DE')
    .nullable()
    .default(null),
  workingHours: WorkingHours.default({ from: '08:00', to: '18:00', days: [1, 2, 3, 4, 5] }),
  /** Alerts a member gets in a day before the rest wait for the digest; null for no cap. */
  dailyCapPerMember: z.int().positive().nullable().default(10),
  /** How far back a first sync reads, in days. */
  historyDays: z.int().min(1).max(3650).default(365),
  /** The language in which customers write, for how their subjects sound; `off`: it is not judged, and nothing is kept of it. */
  sentiment: z.enum(['off', 'en']).default('off'),
  alertRoutes: z.array(AlertRoute).default([]),
  /** Where an alert goes that has no owner and fits no route: never nowhere. */
  defaultChannel: z.string().min(1).nullable().default(null),
  /** The data is the sample company's, and is labeled so wherever it shows. */
  sampleData: z.boolean().default(false),
});
export type WorkspaceSettings = z.infer<typeof WorkspaceSettings>;

/** A workspace, as it is known before it is entered. */
export type Workspace = {
  readonly workspaceId: string;
  readonly slug: string;
  readonly name: string;
  readonly createdAt: number;
};

type Row = { workspace_id: string; slug: string; name: string; created_at: Date };
const columns = 'workspace_id, slug, name, created_at';
const fromRow = (row: Row): Workspace => ({
  workspaceId: row.workspace_id,
  slug: row.slug,
  name: row.name,
  createdAt: row.created_at.getTime(),
});

/**
 * Creates a workspace with a data key of its own.
 *
 * @param input.slug lower case letters, digits and hyphens; the name that commands and addresses use
 * @param at now, in epoch milliseconds
 * @throws StoreError `slug_taken`, `settings_invalid`
 */
export async function createWorkspace(
  database: Pick<Database, 'global' | 'inWorkspace'>,
  sealer: Pick<Sealer, 'wrapNewKey'>,
  input: {
    readonly slug: string;
    readonly name: string;
    readonly workspaceId?: string;
    readonly settings?: z.input<typeof WorkspaceSettings>;
  },
  at: number,
): Promise<Workspace> {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(input.slug)) {
    throw new StoreError(
      'settings_invalid',
      'A workspace needs a slug of lower case letters, digits and hyphens, such as acme.',
    );
  }
  const settings = parseSettings(input.settings ?? {});
  const workspaceId = input.workspaceId ?? uuidv7();
  const { rows } = await database
    .global((tx) =>
      tx.query<Row>(
        `INSERT INTO workspace (workspace_id, slug, name, wrapped_key, key_version, created_at) VALUES ($1, $2, $3, $4, 1, $5) RETURNING ${columns}`,
        [workspaceId, input.slug, input.name, sealer.wrapNewKey(workspaceId, 1), new Date(at)],
      ),
    )
    .catch((cause: unknown) => {
      if (errorCode(cause) !== '23505') throw cause;
      throw new StoreError('slug_taken', `There is a workspace ${input.slug} already: choose another slug.`, { cause });
    });
  await database.inWorkspace(workspaceId, (tx) => writeSettings(tx, settings, at));
  const [row] = rows;
  if (!row) throw new StoreError('workspace_missing', 'The workspace was not created: try again.');
  return fromRow(row);
}

/** All workspaces, oldest first. */
export async function workspaces(tx: Transaction): Promise<readonly Workspace[]> {
  const { rows } = await tx.query<Row>(`SELECT ${columns} FROM workspace ORDER BY created_at, workspace_id`);
  return rows.map(fromRow);
}

/** The workspace of a slug, or of an id. */
export async function findWorkspace(tx: Transaction, slugOrId: string): Promise<Workspace | undefined> {
  const { rows } = await tx.query<Row>(`SELECT ${columns} FROM workspace WHERE slug = $1 OR workspace_id::text = $1`, [
    slugOrId,
  ]);
  return rows[0] && fromRow(rows[0]);
}

/** The workspace's settings, with defaults for what was never set. */
export async function readSettings(tx: Tx): Promise<WorkspaceSettings> {
  const { rows } = await tx.query<{ settings: unknown }>(
    'SELECT settings FROM workspace_settings WHERE workspace_id = $1',
    [tx.workspaceId],
  );
  return parseSettings(rows[0]?.settings ?? {});
}

/** Replaces the workspace's settings. */
export async function writeSettings(
  tx: Tx,
  settings: z.input<typeof WorkspaceSettings>,
  at: number,
): Promise<WorkspaceSettings> {
  const parsed = parseSettings(settings);
  await tx.query(
    `INSERT INTO workspace_settings (workspace_id, settings, updated_at) VALUES ($1, $2, $3)
     ON CONFLICT (workspace_id) DO UPDATE SET settings = excluded.settings, updated_at = excluded.updated_at`,
    [tx.workspaceId, JSON.stringify(parsed), new Date(at)],
  );
  return parsed;
}

function parseSettings(raw: unknown): WorkspaceSettings {
  const parsed = WorkspaceSettings.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new StoreError(
    'settings_invalid',
    `The workspace's settings are not valid. ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${remedyOf(issue)}`).join('; ')}.`,
  );
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
