import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing.ts';
import { addHints, openHints, sweepHints, takeHints } from './hints.ts';
import { saveOAuthAttempt, sweepOAuthAttempts, takeOAuthAttempt, type OAuthAttempt } from './oauth-attempts.ts';

const installationId = '018f0000-0000-7000-8000-0000000000aa';

describe('hints and sign-ins', () => {
  let database: TestDatabase;
  let acme: string;
  let other: string;
  beforeAll(async () => {
    database = await testDatabase();
    acme = (await database.newWorkspace('acme')).workspaceId;
    other = (await database.newWorkspace('other')).workspaceId;
  });
  afterAll(() => database.close());

  it('I8: a hint is kept once, taken once, and stays open where its transaction failed', async () => {
    const hint = { installationId, stream: 'mail', dedupeKey: 'd1', externalIds: ['m1'], receivedAt: 100 };
    const add = () =>
      database.inWorkspace(acme, (tx) => addHints(tx, [hint, { ...hint, dedupeKey: 'd2', receivedAt: 200 }]));
    expect(await add()).toBe(2);
    expect(await add()).toBe(0);
    expect(await database.inWorkspace(acme, openHints)).toEqual([
      { installationId, hints: 2, oldestAt: 100, streams: ['mail'] },
    ]);
    expect(await database.inWorkspace(other, openHints)).toEqual([]);

    const crash = database.inWorkspace(acme, async (tx) => {
      await takeHints(tx, installationId, 150, 300);
      throw new Error('crash');
    });
    await expect(crash).rejects.toThrow('crash');
    expect(await database.inWorkspace(acme, (tx) => takeHints(tx, installationId, 150, 300))).toEqual([hint]);
    expect(await database.inWorkspace(acme, openHints)).toMatchObject([{ hints: 1, oldestAt: 200 }]);
    // Taken, a repeat is still recognized until it is swept.
    expect(await add()).toBe(0);
    expect(await database.inWorkspace(acme, (tx) => sweepHints(tx, 1000))).toBe(1);
  });

  it('a sign-in is taken once, by its browser, in time and in its workspace', async () => {
    const attempt: OAuthAttempt = {
      stateHash: 'state',
      provider: 'google',
      connector: 'gmail',
      browserHash: 'browser',
      verifier: 'canary-verifier',
      redirectUri: 'http://127.0.0.1:1/oauth/google/callback',
      scopes: ['a', 'b'],
      settings: { mailbox: 'x' },
      createdAt: 0,
      expiresAt: 600_000,
    };
    await database.inWorkspace(acme, (tx) => saveOAuthAttempt(tx, database.sealer, attempt));
    const take = (workspace: string, browser: string | null, at: number) =>
      database.inWorkspace(workspace, (tx) => takeOAuthAttempt(tx, database.sealer, 'state', browser, at));
    expect(await take(other, 'browser', 1)).toBeUndefined();
    expect(await take(acme, 'stranger', 1)).toBeUndefined();
    expect(await take(acme, null, 1)).toBeUndefined();
    expect(await take(acme, 'browser', 600_000)).toBeUndefined();
    const [stored] = await database.asOwner<{ verifier: Buffer }>('SELECT verifier FROM oauth_attempt');
    expect(stored?.verifier.includes('canary-verifier')).toBe(false);
    expect(await take(acme, 'browser', 1)).toEqual(attempt);
    expect(await take(acme, 'browser', 1)).toBeUndefined();
    expect(await database.inWorkspace(acme, (tx) => sweepOAuthAttempts(tx, 700_000))).toBe(1);
  });
});
