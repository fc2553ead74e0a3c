import { contentUuid } from '@waymark/journey';
import type { Sealer, SetAside } from '@waymark/store';
import type { Batch } from './batch.ts';

/** The rejected lines of a batch as they are set aside, sealed; nothing of those that are excluded. */
export function sealRejected(
  sealer: Sealer,
  workspaceId: string,
  rejected: Batch['rejected'],
): Promise<readonly SetAside[]> {
  return Promise.all(
    rejected
      .filter(({ line }) => line.raw !== '')
      .map(async ({ number, line }) => {
        const sourceId = contentUuid('source', workspaceId, 'import', 'rejected', line.digest);
        const raw = typeof line.raw === 'string' ? line.raw : Buffer.from(line.raw);
        return {
          sourceId,
          installationId: null,
          stream: 'import',
          externalId: `line ${number}`,
          reason: line.reason,
          detail: line.detail,
          raw: await sealer.seal(workspaceId, '', `set_aside:${sourceId}`, raw),
        };
      }),
  );
}
