import { createHash, randomBytes } from 'node:crypto';
import { ConnectorFault, type AnyConnector, type Push, type PushSubscription } from '@waymark/connector-kit';
import {
  beginPush,
  failPush,
  notePushCheck,
  pushSecretField,
  pushSubscriptions,
  putDirectory,
  removeDirectory,
  removePush,
  settlePush,
  type Database,
  type Installation,
  type PushRow,
} from '@waymark/store';
import { z } from 'zod';
import type { Sealer } from '../installation/tokens.ts';

/** Where notices can reach us, and what the admin configured for them. */
export interface PushAddressing {
  /** Our address from outside for a connector's webhooks, without a slash at the end; undefined where its vendor cannot reach us. */
  readonly base: (connector: AnyConnector) => string | undefined;
  /** What the admin gave beside the app's credentials, by name. */
  readonly extra: (workspaceId: string, provider: string) => Promise<Readonly<Record<string, string>>>;
}

interface PushDependencies {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly now: () => number;
  readonly push?: PushAddressing;
}

interface Subject {
  readonly installation: Installation;
  readonly connector: AnyConnector;
  readonly client: unknown;
  readonly signal: AbortSignal;
}

/** How often the vendor is asked what there is to watch, ms. */
const lookEveryMs = 3_600_000;
/** A subscription without an end is looked after so often. */
const endlessMs = 24 * 3_600_000;
/** All of an installation's subscriptions together may take so long; the rest has its turn in the next run. */
const budgetMs = 60_000;
const soonestRetryMs = 60_000;
const latestRetryMs = 6 * 3_600_000;

const sealedShape = z.object({ url: z.string(), secret: z.string() });
type Address = z.infer<typeof sealedShape>;

/**
 * Keeps the subscriptions of an installation: makes those that are missing, renews those at half their life, makes anew those that
 * lapsed, and ends those of what is no longer there. Runs under the installation's lease, so no two workers make the same one. Never
 * throws: what fails is kept with the subscription, and reading on the clock goes on (failures E7 to E9).
 */
export async function keepPush(deps: PushDependencies, workspaceId: string, subject: Subject): Promise<void> {
  const { installation, connector } = subject;
  const { push } = connector;
  const { installationId } = installation;
  if (!push || !deps.push) return;
  const now = deps.now();
  try {
    const rows = await deps.database.inWorkspace(workspaceId, (tx) => pushSubscriptions(tx, installationId));
    const checked = installation.pushCheckedAt;
    const due = rows.some((row) => row.state !== 'address' && (row.dueAt === null || row.dueAt <= now));
    if (checked !== null && now - checked < lookEveryMs && !due) return;
    const note = await keepAll(deps, workspaceId, subject, push, rows);
    await deps.database.inWorkspace(workspaceId, (tx) => notePushCheck(tx, installationId, note, deps.now()));
  } catch (error) {
    if (subject.signal.aborted) return;
    const note = faultOf(connector, error).message;
    await deps.database
      .inWorkspace(workspaceId, (tx) => notePushCheck(tx, installationId, note, deps.now()))
      .catch(() => undefined);
  }
}

