import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { streamCounts } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { refreshQueue } from '@waymark/sync';
import { connectMailbox, startGoogle } from './mailbox.ts';

/** Real mails that are not part of the project; without the folder the test is skipped. */
const folder = process.env['WAYMARK_DATA_DIR'];
if (folder === undefined) console.warn('Set WAYMARK_DATA_DIR to a folder with mime/ to feed real mails.');

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it.skipIf(folder === undefined)(
  'every real mail ends stored, ignored or rejected, and a second run stores nothing new (I1, I9)',
  { timeout: 300_000 },
  async () => {
    const { workspaceId } = await database.newWorkspace('mime', { ownDomains: ['vendor.example'], historyDays: 3650 });
    const user = 'ana@vendor.example';
    const google = await startGoogle({ caps: 'generous', clock: { now: Date.UTC(2026, 5, 1) } });
    try {
      const files = (await readdir(join(folder ?? '', 'mime'), { recursive: true, withFileTypes: true })).filter(
        (entry) => entry.isFile() && !/^(COPYING|LICENSE|NOTICE)/.test(entry.name),
      );
      for (const [at, file] of files.entries()) {
        const bytes = await readFile(join(file.parentPath, file.name));
        google.handle.addRaw(user, bytes, { receivedAt: google.clock.now - (files.length - at) * 3_600_000 });
      }
      const mailbox = await connectMailbox({
        google,
        database,
        sealer: database.sealer,
        workspaceId,
        user,
        limits: { share: 1, scale: () => 1000 },
      });
      const counts = () => database.inWorkspace(workspaceId, (tx) => streamCounts(tx));
      const log = () =>
        database.asOwner(
          'SELECT event_id, source_id, content FROM journey_event WHERE workspace_id = $1 ORDER BY 1, 2',
          [workspaceId],
        );
      const first = await mailbox.run();
      expect(first).toMatchObject({ kind: 'ran', result: { faults: [] } });
      await database.inWorkspace(workspaceId, (tx) => refreshQueue(tx));
      const ended = await counts();
      expect(ended.reduce((sum, one) => sum + one.records, 0)).toBe(files.length);
      for (const one of ended) if (one.outcome !== 'stored') expect(one.reason).toBeTruthy();
      const before = await log();
      google.clock.now += 86_400_000 * 2;
      expect(await mailbox.run()).toMatchObject({ kind: 'ran', result: { faults: [] } });
      expect(await log()).toEqual(before);
      expect(await counts()).toEqual(ended);
      console.info(
        `${files.length} files, ${before.length} sightings: ${ended
          .map(({ outcome, reason, records }) => `${records} ${outcome}${reason === null ? '' : ` (${reason})`}`)
          .join(', ')}`,
      );
    } finally {
      await google.close();
    }
  },
);
