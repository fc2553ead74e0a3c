import type { EmulatorContext } from 'emulate';
import type { AccessGrant, OAuthServer } from '../front/oauth.ts';
import { forbidden, GoogleError, insufficientScope, invalidCredentials, loginRequired } from './errors.ts';
import type { GoogleState } from './state.ts';

export type App = EmulatorContext<GoogleState>['app'];
type Context = Parameters<Parameters<App['notFound']>[0]>[0];

/** An authorized call. */
export interface Call {
  readonly user: string;
  readonly grant: AccessGrant;
  readonly query: URLSearchParams;
  readonly param: (name: string) => string;
  readonly request: Request;
}

export interface Guard {
  readonly oauth: OAuthServer;
  /** Any one of these scopes opens the route. */
  readonly scopes: readonly string[];
  /** Called after the token and its scopes were accepted and before the work. Throws to refuse. */
  readonly charge: (call: Call) => void;
}

/**
 * Wraps a handler so that it cannot be reached without a live token of sufficient scope: there is no separate
 * middleware whose path pattern could miss. Refusals become Google's own bodies.
 */
export const guarded =
  (guard: Guard, handle: (call: Call) => Response | Promise<Response>) =>
  async (context: Context): Promise<Response> => {
    try {
      const authorization = context.req.header('authorization');
      const token = guard.oauth.introspect(authorization);
      if (!token.ok) throw token.reason === 'missing' ? loginRequired() : invalidCredentials();
      const { grant } = token;
      if (!guard.scopes.some((scope) => grant.scopes.includes(scope))) throw insufficientScope(guard.scopes);
      const call: Call = {
        user: grant.subject,
        grant,
        query: new URL(context.req.raw.url).searchParams,
        param: (name) => context.req.param(name),
        request: context.req.raw,
      };
      guard.charge(call);
      return await handle(call);
    } catch (error) {
      if (error instanceof GoogleError) return error.response();
      throw error;
    }
  };

/** Refuses `users/<somebody else>`: a token reads its own user only. */
export const assertOwnUser = (call: Call, userId: string): void => {
  if (userId !== 'me' && userId.toLowerCase() !== call.user) throw forbidden(`Delegation denied for ${call.user}`);
};

/** A page size: the default when absent, capped at `most`, as Google does without an error. */
export const pageSize = (value: string | null, usual: number, most: number): number => {
  const size = Number(value ?? usual);
  return Number.isInteger(size) && size > 0 ? Math.min(size, most) : usual;
};

/** An opaque token around plain data. */
export const sealToken = (data: object): string => Buffer.from(JSON.stringify(data)).toString('base64url');

/** The data in a token made by {@link sealToken}, or undefined when it is none. */
export const openToken = (token: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const data: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    return typeof data === 'object' && data !== null ? { ...data } : undefined;
  } catch {
    return undefined;
  }
};