/** Returns why there are none, where that is so. */
async function keepAll(
  deps: PushDependencies,
  workspaceId: string,
  subject: Subject,
  push: Push<unknown>,
  rows: readonly PushRow[],
): Promise<string | null> {
  const { installation, connector, client } = subject;
  const base = deps.push?.base(connector);
  if (base === undefined)
    return 'There is no https address from outside (WAYMARK_PUBLIC_URL): changes are found by polling.';
  const missing = push.scopes.filter((scope) => !installation.grantedScopes.includes(scope));
  if (missing.length > 0) return `Subscriptions need the scope ${missing.join(', ')}: changes are found by polling.`;
  const { provider } = connector.manifest.auth;
  const extra = (await deps.push?.extra(workspaceId, provider)) ?? {};
  const targets = await push.targets(client, extra);
  const wanted = new Map(targets.map((target) => [target.key, target]));
  const until = deps.now() + budgetMs;
  for (const row of rows) {
    if (wanted.has(row.key) || row.state === 'address') continue;
    await end(deps, workspaceId, subject, push, row);
  }
  for (const target of targets) {
    if (subject.signal.aborted || deps.now() > until) break;
    const row = rows.find((each) => each.key === target.key);
    const address = row && (await openAddress(deps.sealer, workspaceId, row));
    const prefix = `${base}/webhooks/${provider}/`;
    const stands = row?.state === 'active' && row.externalId !== null && address?.url.startsWith(prefix);
    const waits = row?.dueAt !== undefined && row.dueAt !== null && row.dueAt > deps.now();
    if (row && waits && (stands || row.failures > 0)) continue;
    const at = { workspaceId, subject, push, target, extra };
    if (row && stands && address) await renew(deps, at, row, address);
    else await make(deps, at, prefix, row);
  }
  return targets.length === 0
    ? 'There is nothing to subscribe to as this is set up: changes are found by polling.'
    : null;
}

interface At {
  readonly workspaceId: string;
  readonly subject: Subject;
  readonly push: Push<unknown>;
  readonly target: { readonly key: string; readonly stream: string };
  readonly extra: Readonly<Record<string, string>>;
}

/** The row and its way in are stored before the vendor is asked: it may try the address before it answers. */
async function make(deps: PushDependencies, at: At, prefix: string, former: PushRow | undefined): Promise<void> {
  const { workspaceId, subject, push, target } = at;
  const { installationId } = subject.installation;
  if (former?.externalId === null && !(await discarded(deps, at, former))) return;
  const token = randomBytes(32).toString('base64url');
  const tokenHash = hashOf(token);
  const address: Address = { url: `${prefix}${token}`, secret: randomBytes(32).toString('base64url') };
  const secret = await sealAddress(deps.sealer, workspaceId, installationId, tokenHash, address);
  await deps.database.inWorkspace(workspaceId, (tx) =>
    beginPush(
      tx,
      { installationId, key: target.key, stream: target.stream, tokenHash, secret, state: 'pending' },
      deps.now(),
    ),
  );
  await deps.database.global((tx) =>
    putDirectory(tx, { kind: 'push', key: tokenHash, workspaceId, installationId, expiresAt: null }),
  );
  await attempt(deps, at, tokenHash, former?.failures ?? 0, async () => {
    const made = await push.subscribe(subject.client, target, address, at.extra);
    const kept = await settle(deps, at, tokenHash, address, made);
    // Somebody else made one meanwhile: ours would be a second.
    if (!kept) await push.unsubscribe(subject.client, made);
  });
  if (former) await forget(deps, workspaceId, subject, push, former);
}

/** An attempt whose answer nobody stored may stand at the vendor. Its address is known, until the next attempt takes its row. */
async function discarded(deps: PushDependencies, at: At, former: PushRow): Promise<boolean> {
  const { subject, push } = at;
  if (!push.discard) return true;
  const address = await openAddress(deps.sealer, at.workspaceId, former);
  if (!address) return true;
  let done = false;
  await attempt(deps, at, former.tokenHash, former.failures, async () => {
    await push.discard?.(subject.client, address);
    done = true;
  });
  return done;
}

async function renew(deps: PushDependencies, at: At, row: PushRow, address: Address): Promise<void> {
  const { subject, push, target } = at;
  let gone = false;
  await attempt(deps, at, row.tokenHash, row.failures, async () => {
    try {
      const renewed = await push.renew(subject.client, target, subscriptionOf(row, address), address, at.extra);
      await settle(deps, at, row.tokenHash, address, renewed);
    } catch (error) {
      if (faultOf(subject.connector, error).kind !== 'record-gone') throw error;
      gone = true;
    }
  });
  if (gone) await make(deps, at, address.url.slice(0, address.url.lastIndexOf('/') + 1), { ...row, externalId: null });
}

