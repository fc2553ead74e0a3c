import { addressKey, registrableDomain } from '@waymark/identity';
import {
  forgetSentiment,
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
  /** Sources that are read again: which way a mail went is told by whose side its people are on, and how it sounds by its subject. */
  readonly reread: readonly string[];
}

/**
 * Changes a workspace's settings, and what follows from them for the past. Where our own domains or addresses change, who takes part in
 * stored events is matched again at once, and all sources are read from the start, since a mail's direction is part of what it is. Where
 * only free-mail domains change, matching alone follows. Where how subjects sound is judged from now on, all sources are read again; where it
 * no longer is, what was kept of it is removed. Throws StoreError `settings_invalid`.
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
  const forgotten = settings.sentiment === 'off' && before.sentiment !== 'off' ? await forgetSentiment(tx) : [];
  await wakeAccounts(tx, forgotten, at);
  // What was read before was not judged.
  const judgesAnew = settings.sentiment !== 'off' && settings.sentiment !== before.sentiment;
  if (sides.length + free.length === 0)
    return {
      settings,
      accounts: forgotten.map(({ accountId }) => accountId),
      reread: judgesAnew ? await readAgain(tx, at) : [],
    };
  await wantRematch(tx, [...sides, ...free], at);
  const changed = await settleRematch(tx, at);
  await wakeAccounts(tx, changed, at);
  await refreshQueue(tx);
  return {
    settings,
    accounts: [...new Set([...changed, ...forgotten].map((one) => one.accountId))],
    reread: sides.length > 0 || judgesAnew ? await readAgain(tx, at) : [],
  };
}

/** Has all sources read from the start; gives their ids. */
async function readAgain(tx: Tx, at: number): Promise<readonly string[]> {
  const all = (await installations(tx)).filter((one) => one.status === 'active' && one.connector !== 'slack');
  for (const { installationId } of all) {
    await rereadStreams(tx, { installationId, anew: true });
    await wantRun(tx, installationId, at);
  }
  return all.map((one) => one.installationId);
}

const domainSubject = (domain: string): RematchSubject => ({ kind: 'domain', subject: registrableDomain(domain) });

/** What is in one list and not in the other. */
function differing(before: readonly string[], after: readonly string[]): readonly string[] {
  const [then, now] = [new Set(before), new Set(after)];
  return [...before.filter((one) => !now.has(one)), ...after.filter((one) => !then.has(one))];
}
