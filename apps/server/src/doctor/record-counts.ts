import { ConnectorFault, type AnyConnector } from '@waymark/connector-kit';
import { datedRecords, recordEnds, type RecordEnd, type StreamState } from '@waymark/store';
import { askable, openFor } from './asking.ts';
import { nameOf, type Patient } from './patient.ts';

const day = 86_400_000;
/** What is younger may still be on its way. */
const settleMs = 3_600_000;
/** Records told one by one at most, for each stream. */
const mostTold = 1000;

/** How one record that a provider lists ended here. `gone`: it counts as deleted here; `not_here`: nothing is known of it. */
export interface RecordOutcome {
  readonly id: string;
  readonly ends: 'stored' | 'ignored' | 'rejected' | 'excluded' | 'gone' | 'not_here' | 'not_there';
  readonly reason: string | null;
}

/** A provider's count of one stream beside what became of each record here. Times are RFC 3339. */
export interface RecordCount {
  readonly installationId: string;
  readonly installation: string;
  readonly stream: string;
  readonly partition: string;
  readonly label: string | null;
  readonly from: string;
  readonly to: string;
  /** What the provider counts. */
  readonly provider: number;
  /** What is known here of what it listed; of a stream that the provider only counts, of all in the window. */
  readonly ends: Readonly<Record<string, number>>;
  /** Whether the provider named its records, so that each could be looked up. */
  readonly listed: boolean;
  /** Of those that are not stored: each with how it ended. At most 1,000, the worst first. */
  readonly differing: readonly RecordOutcome[];
}

/** What a stream that the provider only counts may be off by: its index lags, and it dates its records in its own way. */
const slack = (total: number): number => Math.max(2, Math.ceil(total * 0.02));

/** Records that a provider has and that are not here without a trace, or counted as deleted (failure A11). */
export function missingOf(count: RecordCount): { readonly records: number; readonly ids: readonly string[] } {
  if (!count.listed) {
    const known = Object.values(count.ends).reduce((sum, each) => sum + each, 0);
    const lacking = count.provider - known;
    return { records: lacking > slack(count.provider) ? lacking : 0, ids: [] };
  }
  const missing = count.differing.filter((one) => one.ends === 'not_here' || one.ends === 'gone');
  return { records: (count.ends.not_here ?? 0) + (count.ends.gone ?? 0), ids: missing.map((one) => one.id) };
}

/** Counts every stream of every installation that can be asked, beside the provider, over the last days. Throws ConnectorFault. */
export async function compareCounts(patient: Patient, days: number): Promise<readonly RecordCount[]> {
  const all = await Promise.all(
    askable(patient).map(async (one) => {
      const { connector, client } = await openFor(patient, one);
      return countsOf(patient, one.installationId, connector, client, days);
    }),
  );
  return all.flat();
}

/** The same for one installation, opened. */
export async function countsOf(
  patient: Patient,
  installationId: string,
  connector: AnyConnector,
  client: unknown,
  days: number,
): Promise<readonly RecordCount[]> {
  const counts: RecordCount[] = [];
  for (const state of patient.streams) {
    if (state.installationId !== installationId || state.lastSuccessAt === null) continue;
    const count = await countOf(patient, connector, client, state, days);
    if (count) counts.push(count);
  }
  return counts;
}

async function countOf(
  patient: Patient,
  connector: AnyConnector,
  client: unknown,
  state: StreamState,
  days: number,
): Promise<RecordCount | undefined> {
  const stream = connector.streams.find((one) => one.name === state.stream);
  const owner = patient.installations.find((one) => one.installationId === state.installationId);
  if (!stream?.count || !owner) return undefined;
  const to = Math.min(patient.now, state.lastSuccessAt ?? 0) - settleMs;
  const from = Math.max(patient.now - days * day, state.backfilledFrom ?? 0);
  if (to <= from) return undefined;
  const answer = await stream.count(client, state.partition, { from, to }).catch((error: unknown) => {
    // A stream whose scope is missing is a finding of its own.
    if (error instanceof ConnectorFault && error.fault.kind === 'scope-missing') return undefined;
    throw error;
  });
  if (!answer) return undefined;
  const { total, ids } = answer;
  const { known, dated } = await patient.waymark.database.inWorkspace(patient.workspace.workspaceId, async (tx) => ({
    known: ids ? await recordEnds(tx, state, ids) : undefined,
    dated: await datedRecords(tx, state, { from, to }),
  }));
  const outcomes = known && ids ? ids.map((id) => outcomeOf(id, known.get(id))) : [];
  const there = new Set(ids);
  // A mailbox dates its mail as we do, give or take; what was stored and is not listed any more was deleted there since.
  const comparable = ids !== undefined && owner.address !== null && state.sees.includes('email');
  const notThere = comparable ? [...dated].filter(([id, end]) => isAlive(end, from, to) && !there.has(id)) : [];
  const all = ids
    ? [...outcomes, ...notThere.map(([id]): RecordOutcome => ({ id, ends: 'not_there', reason: null }))]
    : [...dated].map(([id, end]) => outcomeOf(id, end));
  const ends: Record<string, number> = {};
  for (const one of all) ends[one.ends] = (ends[one.ends] ?? 0) + 1;
  const differing = all
    .filter((one) => one.ends !== 'stored')
    .toSorted((a, b) => worst.indexOf(a.ends) - worst.indexOf(b.ends));
  return {
    installationId: state.installationId,
    installation: nameOf(owner),
    stream: state.stream,
    partition: state.partition,
    label: state.label,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    provider: total,
    ends,
    listed: ids !== undefined,
    differing: differing.slice(0, mostTold),
  };
}

const worst: readonly RecordOutcome['ends'][] = ['not_here', 'gone', 'rejected', 'not_there', 'excluded', 'ignored'];

const isAlive = (end: RecordEnd, from: number, to: number): boolean =>
  end.outcome === 'stored' &&
  !end.gone &&
  end.occurredAt !== null &&
  end.occurredAt > from + day &&
  end.occurredAt < to - day;

function outcomeOf(id: string, end: RecordEnd | undefined): RecordOutcome {
  if (!end) return { id, ends: 'not_here', reason: null };
  if (end.gone) return { id, ends: 'gone', reason: end.reason };
  if (end.outcome === 'ignored' && end.reason?.startsWith('excluded_'))
    return { id, ends: 'excluded', reason: end.reason };
  return { id, ends: end.outcome, reason: end.reason };
}

/** How the records ended, in words: `40 stored, 3 ignored (own_mail 3), 1 not here`. */
export function endsText({ ends, differing }: RecordCount): string {
  return Object.entries(ends)
    .map(([end, records]) => {
      const reasons = new Map<string, number>();
      for (const one of differing)
        if (one.ends === end && one.reason !== null) reasons.set(one.reason, (reasons.get(one.reason) ?? 0) + 1);
      const why = [...reasons].map(([reason, times]) => `${reason} ${times}`).join(', ');
      return `${records} ${end.replaceAll('_', ' ')}${why === '' ? '' : ` (${why})`}`;
    })
    .join(', ');
}
