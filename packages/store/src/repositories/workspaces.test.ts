import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing.ts';
import { directoryOf, putDirectory, removeDirectory, resolveDirectory, sweepDirectory } from './directory.ts';
import { createToken, listTokens, revokeToken, workspaceOfToken } from './tokens.ts';
import {
  createWorkspace,
  findWorkspace,
  readSettings,
  workspaces,
  WorkspaceSettings,
  writeSettings,
} from './workspaces.ts';

describe('workspaces, and what leads to them', () => {
  let database: TestDatabase;
  let acme: string;
  let other: string;
  beforeAll(async () => {
    database = await testDatabase();
    acme = (await database.newWorkspace('acme', { ownDomains: [' Vendor.Example '], timezone: 'Europe/Berlin' }))
      .workspaceId;
    other = (await database.newWorkspace('other')).workspaceId;
  });
  afterAll(() => database.close());

  it('are found by slug and by id', async () => {
    expect((await database.global(workspaces)).map((workspace) => workspace.slug)).toEqual(['acme', 'other']);
    expect(await database.global((tx) => findWorkspace(tx, 'acme'))).toMatchObject({ workspaceId: acme });
    expect(await database.global((tx) => findWorkspace(tx, other))).toMatchObject({ slug: 'other' });
    expect(await database.global((tx) => findWorkspace(tx, 'nobody'))).toBeUndefined();
  });

  it('refuse a slug that is taken or no slug', async () => {
    const create = (slug: string) => createWorkspace(database, database.sealer, { slug, name: 'x' }, 0);
    await expect(create('acme')).rejects.toMatchObject({ code: 'slug_taken' });
    await expect(create('Not A Slug')).rejects.toMatchObject({ code: 'settings_invalid' });
  });

  it('keep settings, with defaults for the rest', async () => {
    const settings = await database.inWorkspace(acme, readSettings);
    expect(settings).toEqual(WorkspaceSettings.parse({ ownDomains: ['vendor.example'], timezone: 'Europe/Berlin' }));
    expect(settings).toMatchObject({ historyDays: 365, defaultChannel: null, sampleData: false });
    await database.inWorkspace(acme, (tx) =>
      writeSettings(tx, { ...settings, workingHours: 'always', dailyCapPerMember: null }, 0),
    );
    expect(await database.inWorkspace(acme, readSettings)).toMatchObject({
      workingHours: 'always',
      dailyCapPerMember: null,
    });
    await expect(database.inWorkspace(acme, (tx) => writeSettings(tx, { timezone: 'Mars/Base' }, 0))).rejects.toThrow(
      /time zone/,
    );
  });

  it.each([
    [{ timezone: 'Mars/Base' }, 'timezone: give a time zone such as Europe/Berlin'],
    [{ timezone: 5 }, 'timezone: give a text'],
    [{ historyDays: 0 }, 'historyDays: give at least 1'],
    [{ sentiment: 'fr' }, 'sentiment: give one of off, en'],
    [{ ownDomains: ['x'] }, 'ownDomains.0: give a domain such as example.com'],
    [{ workingHours: { from: '9' } }, 'workingHours: give always, or from: a time of day such as 09:00'],
  ])('say of settings what to give: %j', async (given, told) => {
    const write = database.inWorkspace(acme, (tx) => writeSettings(tx, JSON.parse(JSON.stringify(given)), 0));
    await expect(write).rejects.toThrow(told);
    await expect(write).rejects.not.toThrow(/expected|received|Invalid/);
  });

  it('may share a name from outside, until it expires', async () => {
    const entry = { kind: 'hubspot_portal', key: '42', installationId: null, expiresAt: 1000 };
    await database.global((tx) => putDirectory(tx, { ...entry, workspaceId: acme }));
    await database.global((tx) => putDirectory(tx, { ...entry, workspaceId: other, expiresAt: null }));
    const at = (time: number) => database.global((tx) => resolveDirectory(tx, 'hubspot_portal', '42', time));
    expect((await at(999)).map((found) => found.workspaceId)).toEqual([acme, other].toSorted());
    expect((await at(1000)).map((found) => found.workspaceId)).toEqual([other]);
    expect(await database.global((tx) => sweepDirectory(tx, 1000))).toBe(1);
    expect(await database.global((tx) => removeDirectory(tx, 'hubspot_portal', '42', other))).toBe(true);
    expect(await database.global((tx) => directoryOf(tx, 'hubspot_portal', other))).toEqual([]);
  });

  it('I7: a token opens its workspace, and its clear text is stored nowhere', async () => {
    const { token, tokenId } = await database.global((tx) => createToken(tx, acme, { expiresAt: 5000 }));
    const opens = (value: string, at = 0) => database.global((tx) => workspaceOfToken(tx, value, at));
    expect(token).toMatch(/^wmk_/);
    expect(await opens(token)).toBe(acme);
    expect(await opens(token, 5000)).toBeUndefined();
    for (const wrong of ['', 'wmk_', `${token}x`, token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))]) {
      expect(await opens(wrong)).toBeUndefined();
    }
    expect(JSON.stringify(await database.asOwner('SELECT * FROM directory'))).not.toContain(token);
    expect(await database.global((tx) => listTokens(tx, acme))).toEqual([{ tokenId, expiresAt: 5000 }]);
    expect(await database.global((tx) => revokeToken(tx, other, tokenId))).toBe(false);
    expect(await database.global((tx) => revokeToken(tx, acme, ''))).toBe(false);
    expect(await database.global((tx) => revokeToken(tx, acme, tokenId))).toBe(true);
    expect(await opens(token)).toBeUndefined();
  });
});
