import { createHash, randomBytes } from 'node:crypto';
import {
  providerApp,
  putDirectory,
  resolveDirectory,
  saveOAuthAttempt,
  takeOAuthAttempt,
  type OAuthAttempt,
} from '@waymark/store';
import { InstallProvider, type InstallURLOptions, type StateStore } from '@slack/oauth';
import type { SlackBotDependencies } from '../dependencies.ts';
import { SlackBotError } from '../errors.ts';
import { quietLogger } from '../quiet-logger.ts';
import { defaultTiming } from '../dependencies.ts';
import { installationStore } from './installation-store.ts';
import { exchange } from './node-exchange.ts';
import { slackRedirectUri, slackScopes } from './scopes.ts';

const linkLifeMs = 3_600_000;
/** The cookie that @slack/oauth compares with the state. */
const stateCookie = 'slack-app-oauth-state';
const stateLifeSeconds = 600;

type LinkDependencies = Pick<SlackBotDependencies, 'database' | 'sealer' | 'now' | 'publicUrl'>;
export type FlowDependencies = LinkDependencies &
  Pick<SlackBotDependencies, 'slackApiUrl' | 'authorizeUrl' | 'wake' | 'log'>;

const hash = (secret: string) => createHash('sha256').update(secret).digest('hex');
const secret = () => randomBytes(32).toString('base64url');

/** A one-use link, good for an hour, that connects a Slack team to this workspace and no other. */
export async function slackInstallUrl(deps: LinkDependencies, workspaceId: string): Promise<string> {
  const token = secret();
  await saveAttempt(deps, workspaceId, 'slack_install_link', token, linkLifeMs);
  return `${deps.publicUrl}/oauth/slack/start/${token}`;
}

async function saveAttempt(
  deps: LinkDependencies,
  workspaceId: string,
  kind: 'slack_install_link' | 'slack_oauth_state',
  token: string,
  lifeMs: number,
): Promise<void> {
  const now = deps.now();
  const attempt: OAuthAttempt = {
    stateHash: hash(token),
    provider: 'slack',
    connector: 'slack',
    browserHash: null,
    // Slack's way for apps has no PKCE in @slack/oauth; the state's cookie binds the browser.
    verifier: null,
    redirectUri: slackRedirectUri(deps.publicUrl),
    scopes: slackScopes,
    settings: {},
    createdAt: now,
    expiresAt: now + lifeMs,
  };
  await deps.database.inWorkspace(workspaceId, (tx) => saveOAuthAttempt(tx, deps.sealer, attempt));
  const entry = { kind, key: hash(token), workspaceId, installationId: null, expiresAt: attempt.expiresAt };
  await deps.database.global((tx) => putDirectory(tx, entry));
}

/** Takes an attempt once. */
async function takeAttempt(
  deps: LinkDependencies,
  kind: 'slack_install_link' | 'slack_oauth_state',
  token: string,
): Promise<string> {
  const now = deps.now();
  const [entry] = await deps.database.global((tx) => resolveDirectory(tx, kind, hash(token), now));
  const taken =
    entry &&
    (await deps.database.inWorkspace(entry.workspaceId, (tx) =>
      takeOAuthAttempt(tx, deps.sealer, hash(token), null, now),
    ));
  if (!entry || !taken) {
    throw new SlackBotError(
      'link_invalid',
      'This link was used or has run out: make a new one with waymark install slack.',
    );
  }
  return entry.workspaceId;
}

