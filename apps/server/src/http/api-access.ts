import { createHash } from 'node:crypto';
import { remedyOf } from '@waymark/journey';
import type { Context, MiddlewareHandler } from 'hono';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Tx } from '@waymark/store';
import type { Waymark } from '../waymark.ts';
import type { Access } from './access.ts';
import { ApiError } from './api-error.ts';

export type Api = OpenAPIHono<Access>;

/** A router of the API: every fault of a request's form is answered in the API's one form of error. */
export function apiRouter(): Api {
  return new OpenAPIHono<Access>({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      const wrong = result.error.issues
        .slice(0, 5)
        .map((issue) => `${issue.path.join('.') || 'request'}: ${remedyOf(issue)}`);
      return c.json({ error: { code: 'INVALID', message: `${wrong.join('; ')}.` } }, 400);
    },
  });
}

/** Runs work in the transaction of the token's workspace: no handler names a workspace in any other way (I6). */
export function inside<T>(waymark: Waymark, c: Context<Access>, work: (tx: Tx) => Promise<T>): Promise<T> {
  return waymark.database.inWorkspace(c.get('workspaceId'), work);
}

/** Who acts, for the audit log: the token by its id, as `waymark token list` shows it. */
export function actorOf(c: Context<Access>): string {
  const token = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
  return `token:${createHash('sha256').update(token).digest('hex').slice(0, 12)}`;
}

/**
 * Lets each workspace make so many requests in a minute, in this process; beyond it 429 with Retry-After. Buckets refill evenly, so
 * that one caller cannot take another workspace's share (I10).
 */
export function rateLimit(now: () => number, perMinute: number): MiddlewareHandler<Access> {
  const buckets = new Map<string, { left: number; at: number }>();
  return async (c, next) => {
    const at = now();
    const key = c.get('workspaceId');
    const bucket = buckets.get(key) ?? { left: perMinute, at };
    bucket.left = Math.min(perMinute, bucket.left + ((at - bucket.at) / 60_000) * perMinute);
    bucket.at = at;
    buckets.set(key, bucket);
    if (bucket.left < 1) {
      c.header('retry-after', String(Math.max(1, Math.ceil(((1 - bucket.left) * 60) / perMinute))));
      throw new ApiError(
        429,
        'RATE_LIMITED',
        `At most ${perMinute} requests a minute: wait as long as Retry-After says.`,
      );
    }
    bucket.left -= 1;
    return next();
  };
}
