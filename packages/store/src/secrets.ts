import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from './database.ts';
import { StoreError } from './errors.ts';
import { readKeyFile } from './key-file.ts';

/**
 * Seals secrets of a workspace with AES-256-GCM under the workspace's data key, which is itself wrapped by the master key. Workspace,
 * installation, field and key version are bound in as additional data (pattern: AWS KMS encryption context,
 * https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html), so a ciphertext moved to another row does not open.
 */
export type Sealer = {
  /** @param installationId the installation it belongs to, or `''` @param field table, column and whatever else names the row */
  readonly seal: (
    workspaceId: string,
    installationId: string,
    field: string,
    plaintext: string | Buffer,
  ) => Promise<Buffer>;
  /** @throws StoreError `secret_unreadable` where it was sealed for another row, workspace or master key, or altered */
  readonly open: (workspaceId: string, installationId: string, field: string, sealed: Buffer) => Promise<string>;
  readonly openBytes: (workspaceId: string, installationId: string, field: string, sealed: Buffer) => Promise<Buffer>;
  /** A fresh data key for a workspace, wrapped. */
  readonly wrapNewKey: (workspaceId: string, version: number) => Buffer;
  /** Forgets the workspace's keys read so far, after a rotation. */
  readonly forget: (workspaceId: string) => void;
};

/** Sealed form: format (1), key version (4 bytes), initialization vector (12), tag (16), ciphertext. */
const format = 1;
const [ivAt, tagAt, textAt] = [5, 17, 33];
/** How long a process may go on sealing with a key that another process has replaced. Retired keys stay readable. */
const keyLifetime = 60_000;

/** Makes the sealer of a database. `random` and `now` are there for tests. */
export function createSealer(options: {
  readonly database: Pick<Database, 'global' | 'inWorkspace'>;
  readonly masterKey: Buffer;
  readonly random?: (size: number) => Buffer;
  readonly now?: () => number;
}): Sealer {
  const { database, masterKey, random = randomBytes, now = Date.now } = options;
  requireKey(masterKey);
  type Keys = { readonly current: number; readonly byVersion: Map<number, Buffer>; readonly readAt: number };
  const known = new Map<string, Promise<Keys>>();

  const readKeys = async (workspaceId: string): Promise<Keys> => {
    // The current key first: a rotation in between puts its predecessor into the second answer, never out of both.
    const current = await database.global((tx) =>
      tx.query<{ wrapped_key: Buffer; key_version: number }>(
        'SELECT wrapped_key, key_version FROM workspace WHERE workspace_id = $1',
        [workspaceId],
      ),
    );
    const retired = await database.inWorkspace(workspaceId, (tx) =>
      tx.query<{ wrapped_key: Buffer; key_version: number }>(
        'SELECT wrapped_key, key_version FROM retired_key WHERE workspace_id = $1',
        [workspaceId],
      ),
    );
    const first = current.rows[0];
    if (!first) throw new StoreError('workspace_missing', `There is no workspace ${workspaceId}: create it first.`);
    const byVersion = new Map<number, Buffer>();
    for (const row of [...retired.rows, first]) {
      byVersion.set(row.key_version, decrypt(masterKey, row.wrapped_key, wrapContext(workspaceId, row.key_version)));
    }
    return { current: first.key_version, byVersion, readAt: now() };
  };
  const keysOf = async (workspaceId: string, version?: number): Promise<Keys> => {
    const found = await known.get(workspaceId);
    if (found && now() - found.readAt < keyLifetime && (version === undefined || found.byVersion.has(version)))
      return found;
    const reading = readKeys(workspaceId);
    known.set(workspaceId, reading);
    reading.catch(() => known.delete(workspaceId));
    return reading;
  };
  const openBytes: Sealer['openBytes'] = async (workspaceId, installationId, field, sealed) => {
    const version = sealedVersion(sealed);
    const key = (await keysOf(workspaceId, version)).byVersion.get(version);
    if (!key) throw unreadable();
    return decrypt(key, sealed, context(workspaceId, installationId, field, version));
  };
  return {
    seal: async (workspaceId, installationId, field, plaintext) => {
      const { current, byVersion } = await keysOf(workspaceId);
      const key = byVersion.get(current);
      if (!key) throw unreadable();
      return encrypt(
        key,
        current,
        Buffer.from(plaintext),
        context(workspaceId, installationId, field, current),
        random,
      );
    },
    openBytes,
    open: async (...where) => (await openBytes(...where)).toString('utf8'),
    wrapNewKey: (workspaceId, version) =>
      encrypt(masterKey, version, random(32), wrapContext(workspaceId, version), random),
    forget: (workspaceId) => void known.delete(workspaceId),
  };
}

