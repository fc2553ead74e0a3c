import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { workspaceOfToken } from '@waymark/store';
import { sessionCookie, type Access } from '../http/access.ts';
import type { Waymark } from '../waymark.ts';
import { page, signInPage } from './page.ts';

const monthSeconds = 30 * 86_400;

/** Nothing but our own styles runs or loads on a page: a text that were not escaped could still do nothing. */
export const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Lets a reader of pages in: by the cookie, or by `?token=` on the first page, which sets the cookie and leads to the clean address, so
 * that the token stays in no history and no referrer. Anyone else gets the sign-in page with 401.
 */
export function requirePageToken(waymark: Waymark, publicUrl: string): MiddlewareHandler<Access> {
  const workspaceOf = (token: string): Promise<string | undefined> =>
    waymark.database.global((tx) => workspaceOfToken(tx, token, waymark.now()));
  return async (c, next) => {
    const address = new URL(c.req.url);
    const offered = c.req.query('token');
    if (offered !== undefined) {
      if (!(await workspaceOf(offered))) return signIn(c, true, ownPath(c.req.query('next')));
      setCookie(c, sessionCookie, offered, {
        httpOnly: true,
        sameSite: 'Strict',
        secure: publicUrl.startsWith('https:'),
        path: '/',
        maxAge: monthSeconds,
      });
      address.searchParams.delete('token');
      address.searchParams.delete('next');
      return c.redirect(c.req.query('next') ? ownPath(c.req.query('next')) : address.pathname + address.search, 303);
    }
    const token = getCookie(c, sessionCookie) ?? /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1];
    const workspaceId = token === undefined ? undefined : await workspaceOf(token);
    if (workspaceId) {
      c.set('workspaceId', workspaceId);
      return next();
    }
    // A link in Slack leads here from another site, and a strict cookie stays at home. The same address asked for by our own page brings it.
    const fromOutside =
      c.req.header('sec-fetch-site') === 'cross-site' && c.req.header('sec-fetch-mode') === 'navigate';
    if (fromOutside && token === undefined && c.req.query('again') === undefined) {
      address.searchParams.set('again', '1');
      const again = address.pathname + address.search;
      return c.html(
        html`<!doctype html>
          <meta charset="utf-8" />
          <meta http-equiv="refresh" content="0;url=${again}" />
          <title>Waymark</title>
          <p><a href="${again}">Go on</a></p>`,
      );
    }
    return signIn(c, token !== undefined, address.pathname + address.search);
  };
}

function signIn(c: Context, refused: boolean, next: string): Response | Promise<Response> {
  return c.html(signInPage({ refused, next }), 401, { 'www-authenticate': 'Bearer' });
}

/** A path of this server, never another site's address. */
function ownPath(path: string | undefined): string {
  return path !== undefined && /^\/(?![/\\])/.test(path) ? path : '/';
}

/** The page for an address that leads to nothing in this workspace. */
export function missingPage(what: string): ReturnType<typeof page> {
  return page(
    'Not found',
    html`<h1>Not found</h1>
      <p>There is no ${what} at this address in this workspace. It may have been merged, corrected or erased.</p>
      <p><a href="/">Overview</a></p>`,
  );
}
