import { contentUuid } from '@waymark/journey';
import { signInOf, type AnyConnector, type OrganizationGrant } from '@waymark/connector-kit';
import {
  installation as readInstallation,
  installations,
  organizationGrant,
  providerApp,
  putDirectory,
  recordAudit,
  saveGrant,
  saveOrganizationGrant,
  setStatus,
  unwatchMailbox,
  wantRun,
  watchedMailboxes,
  watchMailbox,
  type Installation,
} from '@waymark/store';
import { issuerOf, mailboxToken, parameterValues, readServiceAccount } from '@waymark/sync';
import { z } from 'zod';
import { loadConnector } from '../registry.ts';
import type { Waymark } from '../waymark.ts';
import { endSubscriptions } from './disconnect.ts';
import { identifyAccount } from './identify.ts';
import { previewReason, scopesOf } from './grant.ts';

/** A grant of an organization that cannot be used, with what to do. */
class OrganizationError extends Error {
  readonly code = 'ORGANIZATION';

  constructor(message: string) {
    super(message);
    this.name = 'OrganizationError';
  }
}

export interface MailboxOutcome {
  readonly mailbox: string;
  /** Null where it could not be read; `problem` says why. */
  readonly installation: Installation | null;
  readonly problem: string | null;
}

export interface MailboxRequest {
  readonly workspaceId: string;
  readonly connector: string;
  readonly mailboxes: readonly string[];
  /** Those of the mailboxes there are already, without it. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Text of a service account's key file, for a first installation or a new key. */
  readonly key?: string;
  /** Whether nothing of a new mailbox is stored before a person accepts. */
  readonly preview?: boolean;
}

/** How an organization grants mailboxes of a connector. Throws OrganizationError where it cannot. */
export function organizationOf(connector: AnyConnector): OrganizationGrant {
  const { auth, name } = connector.manifest;
  if (auth.kind === 'oauth2' && auth.organization) return auth.organization;
  throw new OrganizationError(`${name} cannot be granted by an organization: each account consents by itself.`);
}

/**
 * Chooses mailboxes under an organization's grant and reads each once: it becomes an installation of its own. One that cannot be read
 * is not chosen, and keeps no other from it. Throws OrganizationError where the grant itself is not complete.
 */
export async function installMailboxes(waymark: Waymark, request: MailboxRequest): Promise<readonly MailboxOutcome[]> {
  const { workspaceId } = request;
  const connector = await loadConnector(request.connector);
  const grant = organizationOf(connector);
  const before = request.settings ?? (await settingsOfOthers(waymark, workspaceId, connector));
  const settings = { ...connector.settings.parse(before), ...parameterValues(connector, before) };
  const mailboxes = [...new Set(request.mailboxes.map(mailboxAddress))];
  await keepGrant(waymark, connector, grant, request);
  const outcomes: MailboxOutcome[] = [];
  for (const mailbox of mailboxes) {
    try {
      const installed = await installMailbox(waymark, connector, grant, { ...request, settings, mailbox });
      outcomes.push({ mailbox, installation: installed, problem: null });
    } catch (error) {
      const problem = error instanceof Error ? error.message : 'unknown error';
      outcomes.push({ mailbox, installation: null, problem });
    }
  }
  waymark.committed(workspaceId);
  return outcomes;
}

function mailboxAddress(text: string): string {
  const parsed = z.email().safeParse(text.trim().toLowerCase());
  if (!parsed.success) throw new OrganizationError(`${text} is no mailbox: give addresses such as maya@acme.example.`);
  return parsed.data;
}

async function settingsOfOthers(
  waymark: Waymark,
  workspaceId: string,
  connector: AnyConnector,
): Promise<Readonly<Record<string, unknown>>> {
  const { id } = connector.manifest;
  const all = await waymark.database.inWorkspace(workspaceId, (tx) => installations(tx));
  return all.find((one) => one.connector === id && one.grantKind === organizationOf(connector).kind)?.settings ?? {};
}

async function keepGrant(
  waymark: Waymark,
  connector: AnyConnector,
  grant: OrganizationGrant,
  request: MailboxRequest,
): Promise<void> {
  const { provider } = signInOf(connector.manifest);
  const { database, sealer } = waymark;
  const { workspaceId, key } = request;
  const known = await database.inWorkspace(workspaceId, (tx) => organizationGrant(tx, sealer, provider));
  if (grant.kind === 'client-credentials') {
    const app = await database.inWorkspace(workspaceId, (tx) => providerApp(tx, sealer, provider));
    if (!app) throw new OrganizationError(`The app credentials of ${provider} are missing: give --client-id.`);
  } else if (key !== undefined) {
    readServiceAccount(key);
  } else if (!known?.secret) {
    throw new OrganizationError('The key of the service account is missing: give --key service-account.json.');
  }
  if (known && key === undefined) return;
  await database.inWorkspace(workspaceId, async (tx) => {
    await saveOrganizationGrant(tx, sealer, { provider, kind: grant.kind, secret: key ?? null }, waymark.now());
    await recordAudit(tx, {
      at: waymark.now(),
      actor: 'admin',
      action: 'organization.granted',
      subject: provider,
      detail: { kind: grant.kind },
    });
  });
}