/** Follows a link: to Slack's consent page, with a cookie that binds the way back to this browser. */
export async function startInstall(deps: FlowDependencies, request: Request): Promise<Response> {
  const url = new URL(request.url);
  try {
    const workspaceId = await takeAttempt(deps, 'slack_install_link', url.pathname.split('/').at(-1) ?? '');
    const state = secret();
    await saveAttempt(deps, workspaceId, 'slack_oauth_state', state, stateLifeSeconds * 1000);
    const provider = await installProvider(deps, workspaceId);
    const team = url.searchParams.get('team');
    const location = await provider.generateInstallUrl(
      { ...urlOptions(deps), ...(team !== null && { teamId: team }) },
      true,
      state,
    );
    const secure = deps.publicUrl.startsWith('https:') ? '; Secure' : '';
    const cookie = `${stateCookie}=${state}; HttpOnly; SameSite=Lax; Path=/; Max-Age=${stateLifeSeconds}${secure}`;
    return new Response(null, {
      status: 302,
      headers: { location, 'set-cookie': cookie, 'cache-control': 'no-store' },
    });
  } catch (error) {
    return refusal(deps, error);
  }
}

/** Takes the browser back from Slack: the code becomes a token, sealed in the store. */
export async function finishInstall(deps: FlowDependencies, request: Request): Promise<Response> {
  const state = new URL(request.url).searchParams.get('state') ?? '';
  try {
    const [entry] = await deps.database.global((tx) =>
      resolveDirectory(tx, 'slack_oauth_state', hash(state), deps.now()),
    );
    if (!entry) {
      throw new SlackBotError(
        'link_invalid',
        'This way back from Slack was used or has run out: make a new link with waymark install slack.',
      );
    }
    const provider = await installProvider(deps, entry.workspaceId);
    let failure: unknown;
    let team = '';
    const answer = await exchange(request, (incoming, outgoing) =>
      provider.handleCallback(incoming, outgoing, {
        success: (installation, _options, _request, response) => {
          team = installation.team?.name ?? '';
          response.end('');
        },
        failure: (error, _options, _request, response) => {
          failure = error;
          response.end('');
        },
      }),
    );
    if (failure !== undefined) return refusal(deps, failure);
    const name = team === '' ? 'Slack' : `The Slack team ${team}`;
    return page('Connected', `${name} is connected. You can close this page.`, 200, answer.headers.getSetCookie());
  } catch (error) {
    return refusal(deps, error);
  }
}

const urlOptions = (deps: LinkDependencies): InstallURLOptions => ({
  scopes: [...slackScopes],
  redirectUri: slackRedirectUri(deps.publicUrl),
});

async function installProvider(deps: FlowDependencies, workspaceId: string): Promise<InstallProvider> {
  const app = await deps.database.inWorkspace(workspaceId, (tx) => providerApp(tx, deps.sealer, 'slack'));
  if (!app) throw new SlackBotError('app_missing', 'The Slack app has no credentials: run waymark install slack.');
  const stateStore: StateStore = {
    generateStateParam: () => Promise.reject(new SlackBotError('link_invalid', 'States are made by the install link.')),
    verifyStateParam: async (_now, state) => {
      await takeAttempt(deps, 'slack_oauth_state', state);
      return urlOptions(deps);
    },
  };
  return new InstallProvider({
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    stateStore,
    installationStore: installationStore(deps, workspaceId),
    authorizationUrl: deps.authorizeUrl,
    logger: quietLogger(),
    clientOptions: {
      slackApiUrl: deps.slackApiUrl,
      retryConfig: { retries: 0 },
      timeout: defaultTiming.callTimeoutMs,
    },
  });
}

/** Only sentences of our own reach the page: an SDK's error may hold what it was given. */
function refusal(deps: FlowDependencies, error: unknown): Response {
  if (error instanceof SlackBotError) return page('Not connected', error.message, 400);
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
  deps.log.warn({ code }, 'a Slack install was not finished');
  const sentence = code.includes('state')
    ? 'The way back did not come from the browser that set out: open the link again, in one browser.'
    : code.includes('authorization')
      ? 'The consent was refused in Slack: open a new link to try again.'
      : 'Slack did not complete the install: check the app’s client id and secret, and make a new link.';
  return page('Not connected', sentence, 400);
}

function page(title: string, sentence: string, status: number, cookies: readonly string[] = []): Response {
  const escape = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  const headers = new Headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
  });
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title><h1>${escape(title)}</h1><p>${escape(sentence)}</p></html>`,
    { status, headers },
  );
}
