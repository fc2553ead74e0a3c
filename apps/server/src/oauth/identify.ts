import type { AnyConnector, ExternalAccount } from '@waymark/connector-kit';
import { createSession, Limits, priority } from '@waymark/sync';
import type { Waymark } from '../waymark.ts';
import { InstallError } from './install-error.ts';

/** Whose account a fresh token opens; the verifying read of an installation. Throws InstallError `READ_FAILED`. */
export async function identifyAccount(
  waymark: Waymark,
  connector: AnyConnector,
  grant: {
    readonly accessToken: () => Promise<string>;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly accountBase: string | null;
    readonly grantedScopes: readonly string[];
    readonly subject?: string;
  },
): Promise<ExternalAccount> {
  const session = createSession({
    limits: new Limits(connector.manifest.id, connector.manifest.buckets, waymark.sync.limits),
    priority: priority.write,
    accessToken: grant.accessToken,
    refreshToken: () => Promise.resolve(),
    classify: (error) => connector.classify(error),
    baseUrls: waymark.sync.baseUrls(connector, grant),
    settings: grant.settings,
    grantedScopes: grant.grantedScopes,
    ...(grant.subject !== undefined && { subject: grant.subject }),
    signal: AbortSignal.timeout(60_000),
    now: waymark.now,
    random: Math.random,
  });
  try {
    return await connector.identify(await connector.connect(session));
  } catch (cause) {
    throw new InstallError(
      'READ_FAILED',
      `The account could not be read: ${cause instanceof Error ? cause.message : 'unknown'}.`,
      502,
      { cause },
    );
  }
}
