import { randomUUID } from 'node:crypto';
import { gmail } from '@waymark/connector-gmail';
import { saveGrant, type Database, type Sealer } from '@waymark/store';
import { noPoint, syncInstallation, TokenKeeper, type LimitSettings, type SyncOutcome } from '@waymark/sync';
import { app, startGoogle, type GoogleFixture } from '../../apps/sandbox/src/google/google-fixture.ts';
import { googleScopes } from '../../apps/sandbox/src/google/scopes.ts';

/** A mailbox of the sandbox, installed in a workspace as a consent would leave it. */
export interface Mailbox {
  readonly google: GoogleFixture;
  readonly installationId: string;
  /** One run of the installation. */
  readonly run: (stop?: AbortSignal) => Promise<SyncOutcome>;
}

/** Connects a user of the sandbox's Google to a workspace. The clock is the sandbox's too. */
export async function connectMailbox(options: {
  readonly google: GoogleFixture;
  readonly database: Database;
  readonly sealer: Sealer;
  readonly workspaceId: string;
  readonly user: string;
  readonly limits: LimitSettings;
}): Promise<Mailbox> {
  const { google, database, sealer, workspaceId, user } = options;
  const installationId = randomUUID();
  const now = () => google.clock.now;
  const grant = google.handle.oauth.mint({
    clientId: app.clientId,
    subject: user,
    scopes: [googleScopes.gmailReadonly],
  });
  const seal = (field: string, token: string) => sealer.seal(workspaceId, installationId, field, token);
  const sealed = {
    accessToken: await seal('access_token', grant.accessToken),
    refreshToken: grant.refreshToken === undefined ? null : await seal('refresh_token', grant.refreshToken),
  };
  await database.inWorkspace(workspaceId, (tx) =>
    saveGrant(
      tx,
      {
        installationId,
        connector: 'gmail',
        provider: 'google',
        externalAccountId: user,
        label: user,
        address: user,
        settings: {},
        grantedScopes: [googleScopes.gmailReadonly],
        accessExpiresAt: null,
        ...sealed,
      },
      now(),
    ),
  );
  const credentials = { clientId: app.clientId, clientSecret: app.clientSecret };
  const deps = {
    database,
    sealer,
    tokens: new TokenKeeper({ database, sealer, now, point: noPoint, credentials: () => Promise.resolve(credentials) }),
    connector: () => Promise.resolve(gmail),
    baseUrls: () => Object.fromEntries(Object.keys(gmail.manifest.baseUrls).map((name) => [name, google.url])),
    limits: options.limits,
    now,
    random: () => 0.5,
    point: noPoint,
    holder: 'test',
    onProgress: () => undefined,
    onCommitted: () => undefined,
  };
  const run = (stop = new AbortController().signal) => syncInstallation(deps, workspaceId, installationId, stop);
  return { google, installationId, run };
}

export { startGoogle };
