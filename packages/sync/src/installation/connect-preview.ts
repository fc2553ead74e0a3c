import { domainOf, nothingExcluded, outsideAddresses, registrableDomain, type Assignments } from '@waymark/identity';
import { eventId } from '@waymark/journey';
import type { MapContext, PullContext, RawRecord, Stream } from '@waymark/connector-kit';
import {
  installation as readInstallation,
  readSettings,
  recordAudit,
  setStatus,
  wantRun,
  type Installation,
  type Tx,
} from '@waymark/store';
import { loadAssignments, matchSighting } from '../matching/attribution.ts';
import { ExclusionError, loadExclusions } from '../matching/exclusions.ts';
import { openSession, type SyncDependencies } from './installation.ts';
import { priority } from './limits.ts';
import { prepareRecord, type PreparedRecord } from '../reading/prepare.ts';

/** How a record would end. Excluded and left out ones are dropped; one that cannot be read is set aside, sealed. */
export type PreviewOutcome =
  | 'matched'
  | 'unmatched'
  | 'internal'
  | 'automated'
  | 'company data'
  | 'excluded'
  | 'left out'
  | 'unreadable';

/** What reading an account would keep and drop, counted over its newest records. */
export interface ConnectPreview {
  readonly installationId: string;
  readonly connector: string;
  readonly label: string;
  readonly records: number;
  /** Whether there was more than was looked at. */
  readonly more: boolean;
  readonly kept: number;
  readonly dropped: number;
  readonly outcomes: Readonly<Partial<Record<PreviewOutcome, number>>>;
  /** Why, in the words of matching, of the connector and of exclusions. */
  readonly reasons: Readonly<Record<string, number>>;
  /** By the domain of the person outside who weighs most, the commonest first; '' for records without one. */
  readonly domains: readonly {
    readonly domain: string;
    readonly kept: number;
    readonly dropped: number;
    readonly reasons: Readonly<Record<string, number>>;
  }[];
  /** Streams that were not granted. */
  readonly missing: readonly string[];
}

