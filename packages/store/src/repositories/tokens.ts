import { createHash, randomBytes } from 'node:crypto';
import type { Transaction } from '../tenancy.ts';
import { directoryOf, putDirectory, removeDirectory, resolveDirectory } from './directory.ts';

const kind = 'api_token';
const shape = /^wmk_[A-Za-z0-9_-]{43}$/;

/**
 * Makes an API token of a workspace. Its clear text is returned this once; only its SHA-256 is kept, which is enough for 256 random
 * bits.
 *
 * @param options.expiresAt epoch milliseconds, null for never
 */
export async function createToken(
  tx: Transaction,
  workspaceId: string,
  options: { readonly expiresAt?: number | null; readonly random?: (size: number) => Buffer } = {},
): Promise<{ readonly token: string; readonly tokenId: string }> {
  const token = `wmk_${(options.random ?? randomBytes)(32).toString('base64url')}`;
  const key = tokenHash(token);
  await putDirectory(tx, { kind, key, workspaceId, installationId: null, expiresAt: options.expiresAt ?? null });
  return { token, tokenId: key.slice(0, 12) };
}

/** The workspace that a token opens at a time; undefined for anything else. */
export async function workspaceOfToken(tx: Transaction, token: string, at: number): Promise<string | undefined> {
  if (!shape.test(token)) return undefined;
  const [entry] = await resolveDirectory(tx, kind, tokenHash(token), at);
  return entry?.workspaceId;
}

/** The workspace's tokens by the ids that `createToken` gave. */
export async function listTokens(
  tx: Transaction,
  workspaceId: string,
): Promise<readonly { readonly tokenId: string; readonly expiresAt: number | null }[]> {
  return (await directoryOf(tx, kind, workspaceId)).map((entry) => ({
    tokenId: entry.key.slice(0, 12),
    expiresAt: entry.expiresAt,
  }));
}

/** Ends a token, by its id or its clear text. Returns whether it was there. */
export async function revokeToken(tx: Transaction, workspaceId: string, idOrToken: string): Promise<boolean> {
  const id = shape.test(idOrToken) ? tokenHash(idOrToken) : idOrToken;
  if (id.length < 12) return false;
  const found = (await directoryOf(tx, kind, workspaceId)).filter((entry) => entry.key.startsWith(id));
  for (const entry of found) await removeDirectory(tx, kind, entry.key, workspaceId);
  return found.length > 0;
}

function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
