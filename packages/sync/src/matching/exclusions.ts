import { addressKey, Exclusions, type ExclusionKind } from '@waymark/identity';
import {
  account as readAccount,
  addExclusion,
  deleteExclusion,
  eraseFromAudit,
  exclusions as storedExclusions,
  installation as readInstallation,
  installations,
  lockMatching,
  rereadStreams,
  setAsideRows,
  setStatus,
  wantRun,
  type Database,
  type Exclusion,
  type ExclusionReceipt,
  type Tx,
} from '@waymark/store';
import { v7 as uuidv7 } from 'uuid';
import { purge, receiptFor } from './exclusion-purge.ts';
import type { Sealer } from '../installation/tokens.ts';

/** What a person asks to exclude. */
export interface ExclusionRequest {
  readonly kind: ExclusionKind;
  /** A domain, an address, a label or folder, a word of the subject, or an installation's id. */
  readonly value: string;
  /** Of a pair: the other address, or an account's id. */
  readonly other?: { readonly address: string } | { readonly accountId: string };
  /** Only in this installation; everywhere without it. */
  readonly installationId?: string;
}

export interface ExclusionDependencies {
  readonly database: Database;
  readonly sealer: Pick<Sealer, 'seal'> & {
    open(workspaceId: string, installationId: string, field: string, sealed: Buffer): Promise<string>;
  };
  readonly now: () => number;
}

/** An exclusion that cannot be made or taken back. */
export class ExclusionError extends Error {
  readonly code = 'EXCLUSION';

  constructor(message: string) {
    super(message);
    this.name = 'ExclusionError';
  }
}

export interface Excluded {
  readonly exclusion: Exclusion;
  readonly receipt: ExclusionReceipt;
  /** What is not told by what is stored, such as the subjects of mails: these installations are read again to find it. */
  readonly reread: readonly string[];
}

/** The exclusions of the workspace, ready to be asked. */
export async function loadExclusions(tx: Tx): Promise<Exclusions> {
  return new Exclusions(await storedExclusions(tx));
}

/**
 * Excludes from now on, and purges the past: one transaction that no page under way can slip through. Throws ExclusionError.
 *
 * @param by who asks, for the receipt and the audit log
 */
export async function exclude(
  deps: ExclusionDependencies,
  workspaceId: string,
  request: ExclusionRequest,
  by: string,
): Promise<Excluded> {
  const at = deps.now();
  const exclusion: Exclusion = { ...normalized(request), exclusionId: uuidv7(), createdAt: at, createdBy: by };
  const setAside = await namedAside(deps, workspaceId, exclusion);
  return deps.database.inWorkspace(
    workspaceId,
    async (tx) => {
      await lockMatching(tx);
      await requireKnown(tx, request);
      if (!(await addExclusion(tx, exclusion)))
        throw new ExclusionError('This is excluded already: waymark exclude list shows it.');
      const byTitleOrLabel = exclusion.kind === 'keyword' || exclusion.kind === 'label';
      const reread = byTitleOrLabel ? await readers(tx, request.installationId) : [];
      // Pages that were read under the former rules are refused; what only the provider can tell is read from the start.
      await rereadStreams(tx, { anew: false });
      for (const installationId of reread) await readAnew(tx, installationId, at);
      if (exclusion.kind === 'installation')
        await setStatus(tx, exclusion.value, 'disabled', 'It is excluded: waymark exclude remove reads it again.', at);
      const receipt = await purge(tx, { rule: exclusion, setAside, by, at });
      if (exclusion.kind === 'person') await eraseFromAudit(tx, exclusion.value, at);
      return { exclusion, receipt, reread };
    },
    { retry: true },
  );
}

/** What taking an exclusion back leads to. */
export interface Readmitted {
  readonly receipt: ExclusionReceipt;
  /** Installations that are read again, as far back as the workspace reads. */
  readonly reread: readonly string[];
  /** What no reading brings back, in sentences. */
  readonly lost: readonly string[];
}

/** Takes an exclusion back: what the providers still have is read again. Throws ExclusionError. */
export async function readmit(
  deps: Pick<ExclusionDependencies, 'database' | 'now'>,
  workspaceId: string,
  exclusionId: string,
  by: string,
): Promise<Readmitted> {
  const at = deps.now();
  return deps.database.inWorkspace(workspaceId, async (tx) => {
    await lockMatching(tx);
    const removed = await deleteExclusion(tx, exclusionId);
    if (!removed) throw new ExclusionError('There is no such exclusion: waymark exclude list shows those there are.');
    const scope = removed.kind === 'installation' ? removed.value : removed.scope;
    const before = scope === '' ? undefined : await readInstallation(tx, scope);
    if (removed.kind === 'installation' && before?.status === 'disabled')
      await setStatus(tx, scope, 'active', null, at);
    const reread = await readers(tx, scope === '' ? undefined : scope);
    for (const installationId of reread) await readAnew(tx, installationId, at);
    const receipt = await receiptFor(tx, {
      rule: removed,
      action: 'removed',
      counts: { installations: reread.length },
      ids: [],
      by,
      at,
    });
    const lost = [
      'What the providers no longer have, or have from before the history that the workspace reads.',
      'What came by a file or a webhook: it has to be imported or sent again.',
      'Decisions by hand and answers about it.',
    ];
    return { receipt, reread, lost };
  });
}

