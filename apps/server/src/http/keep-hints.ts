import type { HintDelivery, Hint, HintResult } from '@waymark/connector-kit';
import {
  addDeliveries,
  addHints,
  Gathered,
  installation as readInstallation,
  noticePush,
  sealDelivery,
  wantHints,
  wantRun,
  type SealedDelivery,
  type StoredHint,
  type Tx,
} from '@waymark/store';
import type { Waymark } from '../waymark.ts';

/** More than a vendor sends at once; the rest of a request of that size is found by polling. */
const mostHints = 1000;
const mostDeliveries = 1000;

/**
 * Keeps what a verified request said for one installation: hints, deliveries and the wish for a run. It is durable
 * when this resolves (I8). Returns false where the installation is not there or is switched off.
 */
export async function keepHints(
  waymark: Waymark,
  to: { readonly workspaceId: string; readonly installationId: string; readonly account: string },
  result: HintResult & { readonly ok: true },
  subscription?: { readonly tokenHash: string; readonly stream: string },
): Promise<boolean> {
  const { workspaceId, installationId, account } = to;
  const now = waymark.now();
  const own = <T extends { readonly externalAccountId: string }>(all: readonly T[], most: number) =>
    all.filter((one) => one.externalAccountId === account).slice(0, most);
  const deliveries = own(result.deliveries ?? [], mostDeliveries);
  const hints = withWakes(own(result.hints, mostHints), deliveries);
  const sealed: SealedDelivery[] = [];
  for (const one of deliveries) sealed.push(await sealDelivery(waymark.sealer, workspaceId, installationId, one));
  const lapsed = result.lapsed === true && subscription !== undefined;
  const stored = hints.map(({ stream, dedupeKey, ids }): StoredHint => ({
    installationId,
    stream,
    dedupeKey,
    externalIds: ids,
    receivedAt: now,
  }));
  const notice = subscription && { tokenHash: subscription.tokenHash, lapsed };
  const kept = await intakeOf(waymark).add(workspaceId, { installationId, sealed, hints: stored, notice, now });
  if (kept) await waymark.point('hint-stored');
  return kept;
}

/** What one request said of one installation. */
interface Said {
  readonly installationId: string;
  readonly sealed: readonly SealedDelivery[];
  readonly hints: readonly StoredHint[];
  readonly notice: { readonly tokenHash: string; readonly lapsed: boolean } | undefined;
  readonly now: number;
}

const intakes = new WeakMap<Waymark, Gathered<Said, boolean>>();

/** Requests of a burst share transactions: each would wait for the row of its installation otherwise. */
function intakeOf(waymark: Waymark): Gathered<Said, boolean> {
  const intake = intakes.get(waymark) ?? new Gathered(waymark.database, keepAll);
  intakes.set(waymark, intake);
  return intake;
}

async function keepAll(tx: Tx, said: readonly Said[]): Promise<readonly boolean[]> {
  const taken = new Map<string, boolean>();
  for (const { installationId } of said) {
    if (taken.has(installationId)) continue;
    const found = await readInstallation(tx, installationId);
    taken.set(installationId, found !== undefined && found.status !== 'disabled');
  }
  const kept = said.filter(({ installationId }) => taken.get(installationId));
  for (const [installationId, own] of Map.groupBy(kept, (one) => one.installationId)) {
    const sealed = own.flatMap((one) => one.sealed);
    await addDeliveries(tx, installationId, sealed, own[0]?.now ?? 0);
  }
  await addHints(
    tx,
    kept.flatMap(({ hints }) => hints),
  );
  for (const { installationId, notice, now } of kept) {
    if (notice) await noticePush(tx, notice.tokenHash, notice.lapsed, now);
    if (notice?.lapsed) await wantRun(tx, installationId, now);
  }
  const hinted = kept.filter(({ hints }) => hints.length > 0);
  const [first] = hinted;
  // Last, since whoever ends or begins a run waits for these rows.
  if (first) await wantHints(tx, [...new Set(hinted.map(({ installationId }) => installationId))], first.now);
  return said.map(({ installationId }) => taken.get(installationId) ?? false);
}

/** Deliveries wake their stream as hints do, once a request. */
function withWakes(
  hints: readonly Hint[],
  deliveries: readonly HintDelivery[],
): readonly Pick<Hint, 'stream' | 'ids' | 'dedupeKey'>[] {
  const woken = new Set(hints.map((hint) => hint.stream));
  const wakes = deliveries.flatMap(({ stream, dedupeKey }) => {
    if (woken.has(stream)) return [];
    woken.add(stream);
    return [{ stream, ids: [], dedupeKey: `inbox:${dedupeKey}` }];
  });
  return [...hints, ...wakes];
}
