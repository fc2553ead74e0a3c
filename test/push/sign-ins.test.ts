import { sampleSubdomains, sampleTeams } from '@waymark/sandbox';
import { createInstallLink, installMailboxes, loadConnector, scopesOf } from '@waymark/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openVendorsHouse, type VendorsHouse } from './vendors-house.ts';

let house: VendorsHouse;
beforeAll(async () => {
  house = await openVendorsHouse('microsoft-salesforce');
}, 60_000);
afterAll(() => house?.close());

const staff = () => house.sandbox.stack.mailboxes.microsoft;
const missing = async (id: string, granted: readonly string[]) =>
  scopesOf(await loadConnector(id), {}).filter((scope) => !granted.includes(scope));

describe('each vendor by its real consent', () => {
  it('Microsoft: the tenant in the path, scopes under its own names, a subscription that its vendor tried first', async () => {
    const one = await house.connect('outlook', { tenant: 'organizations' }, staff()[0]);
    expect(one).toMatchObject({ address: staff()[0], grantKind: 'consent', settings: { tenant: 'organizations' } });
    expect(await missing('outlook', one.grantedScopes)).toEqual([]);
    expect(await house.run(one.installationId)).toMatchObject({ kind: 'ran', result: { faults: [] } });
    const made = await house.subscriptions(one.installationId);
    expect(made.length).toBeGreaterThan(0);
    expect(made.filter((row) => row.state !== 'active' || row.fault !== null)).toEqual([]);
  }, 60_000);

  it('Microsoft for the organization: the app alone, for chosen mailboxes of its group', async () => {
    const [, second = '', third = ''] = staff();
    const domain = second.slice(second.indexOf('@') + 1);
    const outcomes = await installMailboxes(house.waymark, {
      workspaceId: house.workspace.workspaceId,
      connector: 'outlook',
      mailboxes: [second],
      settings: { tenant: domain },
    });
    expect(outcomes).toMatchObject([
      { mailbox: second, problem: null, installation: { grantKind: 'client-credentials' } },
    ]);
    const id = outcomes[0]?.installation?.installationId ?? '';
    expect(await house.run(id)).toMatchObject({ kind: 'ran', result: { faults: [] } });
    const read = await house.database.asOwner<{ address: string }>(
      'SELECT address FROM installation WHERE connector = $1',
      ['outlook'],
    );
    expect(read.map((row) => row.address)).not.toContain(third);
    house.offset += 2 * 3_600_000;
    expect(await house.run(id)).toMatchObject({ kind: 'ran', result: { faults: [] } });
  }, 60_000);

  it('Salesforce: an answer without an end, with the address of its org', async () => {
    const one = await house.connect('salesforce', {});
    expect(one).toMatchObject({ accessExpiresAt: null, settings: { domain: 'login' } });
    expect(await missing('salesforce', one.grantedScopes)).toEqual([]);
  }, 60_000);

  it('Zendesk: the subdomain among the settings', async () => {
    const one = await house.connect('zendesk', { subdomain: sampleSubdomains.main }, sampleSubdomains.main);
    expect(one.settings).toMatchObject({ subdomain: sampleSubdomains.main });
    expect(await missing('zendesk', one.grantedScopes)).toEqual([]);
  }, 60_000);

  it('Slack: a token of the type bot, scopes with commas', async () => {
    const one = await house.connect('slack-channels', {});
    expect(one.externalAccountId).toBe(sampleTeams.main);
    expect(await missing('slack-channels', one.grantedScopes)).toEqual([]);
  }, 60_000);

  it('I6: no link is made with a value that leads elsewhere', async () => {
    const link = (subdomain: string) =>
      createInstallLink(house.waymark, {
        workspaceId: house.workspace.workspaceId,
        connector: 'zendesk',
        settings: { subdomain },
        publicUrl: house.server.publicUrl,
      });
    for (const hostile of ['evil.com/', 'evil.com#', 'a@evil.com', '', '../x'])
      await expect(link(hostile), hostile).rejects.toThrow(/subdomain/i);
  });
});
