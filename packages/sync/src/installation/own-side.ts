import { addressKey, registrableDomain } from '@waymark/identity';
import {
  installations,
  lockMatching,
  readSettings,
  rereadStreams,
  wakeAccounts,
  wakeAllAccounts,
  wantRematch,
  wantRun,
  writeSettings,
  type RematchSubject,
  type Tx,
  type WorkspaceSettings,
} from '@waymark/store';
import { refreshQueue, settleRematch } from '../matching/attribution.ts';

/** What a change of settings led to. */
export interface SettingsChange {
  readonly settings: WorkspaceSettings;
  /** Accounts whose events changed; they are woken. */
  readonly accounts: readonly string[];
  /** Sources that are read again: which way a mail went is told by whose side its people are on. */
  readonly reread: readonly string[];
}

/**
 * Changes a workspace's settings, and what follows from them for the past. Where our own domains or addresses change, who takes part in
 * stored events is matched again at once, and all sources are read from the start, since a mail's direction is part of what it is. Where
 * only free-mail domains change, matching alone follows. Throws StoreError `settings_invalid`.
 */
export async function changeSettings(
  tx: Tx,
  changes: Readonly<Record<string, unknown>>,
  at: number,
): Promise<SettingsChange> {
  await lockMatching(tx);
  const before = await readSettings(tx);
  const settings = await writeSettings(tx, { ...before, ...changes }, at);
  // Days begin elsewhere, or others of them are holidays: every clock has to be read again.
  if (before.timezone !== settings.timezone || before.country !== settings.country) await wakeAllAccounts(tx, at);
  const sides = [
    ...differing(before.ownDomains, settings.ownDomains).map(domainSubject),
    ...differing(before.ownAddresses, settings.ownAddresses).map((address): RematchSubject => ({
      kind: 'contact',
      subject: addressKey(address),
    })),
  ];
  const free = [
    ...differing(before.freeMailDomains, settings.freeMailDomains),
    ...differing(before.notFreeMailDomains, settings.notFreeMailDomains),
  ].map(domainSubject);
  if (sides.length + free.length === 0) return { settings, accounts: [], reread: [] };
  await wantRematch(tx, [...sides, ...free], at);
  const changed = await settleRematch(tx, at);
  await wakeAccounts(tx, changed, at);
  await refreshQueue(tx);
  const reread =
    sides.length === 0
      ? []
      : (await installations(tx)).filter((one) => one.status === 'active' && one.connector !== 'slack');
  for (const { installationId } of reread) {
    await rereadStreams(tx, { installationId, anew: true });
    await wantRun(tx, installationId, at);
  }
  return {
    settings,
    accounts: [...new Set(changed.map((one) => one.accountId))],
    reread: reread.map((one) => one.installationId),
  };
}

const domainSubject = (domain: string): RematchSubject => ({ kind: 'domain', subject: registrableDomain(domain) });

/** What is in one list and not in the other. */
function differing(before: readonly string[], after: readonly string[]): readonly string[] {
  const [then, now] = [new Set(before), new Set(after)];
  return [...before.filter((one) => !now.has(one)), ...after.filter((one) => !then.has(one))];
}
