import type { PgBoss } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobDatabase, openJobs, promptWork } from './jobs.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const workspace = '018f0000-0000-7000-8000-00000000000a';

describe('jobs', () => {
  let database: TestDatabase;
  let boss: PgBoss;
  beforeAll(async () => {
    database = await testDatabase();
    boss = await openJobs(database, { onError: (error) => expect.fail(error.message) });
    await boss.createQueue('wake', { notify: true });
  });
  afterAll(async () => {
    await boss.stop({ graceful: false });
    await database.close();
  });

  it('are picked up through LISTEN, long before the next poll', async () => {
    const picked: number[] = [];
    let heard = Promise.withResolvers<void>();
    // A day: whatever comes within the time of a test comes through a notice.
    await boss.work<{ n: number }>('wake', { pollingIntervalSeconds: 86_400, ...promptWork }, async (jobs) => {
      picked.push(...jobs.map((job) => job.data.n));
      heard.resolve();
    });
    // The first may be met by the fetch with which a worker begins; the others come when it is long over.
    for (const n of [1, 2, 3]) {
      heard = Promise.withResolvers<void>();
      await boss.send('wake', { n });
      await heard.promise;
    }
    expect(picked).toEqual([1, 2, 3]);
    await boss.offWork('wake');
  });

  it('come and go with the transaction that sends them', async () => {
    await boss.createQueue('within', { notify: true });
    const send = (fail: boolean) =>
      database.inWorkspace(workspace, async (tx) => {
        await boss.send('within', { fail }, { db: jobDatabase(tx) });
        if (fail) throw new Error('no');
      });
    await send(true).catch(() => undefined);
    await send(false);
    expect((await boss.fetch<{ fail: boolean }>('within', { batchSize: 10 })).map((job) => job.data.fail)).toEqual([
      false,
    ]);
  });
});