async function installMailbox(
  waymark: Waymark,
  connector: AnyConnector,
  grant: OrganizationGrant,
  request: MailboxRequest & { readonly settings: Readonly<Record<string, unknown>>; readonly mailbox: string },
): Promise<Installation> {
  const { workspaceId, settings, mailbox } = request;
  const { database, sealer } = waymark;
  const { id, auth } = connector.manifest;
  const now = waymark.now();
  const issuer = issuerOf(connector, waymark.sync.baseUrls(connector, { settings, accountBase: null }), settings);
  if (!issuer) throw new OrganizationError(`${connector.manifest.name} has no sign-in.`);
  const means = await database.inWorkspace(workspaceId, async (tx) => {
    const kept = await organizationGrant(tx, sealer, auth.provider);
    const app = await providerApp(tx, sealer, auth.provider);
    return { app, key: kept?.secret ?? null };
  });
  const tokens = await mailboxToken(issuer, {
    mailbox,
    now,
    ...(grant.kind === 'service-account-delegation'
      ? { serviceAccount: readServiceAccount(means.key ?? '') }
      : { app: { clientId: means.app?.clientId ?? '', clientSecret: means.app?.clientSecret ?? '' } }),
  });
  const grantedScopes = scopesOf(connector, settings);
  const account = await identifyAccount(waymark, connector, {
    accessToken: () => Promise.resolve(tokens.accessToken),
    settings,
    accountBase: null,
    grantedScopes,
    subject: mailbox,
  });
  // The mailbox that was chosen, and no other that the provider may hold to be the same (failure B7).
  if (account.address !== undefined && account.address !== mailbox)
    throw new OrganizationError(`${mailbox} opens the mailbox ${account.address}: choose that one.`);
  const installationId = contentUuid('installation', workspaceId, id, account.externalAccountId);
  const accessToken = await sealer.seal(workspaceId, installationId, 'access_token', tokens.accessToken);
  const installed = await database.inWorkspace(workspaceId, async (tx) => {
    await watchMailbox(tx, { connector: id, mailbox, installationId }, now);
    const before = await readInstallation(tx, installationId);
    const saved = await saveGrant(
      tx,
      {
        installationId,
        connector: id,
        provider: auth.provider,
        externalAccountId: account.externalAccountId,
        label: account.label,
        address: mailbox,
        settings,
        grantedScopes,
        accessToken,
        refreshToken: null,
        accessExpiresAt: tokens.expiresAt,
        grantKind: grant.kind,
      },
      now,
    );
    // A mailbox that is being read already is not held up by choosing it again.
    const held = request.preview === true && (before === undefined || before.status === 'preview');
    if (held) await setStatus(tx, installationId, 'preview', previewReason, now);
    else await wantRun(tx, installationId, now);
    await recordAudit(tx, {
      at: now,
      actor: 'admin',
      action: 'mailbox.chosen',
      subject: installationId,
      detail: { connector: id, label: account.label },
    });
    return held ? { ...saved, status: 'preview' as const, statusReason: previewReason } : saved;
  });
  await database.global((tx) =>
    putDirectory(tx, {
      kind: `account:${id}`,
      key: account.externalAccountId,
      workspaceId,
      installationId,
      expiresAt: null,
    }),
  );
  return installed;
}

/**
 * Takes a mailbox from the chosen ones: its subscriptions end, nothing more is read, its installation is switched off. What was read is
 * kept. Throws OrganizationError for one that is not chosen.
 */
export async function removeMailbox(
  waymark: Waymark,
  request: { readonly workspaceId: string; readonly connector: string; readonly mailbox: string },
): Promise<void> {
  const { workspaceId, connector } = request;
  const mailbox = mailboxAddress(request.mailbox);
  const chosen = await waymark.database.inWorkspace(workspaceId, (tx) => watchedMailboxes(tx));
  const found = chosen.find((one) => one.connector === connector && one.mailbox === mailbox);
  if (!found) throw new OrganizationError(`${mailbox} is not among the chosen mailboxes of ${connector}.`);
  const { installationId } = found;
  const current =
    installationId === null
      ? undefined
      : await waymark.database.inWorkspace(workspaceId, (tx) => readInstallation(tx, installationId));
  if (current) await endSubscriptions(waymark, workspaceId, current);
  await waymark.database.inWorkspace(workspaceId, async (tx) => {
    await unwatchMailbox(tx, connector, mailbox);
    if (installationId === null) return;
    await setStatus(tx, installationId, 'disabled', 'taken from the chosen mailboxes', waymark.now());
    await recordAudit(tx, {
      at: waymark.now(),
      actor: 'admin',
      action: 'mailbox.removed',
      subject: installationId,
      detail: { connector },
    });
  });
}