export interface PreviewOptions {
  /** Records of each stream that are looked at. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

const defaultLimit = 1_000;
const listedDomains = 200;
const day = 86_400_000;

/**
 * Reads the newest records of an installation and says what would become of them. Stores nothing: not the records, not a cursor, not the
 * answer. Throws ConnectorFault as any reading does, ExclusionError where there is no such installation.
 */
export async function previewInstallation(
  deps: SyncDependencies,
  workspaceId: string,
  installationId: string,
  options: PreviewOptions = {},
): Promise<ConnectPreview> {
  const { installation, settings, judge } = await deps.database.inWorkspace(workspaceId, async (tx) => {
    const found = await requireInstallation(tx, installationId);
    return { installation: found, settings: await readSettings(tx), judge: await judgeFor(tx, found) };
  });
  const signal = options.signal ?? AbortSignal.timeout(10 * 60_000);
  const { connector, client } = await openSession(deps, workspaceId, installation, priority.backfill, signal);
  const until = deps.now();
  const mapping: MapContext = {
    ownDomains: settings.ownDomains,
    account: {
      externalAccountId: installation.externalAccountId,
      label: installation.label,
      ...(installation.address !== null && { address: installation.address }),
    },
    settings: installation.settings,
    keepSubjects: false,
    readAt: until,
  };
  const context: PullContext = { mode: 'backfill', since: until - settings.historyDays * day, until };
  const tally = new Tally(installation);
  for (const stream of [...connector.streams].sort((a, b) => a.order - b.order)) {
    if (stream.scopes.some((scope) => !installation.grantedScopes.includes(scope))) {
      tally.missing.push(stream.name);
      continue;
    }
    const limit = options.limit ?? defaultLimit;
    let read = 0;
    for await (const record of newest(stream, client, context)) {
      if (read >= limit) {
        tally.more = true;
        break;
      }
      read += 1;
      tally.add(judge(stream, record, mapping));
    }
  }
  return tally.result();
}

/** Lets an installation that was only looked at be read from now on. Throws ExclusionError where it is not waiting for that. */
export async function acceptPreview(tx: Tx, installationId: string, by: string, at: number): Promise<Installation> {
  const found = await requireInstallation(tx, installationId);
  if (found.status !== 'preview') throw new ExclusionError(`${found.label} is not waiting to be accepted.`);
  await setStatus(tx, installationId, 'active', null, at);
  await wantRun(tx, installationId, at);
  await recordAudit(tx, {
    at,
    actor: by,
    action: 'installation.accepted',
    subject: installationId,
    detail: { connector: found.connector },
  });
  return { ...found, status: 'active' };
}

async function requireInstallation(tx: Tx, installationId: string): Promise<Installation> {
  const found = await readInstallation(tx, installationId);
  if (!found) throw new ExclusionError('There is no such installation in this workspace: waymark status lists them.');
  return found;
}

/** The records of a stream as its first reading would find them: providers give the newest first where they can. */
async function* newest(
  stream: Stream<unknown, unknown, unknown>,
  client: unknown,
  context: PullContext,
): AsyncIterable<RawRecord> {
  const partitions = stream.partitions ? await stream.partitions(client) : [{ id: '', label: stream.name }];
  for (const { id } of partitions) {
    for await (const page of stream.pull(client, null, id, context)) {
      yield* page.records;
      if (page.done) break;
    }
  }
}

interface Judged {
  readonly outcome: PreviewOutcome;
  readonly reason: string;
  readonly domain: string;
}

/** Judges records by the matching and the exclusions as they stand. */
async function judgeFor(tx: Tx, installation: Installation) {
  const inForce = await loadAssignments(tx);
  const exclusions = await loadExclusions(tx);
  const { workspaceId } = tx;
  const { installationId } = installation;
  return (stream: Stream<unknown, unknown, unknown>, record: RawRecord, mapping: MapContext): Judged => {
    const whole = prepareRecord(workspaceId, installationId, stream, record, mapping, nothingExcluded);
    const kept = prepareRecord(workspaceId, installationId, stream, record, mapping, exclusions);
    const domain = domainOfRecord(whole, inForce);
    if (kept.outcome === 'rejected') return { outcome: 'unreadable', reason: kept.reason ?? 'unreadable', domain };
    if (kept.outcome === 'ignored') {
      const outcome = kept.excludedBy === null ? 'left out' : 'excluded';
      return { outcome, reason: kept.reason ?? 'ignored', domain };
    }
    const [draft] = kept.drafts;
    if (!draft) return { outcome: 'company data', reason: kept.entities[0]?.kind ?? 'nothing', domain };
    const found = matchSighting(
      {
        eventId: eventId(workspaceId, draft.identity, draft.type),
        direction: draft.direction,
        participants: draft.participants,
        subject: draft.subject ?? null,
        installationId,
      },
      inForce,
    );
    if (exclusions.ofPair(draft.participants, found.accountId))
      return { outcome: 'excluded', reason: 'excluded_pair', domain };
    if (draft.direction === 'internal') return { outcome: 'internal', reason: 'internal', domain };
    if (draft.automated) return { outcome: 'automated', reason: 'automated', domain };
    return { outcome: found.accountId === null ? 'unmatched' : 'matched', reason: found.reason, domain };
  };
}

function domainOfRecord(record: PreparedRecord, inForce: Assignments): string {
  const [draft] = record.drafts;
  const [address] = draft ? outsideAddresses(draft.participants, inForce) : [];
  if (address !== undefined) return registrableDomain(domainOf(address) ?? '');
  const named = record.entities.flatMap((fact) =>
    fact.kind === 'account'
      ? fact.domains
      : fact.kind === 'contact'
        ? fact.addresses.flatMap((one) => domainOf(one) ?? [])
        : [],
  );
  return named[0] === undefined ? '' : registrableDomain(named[0]);
}

const droppedOutcomes: ReadonlySet<PreviewOutcome> = new Set(['excluded', 'left out']);

class Tally {
  readonly missing: string[] = [];
  more = false;
  readonly #installation: Installation;
  readonly #outcomes = new Map<PreviewOutcome, number>();
  readonly #reasons = new Map<string, number>();
  readonly #domains = new Map<string, { kept: number; dropped: number; reasons: Map<string, number> }>();
  #kept = 0;
  #dropped = 0;

  constructor(installation: Installation) {
    this.#installation = installation;
  }

  add({ outcome, reason, domain }: Judged): void {
    const dropped = droppedOutcomes.has(outcome);
    if (dropped) this.#dropped += 1;
    else this.#kept += 1;
    count(this.#outcomes, outcome);
    count(this.#reasons, reason);
    const own = this.#domains.get(domain) ?? { kept: 0, dropped: 0, reasons: new Map<string, number>() };
    this.#domains.set(domain, own);
    if (dropped) own.dropped += 1;
    else own.kept += 1;
    count(own.reasons, reason);
  }

  result(): ConnectPreview {
    const { installationId, connector, label } = this.#installation;
    const domains = [...this.#domains]
      .map(([domain, own]) => ({ domain, ...own, reasons: Object.fromEntries(own.reasons) }))
      .sort((a, b) => b.kept + b.dropped - a.kept - a.dropped || (a.domain < b.domain ? -1 : 1));
    return {
      installationId,
      connector,
      label,
      records: this.#kept + this.#dropped,
      more: this.more,
      kept: this.#kept,
      dropped: this.#dropped,
      outcomes: Object.fromEntries(this.#outcomes),
      reasons: Object.fromEntries(this.#reasons),
      domains: domains.slice(0, listedDomains),
      missing: this.missing,
    };
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