/** The version of the key that a secret was sealed with. */
function sealedVersion(sealed: Buffer): number {
  if (sealed.length < textAt || sealed[0] !== format) throw unreadable();
  return sealed.readUInt32BE(1);
}

/** Wraps a data key anew under another master key, for its rotation. */
export function rewrapKey(workspaceId: string, wrapped: Buffer, from: Buffer, to: Buffer): Buffer {
  requireKey(to);
  const version = sealedVersion(wrapped);
  const aad = wrapContext(workspaceId, version);
  return encrypt(to, version, decrypt(from, wrapped, aad), aad, randomBytes);
}

// JSON keeps the parts apart: no two lists read the same.
const context = (workspaceId: string, installationId: string, field: string, version: number): Buffer =>
  Buffer.from(JSON.stringify(['waymark', workspaceId, installationId, field, version]));
const wrapContext = (workspaceId: string, version: number): Buffer =>
  Buffer.from(JSON.stringify(['waymark key', workspaceId, version]));
const unreadable = (): StoreError =>
  new StoreError(
    'secret_unreadable',
    'A stored secret cannot be opened: check that WAYMARK_MASTER_KEY is the one it was sealed with.',
  );

function encrypt(
  key: Buffer,
  version: number,
  plaintext: Buffer,
  aad: Buffer,
  random: (size: number) => Buffer,
): Buffer {
  const iv = random(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(aad);
  const text = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const head = Buffer.alloc(ivAt, format);
  head.writeUInt32BE(version, 1);
  return Buffer.concat([head, iv, cipher.getAuthTag(), text]);
}

function decrypt(key: Buffer, sealed: Buffer, aad: Buffer): Buffer {
  sealedVersion(sealed);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(ivAt, tagAt), { authTagLength: 16 });
    decipher.setAAD(aad).setAuthTag(sealed.subarray(tagAt, textAt));
    return Buffer.concat([decipher.update(sealed.subarray(textAt)), decipher.final()]);
  } catch {
    throw unreadable();
  }
}

function requireKey(key: Buffer): void {
  if (key.length !== 32) {
    throw new StoreError(
      'master_key_invalid',
      'The master key must be 32 bytes in base64: make one with `openssl rand -base64 32`.',
    );
  }
}

/**
 * The master key: WAYMARK_MASTER_KEY where given (32 bytes in base64), else `<home>/master.key`, made on first use with mode 0600.
 *
 * @throws StoreError `master_key_invalid` for a key of the wrong length, or a file that others may read
 */
export async function loadMasterKey(options: {
  readonly base64?: string | undefined;
  readonly home?: string | undefined;
}): Promise<Buffer> {
  if (options.base64 !== undefined) {
    const key = Buffer.from(options.base64.trim(), 'base64');
    requireKey(key);
    return key;
  }
  if (options.home === undefined) {
    throw new StoreError(
      'master_key_invalid',
      'Set WAYMARK_MASTER_KEY (32 bytes in base64), or WAYMARK_HOME for a file that holds it.',
    );
  }
  const path = join(options.home, 'master.key');
  await mkdir(options.home, { recursive: true, mode: 0o711 });
  const base64 = (await readKeyFile(path, () => `${randomBytes(32).toString('base64')}\n`)).toString('utf8');
  if (((await stat(path)).mode & 0o077) !== 0) {
    throw new StoreError('master_key_invalid', `${path} can be read by others: run chmod 600 on it.`);
  }
  return loadMasterKey({ base64 });
}