/** Carries out one step; a fault is kept with the subscription, with the time of the next try. */
async function attempt(
  deps: PushDependencies,
  at: At,
  tokenHash: string,
  failures: number,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (at.subject.signal.aborted) return;
    const fault = faultOf(at.subject.connector, error);
    const asked = 'retryAfterMs' in fault ? (fault.retryAfterMs ?? 0) : 0;
    const pause = Math.max(asked, Math.min(latestRetryMs, soonestRetryMs * 2 ** Math.min(failures, 12)));
    const now = deps.now();
    await deps.database.inWorkspace(at.workspaceId, (tx) =>
      failPush(tx, tokenHash, { kind: fault.kind, message: fault.message }, { at: now, dueAt: now + pause }),
    );
  }
}

async function settle(
  deps: PushDependencies,
  at: At,
  tokenHash: string,
  address: Address,
  made: PushSubscription,
): Promise<boolean> {
  const { workspaceId, subject } = at;
  const { installationId } = subject.installation;
  const now = deps.now();
  const half = made.expiresAt === null ? now + endlessMs : now + (made.expiresAt - now) / 2;
  const secret =
    made.secret === undefined || made.secret === address.secret
      ? null
      : await sealAddress(deps.sealer, workspaceId, installationId, tokenHash, { ...address, secret: made.secret });
  return deps.database.inWorkspace(workspaceId, (tx) =>
    settlePush(tx, tokenHash, {
      externalId: made.externalId,
      expiresAt: made.expiresAt,
      dueAt: Math.min(made.renewAfter ?? half, half),
      secret,
    }),
  );
}

/** Ends a subscription at the vendor, as far as it can be reached, and forgets it. */
async function end(
  deps: PushDependencies,
  workspaceId: string,
  subject: Subject,
  push: Push<unknown>,
  row: PushRow,
): Promise<void> {
  await forget(deps, workspaceId, subject, push, row);
  await deps.database.inWorkspace(workspaceId, (tx) => removePush(tx, row.tokenHash));
}

/** Takes the way in away first: what still comes from a subscription that is not wanted finds nobody (failure E10). */
async function forget(
  deps: PushDependencies,
  workspaceId: string,
  subject: Subject,
  push: Push<unknown>,
  row: PushRow,
): Promise<void> {
  await deps.database.global((tx) => removeDirectory(tx, 'push', row.tokenHash, workspaceId));
  if (row.externalId === null || row.state === 'address') return;
  const address = await openAddress(deps.sealer, workspaceId, row);
  if (!address) return;
  // It ends by itself, or the vendor gives up on an address that answers 404.
  await push.unsubscribe(subject.client, subscriptionOf(row, address)).catch(() => undefined);
}

/** Ends all subscriptions of an installation that is to be read no more. Call it while its grant still holds. */
export async function endPush(deps: PushDependencies, workspaceId: string, subject: Subject): Promise<void> {
  const { push } = subject.connector;
  if (!push) return;
  const { installationId } = subject.installation;
  const rows = await deps.database.inWorkspace(workspaceId, (tx) => pushSubscriptions(tx, installationId));
  for (const row of rows) if (row.state !== 'address') await end(deps, workspaceId, subject, push, row);
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

const subscriptionOf = (row: PushRow, address: Address): PushSubscription => ({
  externalId: row.externalId ?? '',
  expiresAt: row.expiresAt,
  secret: address.secret,
});

function sealAddress(
  sealer: Sealer,
  workspaceId: string,
  installationId: string,
  tokenHash: string,
  address: Address,
): Promise<Buffer> {
  return sealer.seal(workspaceId, installationId, pushSecretField(tokenHash), JSON.stringify(address));
}

/** The address and secret of a subscription; undefined where they cannot be opened, so that it is made anew. */
async function openAddress(sealer: Sealer, workspaceId: string, row: PushRow): Promise<Address | undefined> {
  const text = await sealer
    .open(workspaceId, row.installationId, pushSecretField(row.tokenHash), row.secret)
    .catch(() => '{}');
  return sealedShape.safeParse(JSON.parse(text)).data;
}

function faultOf(connector: AnyConnector, error: unknown) {
  return error instanceof ConnectorFault ? error.fault : connector.classify(error);
}
