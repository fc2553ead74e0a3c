import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { HintRequest } from '@waymark/connector-kit';
import { providerApp, resolveDirectory } from '@waymark/store';
import { connectorIds, loadConnector } from '../registry.ts';
import type { Waymark } from '../waymark.ts';
import { keepHints } from './keep-hints.ts';
import { signingKeys } from './signing-keys.ts';
import { answerOf, receiveNotice, type Received } from './subscription-notice.ts';

const bodyLimitBytes = 1_048_576;

/**
 * Webhooks of providers. A request to `/:provider` names no workspace: the account in its body leads to the installations that may have
 * sent it, and the signature of one of their apps decides. `/:provider/:token` is the address of one subscription. Nothing of an
 * unverified request is kept (I6); what is verified is durable before the 202 (I8), and no more than that is waited for.
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
  const respond = (received: Received): Response => {
    if (received.status >= 400)
      return Response.json(
        { error: { code: 'REFUSED', message: 'The request was not accepted.' } },
        { status: received.status },
      );
    const { answer, status } = received;
    return new Response(answer?.body ?? null, {
      status,
      headers: answer ? { 'content-type': answer.contentType, 'x-content-type-options': 'nosniff' } : {},
    });
  };
  routes.post('/:provider', async (c) => {
    const request = await hintRequest(c.req.raw, publicUrl);
    return respond(await receive(waymark, c.req.param('provider'), request, onHint));
  });
  routes.post('/:provider/:token', async (c) => {
    const request = await hintRequest(c.req.raw, publicUrl);
    const received = await receiveNotice(waymark, c.req.param('provider'), c.req.param('token'), request);
    if (received.wake) onHint(received.wake.workspaceId, received.wake.installationId);
    return respond(received);
  });
  return routes;
}

async function hintRequest(raw: Request, publicUrl: string): Promise<HintRequest> {
  const received = new URL(raw.url);
  return {
    method: 'POST',
    url: `${publicUrl}${received.pathname}${received.search}`,
    headers: Object.fromEntries([...raw.headers].map(([name, value]) => [name.toLowerCase(), value])),
    body: new Uint8Array(await raw.arrayBuffer()),
  };
}

async function receive(
  waymark: Waymark,
  provider: string,
  request: HintRequest,
  onHint: (workspaceId: string, installationId: string) => void,
): Promise<Received> {
  let refusal: 400 | 401 | 403 | 404 = 404;
  for (const id of connectorIds) {
    const connector = await loadConnector(id);
    if (connector.manifest.auth.provider !== provider || !connector.hint) continue;
    if (refusal === 404) refusal = 401;
    for (const app of await appsOf(waymark, provider)) {
      const jwks = (url: string) => signingKeys(waymark, connector, url);
      const result = await connector.hint(request, { app, jwks }, waymark.now());
      if (!result.ok) {
        if (result.status !== 401) refusal = result.status;
        continue;
      }
      const named = [...result.hints, ...(result.deliveries ?? [])].map((one) => one.externalAccountId);
      for (const account of new Set(named)) {
        const entries = await entriesOf(waymark, id, account);
        for (const { workspaceId, installationId } of entries) {
          // An app signs for the workspace that owns it, and for no other.
          if (!app.workspaceIds.has(workspaceId) || installationId === null) continue;
          if (await keepHints(waymark, { workspaceId, installationId, account }, result))
            onHint(workspaceId, installationId);
        }
      }
      return { status: 202, ...answerOf(result) };
    }
  }
  return { status: refusal };
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

type Entries = Awaited<ReturnType<typeof resolveDirectory>>;

const entryCache = new WeakMap<Waymark, Map<string, { readonly until: number; readonly entries: Entries }>>();
/** Accounts that are remembered at most. */
const mostEntries = 10_000;

/**
 * Which installations an account's news is for, read again every ten seconds: whether they are there and switched on is asked when the
 * news is kept. That nobody has an account is not remembered, since somebody may connect it now.
 */
async function entriesOf(waymark: Waymark, connector: string, account: string): Promise<Entries> {
  const cache = entryCache.get(waymark) ?? new Map();
  entryCache.set(waymark, cache);
  const key = `${connector} ${account}`;
  const now = waymark.now();
  const ready = cache.get(key);
  if (ready && ready.until > now) return ready.entries;
  const entries = await waymark.database.global((tx) => resolveDirectory(tx, `account:${connector}`, account, now));
  if (cache.size >= mostEntries) cache.clear();
  if (entries.length > 0) cache.set(key, { until: now + 10_000, entries });
  else cache.delete(key);
  return entries;
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
