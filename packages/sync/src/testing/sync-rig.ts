import { createHash } from 'node:crypto';
import type { AnyConnector } from '@waymark/connector-kit';
import { compileJourney, parseDefinition, templateFile } from '@waymark/lifecycle';
import { activateDefinition, hurryWakes, saveGrant, type Workspace } from '@waymark/store';
import type { TestDatabase } from '@waymark/store/testing';
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { foldDue } from '../fold/fold.ts';
import { syncInstallation, type SyncDependencies, type SyncOutcome } from '../installation/installation.ts';
import type { Point } from '../reading/points.ts';
import { TokenKeeper } from '../installation/tokens.ts';

export const day = 86_400_000;
export const start = Date.UTC(2026, 5, 1, 12);

const source = readFileSync(templateFile('nine-stages'), 'utf8');
/** The definition that every rig folds. */
export const shippedJourney = { source, journey: compileJourney(parseDefinition(source, 'nine-stages.yaml')) };

/** A workspace with scripted installations, and a clock of its own. */
export interface SyncRig {
  readonly database: TestDatabase;
  readonly workspace: Workspace;
  readonly workspaceId: string;
  now: number;
  deps: SyncDependencies;
  /** Puts a connector in the place of the one of that id. */
  readonly use: (connector: AnyConnector) => void;
  readonly install: (
    connector: AnyConnector,
    more?: { address?: string; scopes?: string[]; account?: string },
  ) => Promise<string>;
  readonly run: (installationId: string, stop?: AbortSignal) => Promise<SyncOutcome>;
  readonly fold: () => Promise<number>;
  /** One digest of all that is known: events in force with their accounts, accounts, contacts, folded answers. */
  readonly digest: () => Promise<string>;
  readonly rows: <R extends Record<string, unknown>>(sql: string) => Promise<R[]>;
}

export async function syncRig(
  database: TestDatabase,
  options: {
    readonly point?: Point;
    readonly slug?: string;
    readonly historyDays?: number;
    readonly workspaceId?: string;
  } = {},
): Promise<SyncRig> {
  const workspace = await database.newWorkspace(options.slug ?? `w${randomUUID().slice(0, 8)}`, {
    ownDomains: ['vendor.example'],
    historyDays: options.historyDays ?? 365,
  });
  const { workspaceId } = workspace;
  const connectors = new Map<string, AnyConnector>();
  const rig: SyncRig = {
    database,
    workspace,
    workspaceId,
    now: start,
    deps: {
      database,
      sealer: database.sealer,
      tokens: new TokenKeeper({
        database,
        sealer: database.sealer,
        credentials: () => Promise.resolve({ clientId: 'id', clientSecret: 'secret' }),
        now: () => rig.now,
        point: options.point ?? (() => Promise.resolve()),
      }),
      connector: (id) => {
        const found = connectors.get(id);
        return found ? Promise.resolve(found) : Promise.reject(new Error(`no connector ${id}`));
      },
      baseUrls: (connector) => connector.manifest.baseUrls,
      limits: { share: 1, scale: () => 1 },
      now: () => rig.now,
      random: () => 0.5,
      point: options.point ?? (() => Promise.resolve()),
      holder: 'test',
      onProgress: () => undefined,
      onCommitted: () => undefined,
    },
    use: (connector) => void connectors.set(connector.manifest.id, connector),
    install: async (connector, more = {}) => {
      connectors.set(connector.manifest.id, connector);
      const account = more.account ?? 'one';
      // The same in every workspace of a test, as far as a uuid can be: the order of sources is a part of what is compared.
      const installationId = idOf(`${connector.manifest.id}|${account}`);
      const sealed = (field: string, text: string) => database.sealer.seal(workspaceId, installationId, field, text);
      const [accessToken, refreshToken] = [
        await sealed('access_token', 'token'),
        await sealed('refresh_token', 'refresh'),
      ];
      await database.inWorkspace(workspaceId, (tx) =>
        saveGrant(
          tx,
          {
            installationId,
            connector: connector.manifest.id,
            provider: connector.manifest.id,
            externalAccountId: account,
            label: account,
            address: more.address ?? null,
            settings: {},
            grantedScopes: more.scopes ?? [],
            accessToken,
            refreshToken,
            accessExpiresAt: null,
          },
          rig.now,
        ),
      );
      return installationId;
    },
    run: (installationId, stop = new AbortController().signal) =>
      syncInstallation(rig.deps, workspaceId, installationId, stop),
    fold: async () => {
      // The time for which accounts wait while a history is read passes by itself.
      await database.inWorkspace(workspaceId, (tx) => hurryWakes(tx, rig.now));
      let total = 0;
      for (let batch = -1; batch !== 0; total += batch) {
        batch = await foldDue({
          database,
          workspaceId,
          now: () => rig.now,
          point: options.point ?? (() => Promise.resolve()),
          afterFold: () => Promise.resolve(),
        });
      }
      return total;
    },
    rows: async (sql) => database.asOwner(sql, [workspaceId]),
    digest: () => digestOf(rig),
  };
  const { source, journey } = shippedJourney;
  await database.inWorkspace(workspaceId, (tx) =>
    activateDefinition(
      tx,
      { journey: journey.definition.id, digest: journey.digest, version: 1, source },
      'test',
      start - 400 * day,
    ),
  );
  return rig;
}

function idOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** State by its content: ids made from the workspace's own are left out, so that two workspaces can be compared. */
async function digestOf(rig: SyncRig): Promise<string> {
  const parts = [
    await rig.rows(`SELECT e.type, e.occurred_at, e.touchpoint, e.direction, e.participants, e.attributes, e.external_id, e.object, e.rank,
        e.installation_id, a.name AS account, e.match->>'reason' AS reason, e.match->>'subject' AS subject
      FROM journey_event e LEFT JOIN account a ON a.workspace_id = e.workspace_id AND a.account_id = e.account_id
      WHERE e.workspace_id = $1 AND e.superseded_at IS NULL
      ORDER BY e.occurred_at, e.type, e.installation_id, e.object, e.external_id, e.participants::text`),
    await rig.rows(`SELECT name, domain, is_customer, csm_email, csm_basis, customer_since, renewal_at, crm_stage
      FROM account WHERE workspace_id = $1 AND merged_into IS NULL ORDER BY name, domain`),
    await rig.rows(`SELECT c.external_id, c.addresses, c.name, a.name AS account FROM contact c
      LEFT JOIN account a ON a.workspace_id = c.workspace_id AND a.account_id = c.account_id WHERE c.workspace_id = $1 ORDER BY 1, 2`),
    await rig.rows(`SELECT s.subject_kind, s.subject, a.name AS account, s.basis FROM assignment s
      JOIN account a ON a.workspace_id = s.workspace_id AND a.account_id = s.account_id
      WHERE s.workspace_id = $1 AND s.known_to IS NULL ORDER BY 1, 2, 3, 4`),
    await rig.rows(`SELECT a.name, p.stage, p.entered_at, p.exited_at FROM stage_period p
      JOIN account a ON a.workspace_id = p.workspace_id AND a.account_id = p.account_id
      WHERE p.workspace_id = $1 AND p.superseded_at IS NULL ORDER BY 1, 3, 2`),
    await rig.rows(`SELECT a.name, f.rule, f.opened_at, f.cleared_at, f.severity FROM flag f
      JOIN account a ON a.workspace_id = f.workspace_id AND a.account_id = f.account_id
      WHERE f.workspace_id = $1 AND f.superseded_at IS NULL ORDER BY 1, 2, 3`),
    await rig.rows(`SELECT a.name, e.stage, e.health FROM engine_state e
      JOIN account a ON a.workspace_id = e.workspace_id AND a.account_id = e.account_id WHERE e.workspace_id = $1 AND a.merged_into IS NULL ORDER BY 1`),
  ];
  return JSON.stringify(parts, null, 1);
}
