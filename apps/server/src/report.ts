import {
  accounts,
  activeDefinitions,
  alertTotals,
  standings,
  eventTotals,
  flags as storedFlags,
  installations,
  populationTotals,
  pushSubscriptions,
  streamCounts,
  streamStates,
  unmatched,
  writebackSummary,
  type PushRow,
  type Tx,
  type Workspace,
} from '@waymark/store';
import { watchedTimes, type Coverage, type WatchedTime } from '@waymark/sync';

/** A workspace in figures: what `waymark status` prints and what `npm start -- --once --json` ends with. */
export interface WorkspaceReport {
  readonly workspace: { readonly id: string; readonly slug: string; readonly name: string };
  readonly installations: readonly {
    readonly id: string;
    readonly connector: string;
    readonly label: string;
    readonly status: string;
    readonly reason: string | null;
    readonly resumeAt: string | null;
    readonly resumeReason: string | null;
    readonly coverage: CoverageReport;
    /** How it signs in: `consent`, an organization's grant (its kind), or `address` where others post to us. */
    readonly grant: string;
    readonly push: PushReport;
    readonly streams: readonly StreamReport[];
  }[];
  /** CSMs with customers whose mailbox nothing reads now. */
  readonly unwatchedMailboxes: Coverage['unwatchedMailboxes'];
  readonly accounts: number;
  readonly customers: number;
  readonly contacts: number;
  readonly unmatched: { readonly subjects: number; readonly events: number };
  readonly events: {
    readonly total: number;
    readonly byType: Readonly<Record<string, number>>;
    readonly bySource: Readonly<Record<string, number>>;
    readonly merged: number;
  };
  readonly stages: Readonly<Record<string, number>>;
  readonly flags: readonly FlagReport[];
  readonly alerts: {
    readonly posted: number;
    readonly uncertain: number;
    readonly heldBack: number;
    readonly pending: number;
  };
  readonly writeback: {
    readonly planned: number;
    readonly applied: number;
    readonly verified: number;
    readonly failed: number;
  };
}

/** What an installation watched of contact with customers, from when to when, and what it did not. */
export interface CoverageReport {
  /** Since when all that it sees has been read; null before the first complete reading, or where it sees no contact. */
  readonly from: string | null;
  readonly to: string | null;
  readonly watched: readonly {
    readonly stream: string;
    readonly partition: string;
    readonly label: string | null;
    readonly touchpoints: readonly string[];
    readonly from: string;
    readonly to: string;
    readonly current: boolean;
  }[];
  readonly gaps: readonly {
    readonly stream: string;
    readonly partition: string;
    readonly label: string | null;
    readonly touchpoints: readonly string[];
    readonly from: string;
    /** Null: it goes on. */
    readonly to: string | null;
    readonly reason: string;
    /** When what was missed was read after all. */
    readonly readLaterAt: string | null;
  }[];
}

/** Subscriptions that wake an installation's streams. Without any it is read on the clock alone. */
export interface PushReport {
  readonly subscribed: number;
  readonly faults: readonly { readonly target: string; readonly message: string; readonly since: string }[];
  /** Why there are none; null where there are some, or where its provider has none. */
  readonly note: string | null;
}

export interface StreamReport {
  readonly stream: string;
  readonly partitions: number;
  readonly stored: number;
  readonly ignored: number;
  readonly rejected: number;
  /** Why records were ignored or rejected, with how many. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Seconds since the last complete read of the partition that is furthest behind; null before the first. */
  readonly freshnessSeconds: number | null;
  readonly watchedFrom: string | null;
  readonly backfilling: boolean;
  readonly progress: { readonly done: number; readonly expected: number | null };
  readonly fault: { readonly kind: string; readonly message: string; readonly since: string } | null;
  /** Where it failed: when the clock tries it again, later with each failure in a row. */
  readonly retryAt: string | null;
}

export interface FlagReport {
  readonly id: string;
  readonly account: string;
  readonly accountId: string;
  readonly domain: string | null;
  readonly csm: string | null;
  readonly rule: string;
  readonly kind: string;
  readonly severity: string;
  readonly reason: string;
  readonly openedAt: string;
  readonly evidence: readonly string[];
}

/** Reads the report of one workspace in its transaction. */
export async function workspaceReport(tx: Tx, workspace: Workspace, now: number): Promise<WorkspaceReport> {
  const population = await populationTotals(tx);
  const events = await eventTotals(tx);
  const queue = await unmatched(tx);
  const alerts = await alertTotals(tx);
  const coverage = await watchedTimes(tx, now);
  const [first] = await activeDefinitions(tx);
  const stages: Record<string, number> = {};
  // An account that was merged into another keeps its checkpoint, and stands nowhere by itself.
  const standing = new Set((await accounts(tx)).map((account) => account.accountId));
  for (const one of await standings(tx, first?.journey)) {
    if (!standing.has(one.accountId)) continue;
    const stage = one.stage ?? 'none';
    stages[stage] = (stages[stage] ?? 0) + 1;
  }
  return {
    workspace: { id: workspace.workspaceId, slug: workspace.slug, name: workspace.name },
    installations: await installationReports(tx, now, coverage),
    unwatchedMailboxes: coverage.unwatchedMailboxes,
    ...population,
    unmatched: { subjects: queue.length, events: events.unmatched },
    events: { total: events.total, byType: events.byType, bySource: events.bySource, merged: events.merged },
    stages,
    flags: await flagReports(tx),
    alerts: { posted: alerts.posted, uncertain: alerts.uncertain, heldBack: alerts.heldBack, pending: alerts.pending },
    writeback: await writebackSummary(tx),
  };
}

