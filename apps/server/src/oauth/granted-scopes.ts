import type { TokenEndpointResponse } from 'openid-client';

/**
 * What was really granted (failure E6): as text with spaces (RFC 6749) or commas (Slack), as a list (HubSpot), or, where nothing is
 * said, what was asked. Entra names a scope with its resource and leaves `offline_access` out, of which the refresh token is the proof
 * (https://learn.microsoft.com/entra/identity-platform/scopes-oidc); so does Salesforce with `refresh_token`.
 */
export function grantedBy(
  tokens: Pick<TokenEndpointResponse, 'scope' | 'refresh_token'> & { readonly scopes?: unknown },
  asked: readonly string[],
): readonly string[] {
  const told = toldBy(tokens);
  if (told === undefined) return asked;
  const names = new Set(told.flatMap((scope) => [scope.toLowerCase(), shortOf(scope)]));
  const also = asked.filter((scope) => {
    if (told.includes(scope)) return false;
    if (scope === 'offline_access' || scope === 'refresh_token') return tokens.refresh_token !== undefined;
    return names.has(scope.toLowerCase()) || (provesItself(scope) && names.has(shortOf(scope)));
  });
  return [...told, ...also];
}

const shortOf = (scope: string): string => scope.slice(scope.lastIndexOf('/') + 1).toLowerCase();

/** Entra's resource before a scope, which its answers may leave out. */
const provesItself = (scope: string): boolean => scope.startsWith('https://graph.microsoft.com/');

function toldBy(tokens: { readonly scope?: string; readonly scopes?: unknown }): readonly string[] | undefined {
  if (typeof tokens.scope === 'string' && tokens.scope !== '') return tokens.scope.split(/[\s,]+/);
  const { scopes } = tokens;
  return Array.isArray(scopes) ? scopes.filter((one) => typeof one === 'string') : undefined;
}
