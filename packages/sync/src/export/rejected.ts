import { stableJson } from '@waymark/journey';
import { walkRejected, type Sealer, type Tx } from '@waymark/store';

/**
 * The lines that imports refused, oldest first, each as it came, in blocks: mended, they can be imported again. Of one that was too
 * long there are its first 64 KiB. With `explained`, each is a JSON object with `line`, `reason`, `detail`, `at` and `text`.
 */
export async function* exportRejected(
  tx: Tx,
  sealer: Pick<Sealer, 'openBytes'>,
  { explained = false }: { readonly explained?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  for await (const page of walkRejected(tx)) {
    for (const { sourceId, line, reason, detail, at, raw } of page) {
      const bytes = await sealer.openBytes(tx.workspaceId, '', `set_aside:${sourceId}`, raw);
      const text = bytes.toString('utf8');
      const told = { line, reason, detail, at: new Date(at).toISOString(), text };
      yield explained ? Buffer.from(`${stableJson(told)}\n`) : Buffer.concat([bytes, lineFeed]);
    }
  }
}

const lineFeed = Buffer.from('\n');