const domainForm = /^[a-z0-9\u0080-\uffff-]+(\.[a-z0-9\u0080-\uffff-]+)+$/;
const addressForm = /^[^@\s]{1,64}@[^@\s]{1,255}$/;
const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function normalized(request: ExclusionRequest): Pick<Exclusion, 'kind' | 'value' | 'other' | 'scope'> {
  const { kind } = request;
  const text = request.value.trim().toLowerCase();
  const scope = request.installationId ?? '';
  const wrong = (what: string) => new ExclusionError(`${request.value} is no ${what}.`);
  if (text === '' || text.length > 320) throw wrong('value that can be excluded');
  if (scope !== '' && !uuidForm.test(scope)) throw wrong('installation id');
  if (kind !== 'pair' && request.other) throw new ExclusionError('Only a pair has two sides.');
  switch (kind) {
    case 'domain': {
      const domain = text.replace(/^@/, '');
      if (!domainForm.test(domain)) throw wrong('domain such as example.com');
      return { kind, value: domain, other: '', scope };
    }
    case 'person':
      if (!addressForm.test(text)) throw wrong('address such as ann@example.com');
      return { kind, value: addressKey(text), other: '', scope };
    case 'pair': {
      if (!addressForm.test(text)) throw wrong('address such as ann@example.com');
      const { other } = request;
      if (!other) throw new ExclusionError('A pair wants its other side: an address or an account.');
      if ('accountId' in other)
        return { kind, value: addressKey(text), other: `account:${other.accountId}`, scope: '' };
      const second = other.address.trim().toLowerCase();
      if (!addressForm.test(second))
        throw new ExclusionError(`${other.address} is no address such as ann@example.com.`);
      const [value, rest] = [addressKey(text), addressKey(second)].sort();
      return { kind, value: value ?? '', other: rest ?? '', scope };
    }
    case 'label':
      return { kind, value: text, other: '', scope };
    case 'keyword':
      if (text.length < 3)
        throw new ExclusionError('A keyword has at least three letters: a shorter one is in every subject.');
      return { kind, value: text, other: '', scope };
    case 'installation':
      if (!uuidForm.test(text)) throw wrong('installation id');
      return { kind, value: text, other: '', scope: '' };
  }
}

async function requireKnown(tx: Tx, request: ExclusionRequest): Promise<void> {
  const installationId = request.kind === 'installation' ? request.value.trim().toLowerCase() : request.installationId;
  if (installationId !== undefined && !(await readInstallation(tx, installationId)))
    throw new ExclusionError('There is no such installation in this workspace: waymark status lists them.');
  if (request.other && 'accountId' in request.other && !(await readAccount(tx, request.other.accountId)))
    throw new ExclusionError('There is no such account in this workspace: waymark accounts lists them.');
}

/** The installations that are read; what posts to us cannot be asked again. */
async function readers(tx: Tx, only: string | undefined): Promise<readonly string[]> {
  return (await installations(tx))
    .filter((one) => one.status === 'active' && one.connector !== 'slack')
    .filter((one) => only === undefined || one.installationId === only)
    .map((one) => one.installationId);
}

async function readAnew(tx: Tx, installationId: string, at: number): Promise<void> {
  await rereadStreams(tx, { installationId, anew: true });
  await wantRun(tx, installationId, at);
}

/** Which records set aside a rule names; they are sealed, so that only their text tells. */
async function namedAside(
  deps: ExclusionDependencies,
  workspaceId: string,
  rule: Exclusion,
): Promise<readonly string[]> {
  const rows = await deps.database.inWorkspace(workspaceId, (tx) => setAsideRows(tx));
  const exclusions = new Exclusions([rule]);
  const named: string[] = [];
  for (const { sourceId, installationId, raw } of rows) {
    const text = await deps.sealer
      .open(workspaceId, installationId ?? '', `set_aside:${sourceId}`, raw)
      .catch(() => undefined);
    // What nobody can open tells nobody anything.
    if (text !== undefined && exclusions.mentionedIn(text, installationId)) named.push(sourceId);
  }
  return named;
}
