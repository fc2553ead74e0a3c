import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { HintRequest } from '@waymark/connector-kit';
import { addHints, installation as readInstallation, providerApp, resolveDirectory, wantRun } from '@waymark/store';
import { connectorIds, loadConnector } from '../registry.ts';
import type { Waymark } from '../waymark.ts';

const bodyLimitBytes = 1_048_576;

/**
 * Webhooks of providers. A request names no workspace: the account in its body leads to the installations that may have sent it, and the
 * signature of one of their apps decides. Nothing of an unverified request is kept (I6); what is verified is durable before the 202 (I8).
 */
export function webhookRoutes(
  waymark: Waymark,
  publicUrl: string,
  onHint: (workspaceId: string, installationId: string) => void,
): Hono {
  const routes = new Hono();
  routes.use(
    '*',
    bodyLimit({
      maxSize: bodyLimitBytes,
      onError: (c) => c.json({ error: { code: 'TOO_LARGE', message: 'The body is too large.' } }, 413),
    }),
  );
  routes.post('/:provider', async (c) => {
    const provider = c.req.param('provider');
    const received = new URL(c.req.url);
    const request: HintRequest = {
      method: 'POST',
      url: `${publicUrl}${received.pathname}${received.search}`,
      headers: Object.fromEntries([...c.req.raw.headers].map(([name, value]) => [name.toLowerCase(), value])),
      body: new Uint8Array(await c.req.arrayBuffer()),
    };
    const outcome = await receive(waymark, provider, request, onHint);
    return outcome === 202
      ? c.body(null, 202)
      : c.json({ error: { code: 'REFUSED', message: 'The request was not accepted.' } }, outcome);
  });
  return routes;
}

const noKeys = () => Promise.reject(new Error('No connector asks for keys yet.'));

async function receive(
  waymark: Waymark,
  provider: string,
  request: HintRequest,
  onHint: (workspaceId: string, installationId: string) => void,
): Promise<202 | 400 | 401 | 403 | 404> {
  let refusal: 400 | 401 | 403 | 404 = 404;
  for (const id of connectorIds) {
    const connector = await loadConnector(id);
    if (connector.manifest.auth.provider !== provider || !connector.hint) continue;
    refusal = 401;
    for (const app of await appsOf(waymark, provider)) {
      const result = await connector.hint(request, { app, jwks: noKeys }, waymark.now());
      if (!result.ok) {
        if (result.status !== 401) refusal = result.status;
        continue;
      }
      for (const account of new Set(result.hints.map((hint) => hint.externalAccountId))) {
        const entries = await waymark.database.global((tx) =>
          resolveDirectory(tx, `account:${id}`, account, waymark.now()),
        );
        for (const entry of entries) {
          // An app signs for the workspace that owns it, and for no other.
          if (!app.workspaceIds.has(entry.workspaceId) || entry.installationId === null) continue;
          const installationId = entry.installationId;
          await waymark.database.inWorkspace(entry.workspaceId, async (tx) => {
            if (!(await readInstallation(tx, installationId))) return;
            const hints = result.hints.filter((hint) => hint.externalAccountId === account);
            await addHints(
              tx,
              hints.map((hint) => ({
                installationId,
                stream: hint.stream,
                dedupeKey: hint.dedupeKey,
                externalIds: hint.ids,
                receivedAt: waymark.now(),
              })),
            );
            await wantRun(tx, installationId, waymark.now());
          });
          await waymark.point('hint-stored');
          onHint(entry.workspaceId, installationId);
        }
      }
      return 202;
    }
  }
  return refusal;
}

interface SigningApp {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly extra: Readonly<Record<string, string>>;
  readonly workspaceIds: ReadonlySet<string>;
}

const appCache = new WeakMap<
  Waymark,
  Map<string, { readonly until: number; readonly apps: Promise<readonly SigningApp[]> }>
>();

/** The apps of a provider over all workspaces, each with the workspaces that own it. Read again every ten seconds. */
async function appsOf(waymark: Waymark, provider: string): Promise<readonly SigningApp[]> {
  const cache = appCache.get(waymark) ?? new Map();
  appCache.set(waymark, cache);
  const ready = cache.get(provider);
  if (ready && ready.until > waymark.now()) return ready.apps;
  const apps = readApps(waymark, provider);
  cache.set(provider, { until: waymark.now() + 10_000, apps });
  return apps;
}

async function readApps(waymark: Waymark, provider: string): Promise<readonly SigningApp[]> {
  const byKey = new Map<string, SigningApp & { readonly workspaceIds: Set<string> }>();
  for (const workspace of await waymark.workspaces()) {
    const app = await waymark.database.inWorkspace(workspace.workspaceId, (tx) =>
      providerApp(tx, waymark.sealer, provider),
    );
    if (!app) continue;
    const key = `${app.clientId} ${app.clientSecret}`;
    const known = byKey.get(key) ?? { ...app, workspaceIds: new Set<string>() };
    known.workspaceIds.add(workspace.workspaceId);
    byKey.set(key, known);
  }
  return [...byKey.values()];
}