async function installationReports(tx: Tx, now: number, coverage: Coverage): Promise<WorkspaceReport['installations']> {
  const states = await streamStates(tx);
  const counts = await streamCounts(tx);
  const pushes = await pushSubscriptions(tx);
  return (await installations(tx)).map((one) => {
    const own = states.filter((state) => state.installationId === one.installationId);
    const names = [...new Set(own.map((state) => state.stream))].sort();
    return {
      id: one.installationId,
      connector: one.connector,
      label: one.label,
      status: one.status,
      reason: one.statusReason,
      resumeAt: one.resumeAt === null ? null : new Date(one.resumeAt).toISOString(),
      resumeReason: one.resumeReason,
      coverage: coverageReport(coverage.installations.find((each) => each.installationId === one.installationId)),
      grant: one.grantKind,
      push: pushReport(
        pushes.filter((push) => push.installationId === one.installationId),
        one.pushNote,
      ),
      streams: names.map((stream): StreamReport => {
        const parts = own.filter((state) => state.stream === stream);
        const ended = counts.filter((count) => count.installationId === one.installationId && count.stream === stream);
        const sum = (outcome: string) =>
          ended.filter((count) => count.outcome === outcome).reduce((total, count) => total + count.records, 0);
        const oldest = parts.map((part) => part.lastSuccessAt);
        const fault = parts.find((part) => part.fault !== null)?.fault ?? null;
        const floors = parts.flatMap((part) => (part.backfilledFrom === null ? [] : [part.backfilledFrom]));
        return {
          stream,
          partitions: parts.length,
          stored: sum('stored'),
          ignored: sum('ignored'),
          rejected: sum('rejected'),
          reasons: Object.fromEntries(
            ended.flatMap((count) => (count.reason === null ? [] : [[count.reason, count.records]])),
          ),
          freshnessSeconds: oldest.includes(null)
            ? null
            : Math.max(0, Math.round((now - Math.min(...oldest.map((at) => at ?? now))) / 1000)),
          watchedFrom: floors.length > 0 ? new Date(Math.max(...floors)).toISOString() : null,
          backfilling: parts.some((part) => part.backfillDoneAt === null),
          progress: {
            done: parts.reduce((total, part) => total + part.progressDone, 0),
            expected: parts.some((part) => part.progressExpected === null)
              ? null
              : parts.reduce((total, part) => total + (part.progressExpected ?? 0), 0),
          },
          fault: fault && { ...fault, since: new Date(fault.since).toISOString() },
          retryAt: isoOrNull(least(parts.flatMap((part) => part.retryAt ?? []))),
        };
      }),
    };
  });
}

const isoOrNull = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
const least = (times: readonly number[]): number | null => (times.length === 0 ? null : Math.min(...times));

function coverageReport(one: WatchedTime | undefined): CoverageReport {
  return {
    from: isoOrNull(one?.from ?? null),
    to: isoOrNull(one?.to ?? null),
    watched: (one?.watched ?? []).map((part) => ({
      ...part,
      from: new Date(part.from).toISOString(),
      to: new Date(part.to).toISOString(),
    })),
    gaps: (one?.gaps ?? []).map((gap) => ({
      ...gap,
      from: new Date(gap.from).toISOString(),
      to: isoOrNull(gap.to),
      readLaterAt: isoOrNull(gap.readLaterAt),
    })),
  };
}

function pushReport(rows: readonly PushRow[], note: string | null): PushReport {
  return {
    subscribed: rows.filter((row) => row.state === 'active').length,
    faults: rows.flatMap((row) =>
      row.fault === null
        ? []
        : [{ target: row.key, message: row.fault.message, since: new Date(row.fault.since).toISOString() }],
    ),
    note,
  };
}

const severityOrder = ['critical', 'high', 'medium', 'low'];

/** The open flags, worst first. */
export async function flagReports(tx: Tx, accountId?: string): Promise<readonly FlagReport[]> {
  const byId = new Map((await accounts(tx)).map((account) => [account.accountId, account]));
  const open = await storedFlags(tx, { openOnly: true, ...(accountId !== undefined && { accountId }) });
  return open
    .map((flag) => {
      const account = byId.get(flag.accountId);
      return {
        id: flag.flagId,
        account: account?.name ?? flag.accountId,
        accountId: flag.accountId,
        domain: account?.domain ?? null,
        csm: account?.csmEmail ?? null,
        rule: flag.rule,
        kind: flag.kind,
        severity: flag.severity,
        // The reason as of opening stays; what is said to people has the figures of now.
        reason: String(flag.detail.reasonNow ?? flag.detail.reason ?? ''),
        openedAt: new Date(flag.openedAt).toISOString(),
        evidence: evidenceOf(flag.detail),
      };
    })
    .sort(
      (a, b) =>
        severityOrder.indexOf(a.severity) - severityOrder.indexOf(b.severity) || a.account.localeCompare(b.account),
    );
}

function evidenceOf(detail: Readonly<Record<string, unknown>>): readonly string[] {
  const proof = detail.proof;
  if (typeof proof !== 'object' || proof === null || !('evidence' in proof) || !Array.isArray(proof.evidence))
    return [];
  return proof.evidence.flatMap((one: unknown) =>
    typeof one === 'object' && one !== null && 'eventId' in one && typeof one.eventId === 'string' ? [one.eventId] : [],
  );
}
