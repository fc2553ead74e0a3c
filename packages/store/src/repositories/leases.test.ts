import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing.ts';
import type { Tx } from '../tenancy.ts';
import { addHints } from './hints.ts';
import { installation, saveGrant } from './installations.ts';
import { releaseLease, takeLease, wantHints, wantRun } from './leases.ts';

const installationId = '018f0000-0000-7000-8000-0000000000aa';
const at = 1_780_000_000_000;

describe('wishes for a run', () => {
  let database: TestDatabase;
  let workspaceId: string;
  const inside = <T>(work: (tx: Tx) => Promise<T>) => database.inWorkspace(workspaceId, work);
  const hint = (tx: Tx, dedupeKey: string) =>
    addHints(tx, [{ installationId, stream: 'mail', dedupeKey, externalIds: [], receivedAt: at }]);
  const release = (tx: Tx, fence: number, hintsSeen: readonly string[] | undefined, wantedAt: number | null = null) =>
    releaseLease(
      tx,
      installationId,
      fence,
      { nextRunAt: at + 60_000, resumeAt: null, resumeReason: null, resynced: false, wantedAt, hintsSeen },
      at,
    );
  const take = async () => (await inside((tx) => takeLease(tx, installationId, 'test', at, 20_000))) ?? 0;
  const asks = async () => {
    const found = await inside((tx) => installation(tx, installationId));
    return { wanted: found?.wantedAt ?? null, hinted: found?.hintedAt ?? null };
  };
  beforeAll(async () => {
    database = await testDatabase();
    ({ workspaceId } = await database.newWorkspace('acme'));
    await inside((tx) =>
      saveGrant(
        tx,
        {
          installationId,
          connector: 'crm',
          provider: 'crm',
          externalAccountId: 'one',
          label: 'one',
          address: null,
          settings: {},
          grantedScopes: [],
          accessToken: Buffer.from('x'),
          refreshToken: null,
          accessExpiresAt: null,
        },
        at,
      ),
    );
  });
  afterAll(() => database.close());

  it('a run ends the wish that it found and no later one, were it of the same instant', async () => {
    await inside((tx) => wantRun(tx, installationId, at));
    const found = (await asks()).wanted;
    const fence = await take();
    await inside((tx) => wantRun(tx, installationId, at));
    await inside((tx) => release(tx, fence, [], found));
    expect((await asks()).wanted).toBe(at + 1);
    await inside(async (tx) => release(tx, await take(), [], at + 1));
    expect((await asks()).wanted).toBeNull();
  });

  it('the hints that a run looked at ask for no other run; one that it did not see does', async () => {
    await inside(async (tx) => {
      await hint(tx, 'k1');
      await hint(tx, 'k2');
      await wantHints(tx, [installationId], at);
    });
    const fence = await take();
    await inside((tx) => release(tx, fence, undefined));
    expect((await asks()).hinted).toBe(at);
    const second = await take();
    await inside((tx) => release(tx, second, ['k1']));
    expect((await asks()).hinted).toBe(at);
    const third = await take();
    await inside((tx) => release(tx, third, ['k1', 'k2']));
    expect((await asks()).hinted).toBeNull();
  });

  it('I8: a hint whose transaction was open while the run ended asks for another', async () => {
    const fence = await take();
    let release1 = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release1 = resolve;
    });
    let locked = (): void => undefined;
    const isLocked = new Promise<void>((resolve) => {
      locked = resolve;
    });
    const webhook = inside(async (tx) => {
      await hint(tx, 'k3');
      await wantHints(tx, [installationId], at);
      locked();
      await held;
    });
    await isLocked;
    // The run read what was open before the webhook's commit; its end waits for the row.
    const end = inside((tx) => release(tx, fence, ['k1', 'k2']));
    await sleep(50);
    release1();
    await Promise.all([webhook, end]);
    expect((await asks()).hinted).toBe(at);
  });
});
