import { randomBytes } from 'node:crypto';
import { contentUuid } from '@waymark/journey';
import {
  beginPush,
  installation as readInstallation,
  pushSecretField,
  pushSubscriptions,
  putDirectory,
  recordAudit,
  removeDirectory,
  saveGrant,
  wantRun,
} from '@waymark/store';
import { z } from 'zod';
import { loadConnector } from '../registry.ts';
import type { Waymark } from '../waymark.ts';
import { randomSecret, secretHash } from './secret-hash.ts';

/** What others need to post to an installation. */
export interface PostingAddress {
  readonly installationId: string;
  readonly label: string;
  readonly address: string;
  /** Shown once: null where it was shown before. */
  readonly secret: string | null;
}

const sealedShape = z.object({ url: z.string() });

/**
 * Makes an installation of a connector without sign-in, with an address to which others post and the secret that signs what they post.
 * A second time with the same label changes its settings alone; with `rotate` it gets a new address and secret, and the former ones
 * end at once.
 */
export async function installAddress(
  waymark: Waymark,
  request: {
    readonly workspaceId: string;
    readonly connector: string;
    readonly label: string;
    /** Without them those that it has stay. */
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly publicUrl: string;
    readonly rotate: boolean;
  },
): Promise<PostingAddress> {
  const { workspaceId, label } = request;
  const { database, sealer } = waymark;
  const { manifest, settings: schema } = await loadConnector(request.connector);
  const externalAccountId = label.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const installationId = contentUuid('installation', workspaceId, manifest.id, externalAccountId);
  const now = waymark.now();
  const { former, settings } = await database.inWorkspace(workspaceId, async (tx) => {
    const known = await readInstallation(tx, installationId);
    const rows = known ? await pushSubscriptions(tx, installationId) : [];
    const given = request.settings ?? known?.settings ?? schema.parse({});
    return { former: rows.find((row) => row.state === 'address'), settings: given };
  });
  const save = {
    installationId,
    connector: manifest.id,
    provider: manifest.auth.provider,
    externalAccountId,
    label,
    address: null,
    settings,
    grantedScopes: [],
    accessToken: null,
    refreshToken: null,
    accessExpiresAt: null,
    grantKind: 'address' as const,
  };
  if (former && !request.rotate) {
    await database.inWorkspace(workspaceId, (tx) => saveGrant(tx, save, now));
    const field = pushSecretField(former.tokenHash);
    const { url } = sealedShape.parse(JSON.parse(await sealer.open(workspaceId, installationId, field, former.secret)));
    return { installationId, label, address: url, secret: null };
  }
  const token = randomSecret();
  const tokenHash = secretHash(token);
  const url = `${request.publicUrl}/webhooks/${manifest.auth.provider}/${token}`;
  // The form of Standard Webhooks, which says what it is (https://www.standardwebhooks.com).
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const sealed = await sealer.seal(
    workspaceId,
    installationId,
    pushSecretField(tokenHash),
    JSON.stringify({ url, secret }),
  );
  await database.inWorkspace(workspaceId, async (tx) => {
    await saveGrant(tx, save, now);
    await beginPush(tx, { installationId, key: '', stream: '', tokenHash, secret: sealed, state: 'address' }, now);
    await wantRun(tx, installationId, now);
    await recordAudit(tx, {
      at: now,
      actor: 'admin',
      action: former ? 'address.rotated' : 'installation.connected',
      subject: installationId,
      detail: { connector: manifest.id, label },
    });
  });
  await database.global(async (tx) => {
    if (former) await removeDirectory(tx, 'push', former.tokenHash, workspaceId);
    await putDirectory(tx, { kind: 'push', key: tokenHash, workspaceId, installationId, expiresAt: null });
  });
  return { installationId, label, address: url, secret };
}
