import { randomBytes } from 'node:crypto';
import type { EmulatorContext } from 'emulate';
import { escapeHtml } from '../front/consent-page.ts';
import { Arguments } from './call.ts';
import { SlackFault } from './slack-fault.ts';
import type { SlackApp, SlackState } from './state.ts';
import { argumentsOf, refusal } from './web-api.ts';
import type { Workspace } from './workspace.ts';

type App = EmulatorContext<SlackState>['app'];

/** Codes live ten minutes: https://docs.slack.dev/authentication/installing-with-oauth */
const codeLifeMs = 10 * 60_000;

/**
 * Serves the OAuth v2 flow: consent at `/oauth/v2/authorize`, exchange at `/api/oauth.v2.access`.
 * @param autoConsent redirects at once, for the team named by `team`, else the first one.
 * @see https://docs.slack.dev/authentication/installing-with-oauth
 */
export function serveOAuth(app: App, workspace: Workspace, autoConsent: boolean): void {
  app.on('GET', '/oauth/v2/authorize', (c) => {
    const query = new URL(c.req.url).searchParams;
    const asked = checkedRequest(workspace, query);
    if (typeof asked === 'string') return page(errorHtml(asked), 400);
    const team = query.get('team');
    if (autoConsent) {
      const chosen = team === null ? Object.keys(workspace.state.teams)[0] : team;
      if (chosen === undefined || workspace.state.teams[chosen] === undefined)
        return page(errorHtml('no_such_team'), 400);
      return c.redirect(allow(workspace, asked, chosen));
    }
    return page(consentHtml(workspace, asked, query, team), 200, new URL(asked.redirectUri).origin);
  });

  app.on('POST', '/oauth/v2/authorize', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const asked = checkedRequest(workspace, form);
    if (typeof asked === 'string') return page(errorHtml(asked), 400);
    if (form.get('decision') !== 'allow') {
      const target = new URL(asked.redirectUri);
      target.searchParams.set('error', 'access_denied');
      if (asked.state !== null) target.searchParams.set('state', asked.state);
      return c.redirect(target.toString());
    }
    const team = form.get('chosen_team') ?? '';
    if (workspace.state.teams[team] === undefined) return page(errorHtml('no_such_team'), 400);
    return c.redirect(allow(workspace, asked, team));
  });

  app.on('POST', '/api/oauth.v2.access', async (c) => {
    try {
      return Response.json({
        ok: true,
        ...exchange(workspace, c.req.raw, new Arguments(await argumentsOf(c.req.raw))),
      });
    } catch (error) {
      return refusal(error);
    }
  });
}

interface Asked {
  readonly app: SlackApp;
  readonly scopes: string[];
  readonly redirectUri: string;
  readonly state: string | null;
}

/** The authorize request, or the error that Slack's page shows; an unregistered redirect is never followed. */
function checkedRequest(workspace: Workspace, query: URLSearchParams): Asked | string {
  const app = Object.values(workspace.state.apps).find((each) => each.clientId === query.get('client_id'));
  if (app === undefined) return 'invalid_client_id';
  const redirectUri = query.get('redirect_uri') ?? app.redirectUris[0];
  if (redirectUri === undefined || !app.redirectUris.includes(redirectUri)) return 'bad_redirect_uri';
  const scopes = (query.get('scope') ?? '').split(/[\s,]+/).filter((scope) => scope !== '');
  if (scopes.length === 0) return 'invalid_scope';
  return { app, scopes, redirectUri, state: query.get('state') };
}

function allow(workspace: Workspace, asked: Asked, team: string): string {
  const installer = workspace.usersOf(team).find((user) => !user.isBot && !user.deleted);
  const code = `${randomBytes(6).toString('hex')}.${randomBytes(16).toString('hex')}`;
  workspace.state.codes[code] = {
    code,
    app: asked.app.id,
    team,
    user: installer?.id ?? '',
    scopes: asked.scopes,
    redirectUri: asked.redirectUri,
    expiresAt: workspace.now() + codeLifeMs,
    used: false,
  };
  const target = new URL(asked.redirectUri);
  target.searchParams.set('code', code);
  if (asked.state !== null) target.searchParams.set('state', asked.state);
  return target.toString();
}

