import { Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { beginConsent, completeConsent } from '../oauth/grant.ts';
import { InstallError } from '../oauth/install-error.ts';
import { page } from '../status/page.ts';
import { html } from 'hono/html';
import type { Waymark } from '../waymark.ts';

const browserCookie = 'waymark_oauth';

/** The way through a provider's consent: a one-use link out, a callback back to the same browser. */
export function oauthRoutes(waymark: Waymark, publicUrl: string): Hono {
  const routes = new Hono();
  routes.get('/start/:token', async (c) => {
    const { location, browserSecret } = await beginConsent(waymark, c.req.param('token'));
    setCookie(c, browserCookie, browserSecret, {
      httpOnly: true,
      sameSite: 'Lax',
      secure: publicUrl.startsWith('https:'),
      path: '/oauth',
      maxAge: 600,
    });
    return c.redirect(location);
  });
  routes.get('/:provider/callback', async (c) => {
    const done = await completeConsent(waymark, c.req.param('provider'), {
      query: new URL(c.req.url).searchParams,
      browserSecret: getCookie(c, browserCookie),
    });
    const missing =
      done.missingScopes.length > 0
        ? html`<p class="bad">
            Not allowed: ${done.missingScopes.join(', ')}. The streams that need it are paused; the rest run.
          </p>`
        : '';
    return c.html(
      page(
        'Connected',
        html`<h1>Connected</h1>
          <p>${done.installation.label} is connected by ${done.installation.connector}. It is being read now.</p>
          ${missing}
          <p>You can close this page.</p>`,
      ),
    );
  });
  routes.onError((error, c) => {
    if (!(error instanceof InstallError)) {
      waymark.log.error({ err: error }, 'the way through consent failed');
      return c.html(
        page(
          'Not connected',
          html`<h1>Not connected</h1>
            <p>Something went wrong on our side. Try the link again.</p>`,
        ),
        500,
      );
    }
    return c.html(
      page(
        'Not connected',
        html`<h1>Not connected</h1>
          <p>${error.message}</p>`,
      ),
      error.status,
    );
  });
  return routes;
}
