import { createHash, createHmac, hkdfSync, pbkdf2Sync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readKeyFile } from '../key-file.ts';

/** The passwords of the embedded server's two roles. They are derived, and written nowhere. */
export type Passwords = { readonly owner: string; readonly app: string };

/** Reads `<folder>/access.key` (32 random bytes, mode 0600), making it on first use. */
export async function readPasswords(folder: string): Promise<Passwords> {
  const key = await readKeyFile(join(folder, 'access.key'), () => randomBytes(32));
  const derive = (role: string): string =>
    Buffer.from(hkdfSync('sha256', key, '', `waymark postgres ${role}`, 24)).toString('base64url');
  return { owner: derive('owner'), app: derive('app') };
}

/** PostgreSQL's stored form of a password (RFC 5803; auth-scram.c), so that the server never sees the password itself. */
export function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, 4096, 32, 'sha256');
  const client = createHmac('sha256', salted).update('Client Key').digest();
  const stored = createHash('sha256').update(client).digest('base64');
  const server = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$4096:${salt.toString('base64')}$${stored}:${server}`;
}
