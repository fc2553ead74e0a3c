import type { HintDelivery, Hint, HintResult } from '@waymark/connector-kit';
import {
  addDeliveries,
  addHints,
  installation as readInstallation,
  noticePush,
  sealDelivery,
  wantRun,
  type SealedDelivery,
} from '@waymark/store';
import type { Waymark } from '../waymark.ts';

/** More than a vendor sends at once; the rest of a request of that size is found by polling. */
const mostHints = 1000;
const mostDeliveries = 1000;

/**
 * Keeps what a verified request said for one installation, in one transaction: hints, deliveries and the wish for a run. It is durable
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
  const kept = await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const found = await readInstallation(tx, installationId);
    if (!found || found.status === 'disabled') return false;
    await addDeliveries(tx, installationId, sealed, now);
    await addHints(
      tx,
      hints.map((hint) => ({
        installationId,
        stream: hint.stream,
        dedupeKey: hint.dedupeKey,
        externalIds: hint.ids,
        receivedAt: now,
      })),
    );
    if (subscription) await noticePush(tx, subscription.tokenHash, lapsed, now);
    if (hints.length > 0 || lapsed) await wantRun(tx, installationId, now);
    return true;
  });
  if (kept) await waymark.point('hint-stored');
  return kept;
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
