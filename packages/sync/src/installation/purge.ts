import {
  forgetReading,
  forgetSaid,
  lockMatching,
  sourcesOfInstallation,
  wakeAccounts,
  wantRematch,
  type ExclusionReceipt,
  type Tx,
} from '@waymark/store';
import { v7 as uuidv7 } from 'uuid';
import { endEntities } from '../matching/entities.ts';
import { purge } from '../matching/exclusion-purge.ts';

/**
 * Takes away all that an installation read: its sightings with what they led to, its records, companies and contacts, its cursors and
 * coverage. What another installation saw as well stays, as its. Unlike an exclusion it forbids nothing: the account may be connected
 * anew. Returns the receipt, which names nobody; its `exclusionId` is of no exclusion.
 */
export async function purgeInstallation(
  tx: Tx,
  order: { readonly installationId: string; readonly by: string; readonly at: number },
): Promise<ExclusionReceipt> {
  const { installationId, by, at } = order;
  await lockMatching(tx);
  const ended = await endEntities(tx, await sourcesOfInstallation(tx, installationId), at);
  const beside = await forgetSaid(tx, installationId, at);
  const rule = { exclusionId: uuidv7(), kind: 'installation' as const, value: installationId, other: '', scope: '' };
  const receipt = await purge(tx, { rule, setAside: [], by, at, beside });
  await forgetReading(tx, installationId);
  await wantRematch(tx, ended.subjects, at);
  const touched = [...ended.accounts].map((accountId) => ({ accountId, earliest: at }));
  await wakeAccounts(tx, touched, at);
  return receipt;
}
