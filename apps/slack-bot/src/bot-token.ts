import {
  countRevokedSignal,
  providerApp,
  readTokens,
  writeTokens,
  type Sealer,
  type SealedTokens,
  type Tx,
} from '@waymark/store';
import type { SlackBotDependencies } from './dependencies.ts';
import { SlackBotError } from './errors.ts';
import { slackInstallation, type SlackInstallation } from './installation.ts';
import { classifyCall, webClient } from './web-client.ts';

/** An install that can be used, with a client in its name. */
export interface SlackSession {
  readonly installation: SlackInstallation;
  readonly client: ReturnType<typeof webClient>;
}

/** Rotating tokens live twelve hours; one that has less than this left is renewed. */
const renewWithinMs = 2 * 3_600_000;

/**
 * The workspace's Slack session; undefined where Slack is not installed or its grant is dead. A rotating token is renewed under the
 * row's lock, since its refresh token works once (failure E1): @slack/oauth would take no lock and swallow the error.
 * https://docs.slack.dev/authentication/using-token-rotation
 */
export async function openSession(
  deps: SlackBotDependencies,
  workspaceId: string,
  timeoutMs: number,
): Promise<SlackSession | undefined> {
  const read = await deps.database.inWorkspace(workspaceId, async (tx) => {
    const installation = await slackInstallation(tx);
    return installation && { installation, tokens: await readTokens(tx, installation.installationId, false) };
  });
  if (!read?.tokens?.accessToken || read.installation.status !== 'active') return undefined;
  const { installation } = read;
  const token = isFresh(read.tokens, deps.now())
    ? await openToken(deps.sealer, workspaceId, installation.installationId, read.tokens.accessToken)
    : await renew(deps, workspaceId, installation.installationId, timeoutMs);
  return token === undefined
    ? undefined
    : { installation, client: webClient(token, { apiUrl: deps.slackApiUrl, timeoutMs }) };
}

const isFresh = (tokens: SealedTokens, now: number) =>
  tokens.accessExpiresAt === null || tokens.refreshToken === null || tokens.accessExpiresAt - now > renewWithinMs;

const openToken = (sealer: Sealer, workspaceId: string, installationId: string, sealed: Buffer) =>
  sealer.open(workspaceId, installationId, 'access_token', sealed);

async function renew(
  deps: SlackBotDependencies,
  workspaceId: string,
  installationId: string,
  timeoutMs: number,
): Promise<string | undefined> {
  return deps.database.inWorkspace(workspaceId, async (tx) => {
    const tokens = await readTokens(tx, installationId, true);
    if (!tokens?.accessToken) return undefined;
    const present = tokens.accessToken;
    // Another process may have renewed it while this one waited for the lock.
    if (isFresh(tokens, deps.now()) || !tokens.refreshToken)
      return openToken(deps.sealer, workspaceId, installationId, present);
    const app = await providerApp(tx, deps.sealer, 'slack');
    if (!app) throw new SlackBotError('app_missing', 'The Slack app has no credentials: run waymark install slack.');
    try {
      const answer = await webClient(undefined, { apiUrl: deps.slackApiUrl, timeoutMs }).oauth.v2.access({
        client_id: app.clientId,
        client_secret: app.clientSecret,
        grant_type: 'refresh_token',
        refresh_token: await deps.sealer.open(workspaceId, installationId, 'refresh_token', tokens.refreshToken),
      });
      if (!answer.access_token) throw new SlackBotError('not_installed', 'Slack gave no token: install the app again.');
      await storeRenewed(tx, deps, installationId, answer);
      return answer.access_token;
    } catch (error) {
      const outcome = classifyCall(error);
      deps.log.warn({ workspaceId, outcome: outcome.kind }, 'the Slack token could not be renewed');
      if (outcome.kind === 'refused' || outcome.kind === 'token-dead') {
        await countRevokedSignal(tx, installationId, `Slack refused to renew the token: ${outcome.error}`, deps.now());
      }
      const alive = tokens.accessExpiresAt !== null && tokens.accessExpiresAt > deps.now();
      return alive ? openToken(deps.sealer, workspaceId, installationId, present) : undefined;
    }
  });
}

async function storeRenewed(
  tx: Tx,
  deps: SlackBotDependencies,
  installationId: string,
  answer: { readonly access_token?: string; readonly refresh_token?: string; readonly expires_in?: number },
): Promise<void> {
  const seal = (field: string, secret: string) => deps.sealer.seal(tx.workspaceId, installationId, field, secret);
  await writeTokens(
    tx,
    installationId,
    {
      accessToken: await seal('access_token', answer.access_token ?? ''),
      refreshToken: answer.refresh_token === undefined ? null : await seal('refresh_token', answer.refresh_token),
      accessExpiresAt: answer.expires_in === undefined ? null : deps.now() + answer.expires_in * 1000,
    },
    deps.now(),
  );
}
