import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen, notify, type Listening } from './notify.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const workspace = '018f0000-0000-7000-8000-00000000000a';

const until = async (done: () => boolean): Promise<void> => {
  for (let waited = 0; !done() && waited < 5_000; waited += 10) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(done()).toBe(true);
};

describe('notices', () => {
  let database: TestDatabase;
  let listening: Listening;
  beforeAll(async () => {
    database = await testDatabase();
    listening = await listen(database);
  });
  afterAll(async () => {
    await listening.close();
    await database.close();
  });
  const heardBy = async (channel: string) => {
    const heard: (string | undefined)[] = [];
    const stop = await listening.on(channel, (payload) => heard.push(payload));
    return { heard, stop };
  };
  const send = (channel: string, payload: string, fail = false) =>
    database
      .inWorkspace(workspace, async (tx) => {
        await notify(tx, channel, payload);
        if (fail) throw new Error('no');
      })
      .catch(() => undefined);

  it('come with the COMMIT, to their channel, until stopped', async () => {
    const first = await heardBy('outbox');
    const second = await heardBy('other');
    await send('outbox', 'lost', true);
    await send('outbox', 'a');
    await until(() => first.heard.length > 0);
    expect(first.heard).toEqual(['a']);
    expect(second.heard).toEqual([]);
    await first.stop();
    await send('outbox', 'b');
    await send('other', 'c');
    await until(() => second.heard.length > 0);
    expect(first.heard).toEqual(['a']);
    await second.stop();
  });

  it('after a lost connection, a handler is told to look', async () => {
    const { heard, stop } = await heardBy('outbox');
    await database.asOwner(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'waymark listen'`,
    );
    await until(() => heard.includes(undefined));
    await send('outbox', 'after');
    await until(() => heard.includes('after'));
    await stop();
  });
});