/** https://docs.slack.dev/reference/methods/oauth.v2.access: the secret as an argument or by HTTP Basic. */
function exchange(workspace: Workspace, request: Request, args: Arguments): Record<string, unknown> {
  const basic = /^Basic (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const [basicId, basicSecret] = basic === undefined ? [] : Buffer.from(basic, 'base64').toString().split(':');
  const app = Object.values(workspace.state.apps).find((each) => each.clientId === (basicId ?? args.text('client_id')));
  if (app === undefined) throw new SlackFault('invalid_client_id');
  if ((basicSecret ?? args.text('client_secret')) !== app.clientSecret) throw new SlackFault('bad_client_secret');
  const code = workspace.state.codes[args.text('code') ?? ''];
  if (code === undefined || code.app !== app.id) throw new SlackFault('invalid_code');
  if (code.used) throw new SlackFault('code_already_used');
  if (workspace.now() > code.expiresAt) throw new SlackFault('code_expired');
  const redirectUri = args.text('redirect_uri');
  if (redirectUri !== undefined && redirectUri !== code.redirectUri) throw new SlackFault('bad_redirect_uri');
  code.used = true;
  const token = workspace.install(code.team, app, code.scopes);
  // Nobody types /invite in the sandbox: an app that may see who shares a channel is taken into those that are shared.
  if (code.scopes.includes('team:read')) {
    for (const channel of workspace.channelsOf(code.team))
      if (channel.sharedWith && !channel.members.includes(token.user)) channel.members.push(token.user);
  }
  return {
    app_id: app.id,
    authed_user: { id: code.user },
    scope: token.scopes.join(','),
    token_type: 'bot',
    access_token: token.token,
    bot_user_id: token.user,
    team: { id: code.team, name: workspace.state.teams[code.team]?.name ?? '' },
    enterprise: null,
    is_enterprise_install: false,
  };
}

function page(body: string, status: number, formTarget = ''): Response {
  return new Response(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox: install an app</title>` +
      `<link rel="stylesheet" href="/sandbox/consent.css"></head><body><main>${body}` +
      `<p class="note">Sample data — sandbox, not Slack.</p></main></body></html>`,
    {
      status,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        // Browsers apply form-action to the redirect after the form too.
        'content-security-policy': `default-src 'none'; style-src 'self'; form-action 'self' ${formTarget}; base-uri 'none'; frame-ancestors 'none'`,
      },
    },
  );
}

function errorHtml(code: string): string {
  return `<h1>This app cannot be installed</h1><p>Error: <code>${escapeHtml(code)}</code></p>`;
}

function consentHtml(workspace: Workspace, asked: Asked, query: URLSearchParams, team: string | null): string {
  const hidden = [...query]
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('');
  const teams = Object.values(workspace.state.teams)
    .filter((each) => each.emailDomain === undefined)
    .map((each, index) => {
      const checked = each.id === team || (team === null && index === 0) ? ' checked' : '';
      return `<label><input type="radio" name="chosen_team" value="${escapeHtml(each.id)}"${checked}> ${escapeHtml(each.name)}</label>`;
    })
    .join('');
  const scopes = asked.scopes.map((scope) => `<li><code>${escapeHtml(scope)}</code></li>`).join('');
  return (
    `<h1>${escapeHtml(asked.app.name)} is requesting permission to access a workspace</h1>` +
    `<form method="post" action="/oauth/v2/authorize">${hidden}<fieldset><legend>Workspace</legend>${teams}</fieldset>` +
    `<h2>What will ${escapeHtml(asked.app.name)} be able to do?</h2><ul>${scopes}</ul>` +
    `<button name="decision" value="allow" class="primary">Allow</button> <button name="decision" value="deny">Cancel</button></form>`
  );
}
