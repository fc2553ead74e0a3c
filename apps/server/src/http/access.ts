import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { workspaceOfToken } from '@waymark/store';
import type { Waymark } from '../waymark.ts';

/** What a request behind a token knows. */
export interface Access {
  Variables: { workspaceId: string };
}

export const sessionCookie = 'waymark_session';

/**
 * Lets a request pass that brings a token of a workspace: as a bearer token, or for pages in a cookie. Everything it then sees is
 * that workspace's (I6).
 */
export function requireToken(waymark: Waymark): MiddlewareHandler<Access> {
  return async (c, next) => {
    const bearer = /^Bearer (wmk_[A-Za-z0-9_-]{43})$/.exec(c.req.header('authorization') ?? '')?.[1];
    // The cookie alone must not carry a change: another site's page could send it.
    const cookie = c.req.method === 'GET' || c.req.method === 'HEAD' ? getCookie(c, sessionCookie) : undefined;
    const token = bearer ?? cookie;
    const workspaceId = token && (await waymark.database.global((tx) => workspaceOfToken(tx, token, waymark.now())));
    if (!workspaceId) return refuse(c);
    c.set('workspaceId', workspaceId);
    return next();
  };
}

function refuse(c: Context): Response {
  const message =
    'This needs a token of the workspace: make one with waymark token, and send it as Authorization: Bearer wmk_….';
  return c.json({ error: { code: 'TOKEN_NEEDED', message } }, 401, { 'www-authenticate': 'Bearer' });
}
