import { installMailboxes, removeMailbox } from '@waymark/server';
import { acceptPreview, openSession, priority } from '@waymark/sync';
import { unwatchMailbox, watchedMailboxes } from '@waymark/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { googleScopes } from '../../apps/sandbox/src/google/scopes.ts';
import { ana, ben, openGoogleHouse, type GoogleHouse } from './google-house.ts';

const account = 'reader@acme-mail.iam.gserviceaccount.com';
let house: GoogleHouse;
let key: string;
beforeAll(async () => {
  house = await openGoogleHouse();
  key = JSON.stringify(house.google.handle.addServiceAccount(account));
}, 60_000);
afterAll(() => house?.close());

const install = (mailboxes: readonly string[], more: { readonly key?: string; readonly preview?: boolean } = {}) =>
  installMailboxes(house.waymark, { workspaceId: house.workspace.workspaceId, connector: 'gmail', mailboxes, ...more });
const inside = <T>(work: Parameters<typeof house.database.inWorkspace<T>>[1]) =>
  house.database.inWorkspace(house.workspace.workspaceId, work);
const tokensFor = (user: string) =>
  Object.values(house.google.handle.state().oauth.access).filter((grant) => grant.subject === user).length;

describe("an organization's grant", () => {
  it('is refused with what to do while the administrator has not delegated the scopes, or without a key', async () => {
    await expect(install([ana])).rejects.toThrow('--key');
    await expect(install([ana], { key: '{"type":"authorized_user"}' })).rejects.toThrow('client_email');
    expect(await install([ana], { key })).toMatchObject([
      { mailbox: ana, installation: null, problem: expect.stringContaining('unauthorized_client') },
    ]);
    house.google.handle.delegate(account, [googleScopes.calendarReadonly]);
    expect(await install([ana])).toMatchObject([{ problem: expect.stringContaining('unauthorized_client') }]);
    expect(await house.all()).toEqual([]);
    expect(await inside((tx) => watchedMailboxes(tx))).toEqual([]);
  });

  it('reads each chosen mailbox as an installation of its own; one that is not there keeps no other from it', async () => {
    house.google.handle.delegate(account, [googleScopes.gmailReadonly]);
    const outcomes = await install([ana.toUpperCase(), 'nobody@vendor.example']);
    expect(outcomes).toMatchObject([
      { mailbox: ana, problem: null, installation: { address: ana, grantKind: 'service-account-delegation' } },
      { mailbox: 'nobody@vendor.example', installation: null, problem: expect.stringContaining('invalid_grant') },
    ]);
    const [one] = await house.all();
    expect(await house.run(one?.installationId ?? '')).toMatchObject({ kind: 'ran', result: { faults: [] } });
    const stored = JSON.stringify(await house.rows('SELECT * FROM organization_grant'));
    expect(stored).not.toContain('PRIVATE KEY');
  });

  it('gives a new token when the old one has ended, without any refresh token', async () => {
    const [one] = await house.all();
    const before = tokensFor(ana);
    house.google.clock.now += 2 * 3_600_000;
    expect(await house.run(one?.installationId ?? '')).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(tokensFor(ana)).toBe(before + 1);
    house.google.handle.expireAccess(ana);
    expect(await house.run(one?.installationId ?? '')).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(tokensFor(ana)).toBe(before + 2);
    expect(await house.rows('SELECT 1 FROM installation WHERE refresh_token IS NOT NULL')).toEqual([]);
  });

  it('E2: a delegation that is taken back is a fault that passes when it is given again', async () => {
    const [one] = await house.all();
    house.google.handle.delegate(account, []);
    house.google.clock.now += 2 * 3_600_000;
    for (let turn = 0; turn < 3; turn += 1)
      expect(await house.run(one?.installationId ?? '')).toMatchObject({
        result: { faults: [{ fault: { kind: 'rejected' } }] },
      });
    expect(await house.all()).toMatchObject([{ status: 'active' }]);
    house.google.handle.delegate(account, [googleScopes.gmailReadonly]);
    expect(await house.run(one?.installationId ?? '')).toMatchObject({ result: { faults: [] } });
  });

  it('I6: no token is asked for a mailbox that is not chosen, and no session opens for it', async () => {
    const [one] = await house.all();
    if (!one) throw new Error('nothing is installed');
    const { workspaceId } = house.workspace;
    const issuer = { provider: 'google', tokenUrl: `${house.google.url}/token`, organizationScopes: one.grantedScopes };
    // As if somebody had written another mailbox into the row.
    await house.database.asOwner('UPDATE installation SET address = $1, access_token = NULL', [ben]);
    await expect(
      house.waymark.tokens.refresh(workspaceId, one.installationId, issuer, Number.MAX_SAFE_INTEGER),
    ).rejects.toThrow(`${ben} is not among the chosen mailboxes`);
    await expect(
      openSession(house.waymark.sync, workspaceId, { ...one, address: ben }, priority.live, AbortSignal.timeout(5000)),
    ).rejects.toThrow('not among the chosen mailboxes');
    expect(tokensFor(ben)).toBe(0);
    expect(await house.run(one.installationId)).toMatchObject({
      result: { faults: [{ fault: { kind: 'rejected' } }] },
    });
    await house.database.asOwner('UPDATE installation SET address = $1', [ana]);
    await inside((tx) => unwatchMailbox(tx, 'gmail', ana));
    const before = tokensFor(ana);
    expect(await house.run(one.installationId)).toMatchObject({
      result: { faults: [{ fault: { kind: 'rejected' } }] },
    });
    expect(tokensFor(ana)).toBe(before);
  });

  it('a mailbox that is taken out is read no more, keeps what was read, and can be chosen again', async () => {
    await install([ana]);
    const { workspaceId } = house.workspace;
    await removeMailbox(house.waymark, { workspaceId, connector: 'gmail', mailbox: ana });
    const [one] = await house.all();
    expect(one).toMatchObject({ status: 'disabled' });
    expect(await house.run(one?.installationId ?? '')).toEqual({ kind: 'inactive' });
    await expect(removeMailbox(house.waymark, { workspaceId, connector: 'gmail', mailbox: ana })).rejects.toThrow(
      'not among the chosen',
    );
    expect(await install([ana])).toMatchObject([
      { installation: { installationId: one?.installationId, status: 'active' } },
    ]);
  });

  it('holds a new mailbox until it is accepted, and one that is read already not at all', async () => {
    const outcomes = await install([ana, ben], { preview: true });
    expect(outcomes).toMatchObject([
      { mailbox: ana, installation: { status: 'active' } },
      { mailbox: ben, installation: { status: 'preview' } },
    ]);
    const held = outcomes[1]?.installation?.installationId ?? '';
    expect(await house.run(held)).toEqual({ kind: 'inactive' });
    expect(await install([ben], { preview: true })).toMatchObject([{ installation: { status: 'preview' } }]);
    await inside((tx) => acceptPreview(tx, held, 'test', house.waymark.now()));
    expect(await house.run(held)).toMatchObject({ kind: 'ran', result: { faults: [] } });
  });
});
