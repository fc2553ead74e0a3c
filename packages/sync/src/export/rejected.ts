import { createHash } from 'node:crypto';
import { stableJson } from '@waymark/journey';
import { dropSetAside, recordAudit, walkRejected, type Sealer, type Tx } from '@waymark/store';

interface RejectedOptions {
  /** Each line as a JSON object with `line`, `reason`, `detail`, `at` and `text`. */
  readonly explained?: boolean;
}

/**
 * The lines that imports refused, oldest first, each as it came, in blocks: mended, they can be imported again. Of one that was too
 * long there are its first 64 KiB.
 */
export async function* exportRejected(
  tx: Tx,
  sealer: Pick<Sealer, 'openBytes'>,
  options: RejectedOptions = {},
): AsyncGenerator<Uint8Array> {
  for await (const { block } of rejectedLines(tx, sealer, options)) yield block;
}

/** What was cleared: how many lines, and the SHA-256 of all that was written, hex. */
export interface ClearedLines {
  readonly lines: number;
  readonly bytes: number;
  readonly digest: string;
}

/**
 * Gives the refused lines to `write` and sets them aside no longer: those that were given, and no others. It stands in the audit log,
 * and it is undone where `write` fails, since all of it is the caller's transaction.
 *
 * @param write keeps the blocks for good before it resolves, or throws
 */
export async function clearRejected(
  tx: Tx,
  sealer: Pick<Sealer, 'openBytes'>,
  { by, at, ...options }: RejectedOptions & { readonly by: string; readonly at: number },
  write: (blocks: AsyncIterable<Uint8Array>) => Promise<unknown>,
): Promise<ClearedLines> {
  const hash = createHash('sha256');
  let [lines, bytes] = [0, 0];
  async function* given() {
    for await (const { block, sourceId } of rejectedLines(tx, sealer, options)) {
      hash.update(block);
      lines += 1;
      bytes += block.length;
      yield block;
      await dropSetAside(tx, [sourceId]);
    }
  }
  await write(given());
  const cleared = { lines, bytes, digest: hash.digest('hex') };
  if (lines > 0)
    await recordAudit(tx, { at, actor: by, action: 'import.rejected_cleared', subject: 'import', detail: cleared });
  return cleared;
}

async function* rejectedLines(
  tx: Tx,
  sealer: Pick<Sealer, 'openBytes'>,
  { explained = false }: RejectedOptions,
): AsyncGenerator<{ readonly sourceId: string; readonly block: Uint8Array }> {
  for await (const page of walkRejected(tx)) {
    for (const { sourceId, line, reason, detail, at, raw } of page) {
      const bytes = await sealer.openBytes(tx.workspaceId, '', `set_aside:${sourceId}`, raw);
      const text = bytes.toString('utf8');
      const told = { line, reason, detail, at: new Date(at).toISOString(), text };
      const block = explained ? Buffer.from(`${stableJson(told)}\n`) : Buffer.concat([bytes, lineFeed]);
      yield { sourceId, block };
    }
  }
}

const lineFeed = Buffer.from('\n');
