import { ConnectorFault, type AnyConnector } from '@waymark/connector-kit';
import { isWatched, type Database, type Installation } from '@waymark/store';
import { fillPath, parameterValues } from './addresses.ts';
import { notWatched, type Issuer } from './tokens.ts';

/** A connector asked for a token though nobody signs in to it. */
export class NoSignIn extends ConnectorFault {
  constructor() {
    super({ kind: 'rejected', message: 'This connector has no sign-in: others post to an address of ours.' });
    this.name = 'NoSignIn';
  }
}

/** Where tokens of an installation come from; undefined for a connector that has no sign-in. Throws AddressError. */
export function issuerOf(
  connector: AnyConnector,
  baseUrls: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, unknown>>,
): Issuer | undefined {
  const { auth, baseScopes } = connector.manifest;
  if (auth.kind !== 'oauth2') return undefined;
  const path = fillPath(auth.tokenPath, parameterValues(connector, settings));
  return {
    provider: auth.provider,
    tokenUrl: `${baseUrls[auth.tokenBase] ?? ''}${path}`,
    ...(auth.bearerTypes && { bearerTypes: auth.bearerTypes }),
    ...(auth.appScopes && { appScopes: auth.appScopes }),
    organizationScopes: auth.organization?.scopes ?? [
      ...new Set([...baseScopes, ...connector.streams.flatMap((stream) => stream.scopes)]),
    ],
  };
}

/**
 * The mailbox that an organization's grant reads for an installation; undefined where its own account consented. Throws ConnectorFault
 * for a mailbox that is not among the chosen ones: the grant may reach all of the organization, we do not.
 */
export async function subjectOf(
  database: Database,
  workspaceId: string,
  installation: Installation,
): Promise<string | undefined> {
  const { grantKind, connector } = installation;
  if (grantKind !== 'service-account-delegation' && grantKind !== 'client-credentials') return undefined;
  const mailbox = installation.address ?? '';
  if (!(await database.inWorkspace(workspaceId, (tx) => isWatched(tx, connector, mailbox))))
    throw new ConnectorFault(notWatched(mailbox));
  return mailbox;
}
