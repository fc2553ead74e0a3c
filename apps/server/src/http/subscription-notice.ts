import type { HintRequest, HintResult } from '@waymark/connector-kit';
import {
  installation as readInstallation,
  providerApp,
  pushByToken,
  pushSecretField,
  resolveDirectory,
} from '@waymark/store';
import { z } from 'zod';
import { secretHash } from '../oauth/secret-hash.ts';
import { connectorIds, loadConnector } from '../registry.ts';
import type { Waymark } from '../waymark.ts';
import { keepHints } from './keep-hints.ts';
import { signingKeys } from './signing-keys.ts';

const sealedShape = z.object({ secret: z.string() });

/** What to answer to a request, and whom to wake. */
export interface Received {
  readonly status: 200 | 202 | 400 | 401 | 403 | 404;
  readonly answer?: { readonly body: string; readonly contentType: string };
  readonly wake?: { readonly workspaceId: string; readonly installationId: string };
}

/**
 * A request to the address of one subscription, or of one installation to which others post. The token in the path leads to it; the
 * secret that the notice must carry decides (I6). A notice for another account than the installation's is left aside.
 */
export async function receiveNotice(
  waymark: Waymark,
  provider: string,
  token: string,
  request: HintRequest,
): Promise<Received> {
  const tokenHash = secretHash(token);
  const [entry] = await waymark.database.global((tx) => resolveDirectory(tx, 'push', tokenHash, waymark.now()));
  if (!entry || entry.installationId === null) return { status: 404 };
  const { workspaceId, installationId } = entry;
  const found = await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const installation = await readInstallation(tx, installationId);
    const push = await pushByToken(tx, tokenHash);
    return installation && push?.installationId === installationId ? { installation, push } : undefined;
  });
  if (!found || found.installation.provider !== provider || found.installation.status === 'disabled')
    return { status: 404 };
  const { installation, push } = found;
  if (!connectorIds.includes(installation.connector)) return { status: 404 };
  const connector = await loadConnector(installation.connector);
  if (!connector.hint) return { status: 404 };
  const opened = await waymark.sealer.open(workspaceId, installationId, pushSecretField(tokenHash), push.secret);
  const app = await waymark.database.inWorkspace(workspaceId, (tx) => providerApp(tx, waymark.sealer, provider));
  const result: HintResult = await connector.hint(
    request,
    {
      ...(app && { app }),
      subscription: {
        key: push.key,
        stream: push.stream,
        externalId: push.externalId,
        secret: sealedShape.parse(JSON.parse(opened)).secret,
        externalAccountId: installation.externalAccountId,
        settings: installation.settings,
      },
      jwks: (url) => signingKeys(waymark, connector, url),
    },
    waymark.now(),
  );
  if (!result.ok) return { status: result.status };
  const to = { workspaceId, installationId, account: installation.externalAccountId };
  if (!(await keepHints(waymark, to, result, { tokenHash, stream: push.stream }))) return { status: 404 };
  return { status: 202, ...answerOf(result), wake: { workspaceId, installationId } };
}

/** What a vendor wants to hear, never as a page: part of it comes from the request. */
export function answerOf(
  result: HintResult & { readonly ok: true },
): Pick<Received, 'answer'> & { status?: 200 | 202 } {
  if (!result.answer) return {};
  const { status, body, contentType } = result.answer;
  const plain = /^(text\/plain|application\/json)\b/.test(contentType) ? contentType : 'text/plain; charset=utf-8';
  return { status, answer: { body, contentType: plain } };
}
