import { collect } from '@waymark/connector-kit/testing/session';
import { outlook } from '@waymark/connector-outlook';
import { describe, expect, it } from 'vitest';
import { ana, app, ben } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';
import {
  connect,
  day,
  eachOnMicrosoft,
  eventsOf,
  gone,
  hour,
  ids,
  last,
  letter,
  mail,
  mapped,
  microsoft,
  pullFolder,
  pullInbox,
  spanOf,
} from './outlook-house.ts';

eachOnMicrosoft();

describe('outlook’s mail on the sandbox, with the real SDK', () => {
  it('reads a folder’s span page by page and goes on by delta, without a body', async () => {
    const { handle, clock } = microsoft;
    for (let number = 0; number < 240; number += 1) handle.addMail(ana, letter(number, clock.now - number * 12 * hour));
    const pages = await pullInbox(null);
    expect(new Set(ids(pages)).size).toBe(201);
    expect(pages.map(({ done, expected }) => [done, expected])).toEqual([
      [false, 201],
      [false, 201],
      [true, 201],
    ]);
    expect(JSON.stringify(pages)).not.toContain('CANARY');

    const added = handle.addMail(ana, letter(900, clock.now));
    handle.mail.markRead(ana, ids(pages)[5] ?? '', true);
    const live = await pullInbox(last(pages).cursor, { mode: 'live' });
    expect(ids(live)).toEqual(expect.arrayContaining([added.id]));
    expect(mapped(mail, live).every(({ outcome }) => outcome === 'stored')).toBe(true);
    expect(await pullInbox(last(live).cursor, { mode: 'live' })).toMatchObject([{ records: [], gone: [], done: true }]);
  });

  it('goes on from the cursor of any page', async () => {
    const { handle, clock } = microsoft;
    for (let number = 0; number < 250; number += 1) handle.addMail(ana, letter(number, clock.now - number * hour));
    const whole = await pullInbox(null);
    for (const [index, page] of whole.slice(0, -1).entries()) {
      const rest = await pullInbox(page.cursor);
      expect(new Set([...ids(whole.slice(0, index + 1)), ...ids(rest)])).toEqual(new Set(ids(whole)));
    }
  });

  it('B2, B3: a move keeps the id and deletes nothing; the trash leaves it out; only a deletion is certain', async () => {
    const { handle, clock } = microsoft;
    const project = handle.mail.addFolder(ana, 'Customers');
    const [moved, trashed, deleted] = [1, 2, 3].map(
      (number) => handle.addMail(ana, letter(number, clock.now - hour)).id,
    );
    const inbox = last(await pullInbox(null)).cursor;
    const other = last(await pullFolder(project.id, null)).cursor;
    handle.mail.move(ana, moved ?? '', project.id);
    handle.mail.move(ana, trashed ?? '', 'deleteditems');
    handle.mail.remove(ana, deleted ?? '');

    const left = await pullInbox(inbox, { mode: 'live' });
    expect(gone(left).toSorted((a, b) => Number(a.certain) - Number(b.certain))).toEqual([
      { id: moved, certain: false },
      { id: deleted, certain: true },
    ]);
    expect(ids(left)).toEqual([trashed]);
    expect(mapped(mail, left)).toEqual([{ outcome: 'ignored', reason: 'trash' }]);
    expect(ids(await pullFolder(project.id, other, { mode: 'live' }))).toEqual([moved]);
  });

  it('A8: what is told again is the same record again', async () => {
    const { handle, clock } = microsoft;
    handle.addMail(ana, letter(1, clock.now - day));
    handle.addMail(ana, letter(2, clock.now - day));
    const first = await pullInbox(null);
    handle.replay(ana, 2);
    const again = await pullInbox(last(first).cursor, { mode: 'live' });
    expect(new Set(eventsOf(mail, again).map(({ identity }) => identity))).toEqual(
      new Set(eventsOf(mail, first).map(({ identity }) => identity)),
    );
  });

  it('A2, A7: a lost link is a lost cursor; the resync enumerates the span and takes another link', async () => {
    const { handle, clock } = microsoft;
    handle.addMail(ana, letter(1, clock.now - day));
    const { cursor } = last(await pullInbox(null));
    handle.addMail(ana, letter(2, clock.now - hour));
    handle.expireDelta(ana);
    await expect(pullInbox(cursor, { mode: 'live' })).rejects.toMatchObject({ fault: { kind: 'cursor-expired' } });
    const resync = await pullInbox(null, { mode: 'resync', expired: cursor });
    expect(new Set(ids(resync)).size).toBe(2);
    expect(last(resync).cursor).not.toEqual(cursor);
    expect(resync[0]?.enumeration).toEqual({ id: String(clock.now), from: clock.now - 100 * day, to: clock.now });
  });

  it('a reread lists what arrived lately and goes on from its place', async () => {
    const { handle, clock } = microsoft;
    for (let number = 0; number < 150; number += 1) handle.addMail(ana, letter(number, clock.now - number * hour));
    const { cursor } = last(await pullInbox(null));
    handle.addMail(ana, letter(900, clock.now));
    const reread = await pullInbox(cursor, { mode: 'resync', since: clock.now - 5 * day });
    expect(new Set(ids(reread)).size).toBe(122);
    expect(last(reread).done).toBe(true);
  });

  it('A11: what doctor counts is what was read', async () => {
    const { handle, clock } = microsoft;
    for (let number = 0; number < 30; number += 1) handle.addMail(ana, letter(number, clock.now - number * day));
    const { id } = handle.mail.folder(ana, 'inbox');
    const counted = await mail.count?.(await connect(), id, { from: clock.now - 100 * day, to: clock.now + 1_000 });
    expect(counted?.total).toBe(30);
    expect(new Set(counted?.ids)).toEqual(new Set(ids(await pullInbox(null))));
  });

  it('B1: the same mail in two mailboxes, and in Sent Items without headers, is one event', async () => {
    const { handle, clock } = microsoft;
    const at = clock.now - day;
    const shared = letter(1, at, { from: { address: ana }, to: [{ address: ben }, { address: 'zoe@client.example' }] });
    handle.addMail(ana, shared, { folder: 'sentitems' });
    handle.addMail(ben, shared, { receivedAt: at + 4_000 });
    const [sent] = eventsOf(mail, await pullFolder('sentitems', null));
    const [received] = eventsOf(mail, await pullInbox(null, { user: ben }), ben);
    expect(sent).toMatchObject({ type: 'email.sent', identity: 'mail:m1@client.example|ana@vendor.example' });
    expect({ ...received, attributes: {} }).toEqual({ ...sent, attributes: {} });
  });

  it('lists the folders that are read, and names the account', async () => {
    const { handle } = microsoft;
    const customers = handle.mail.addFolder(ana, 'Customers');
    handle.mail.addFolder(ana, 'Old', handle.mail.folder(ana, 'deleteditems').id);
    handle.mail.addFolder(ana, 'Quick Step Settings', 'msgfolderroot', true);
    const client = await connect();
    const listed = await mail.partitions?.(client);
    expect(listed?.slice(0, 2).map(({ label }) => label)).toEqual(['Inbox', 'Sent Items']);
    expect(listed).toContainEqual({ id: customers.id, label: 'Customers' });
    const names = listed?.map(({ label }) => label) ?? [];
    for (const name of ['Old', 'Drafts', 'Deleted Items', 'Junk Email', 'Outbox', 'Quick Step Settings'])
      expect(names).not.toContain(name);
    expect(await outlook.identify(client)).toEqual({
      externalAccountId: handle.state().users[ana]?.id,
      label: 'Ana Ruiz',
      address: ana,
    });
  });

  it('a bad token and a missing scope are named as such', async () => {
    await expect(outlook.identify(await connect(ana, 'nonsense'))).rejects.toMatchObject({
      fault: { kind: 'token-expired' },
    });
    const narrow = await connect(ana, microsoft.token(ana, ['User.Read']));
    await expect(mail.partitions?.(narrow)).rejects.toMatchObject({ fault: { kind: 'scope-missing' } });
  });

  it('an organization’s grant reads the chosen mailbox, and no other one', async () => {
    const { handle, clock, tenants } = microsoft;
    handle.addMail(ana, letter(1, clock.now - day));
    handle.grantApp(tenants.first, app.clientId, {
      roles: ['Mail.ReadBasic', 'Calendars.Read'],
      group: [ana],
    });
    const token = handle.oauth.mint({
      clientId: app.clientId,
      subject: `app:${tenants.first}`,
      scopes: ['Mail.ReadBasic', 'Calendars.Read'],
    }).accessToken;
    const { id } = handle.mail.folder(ana, 'inbox');
    const inside = await connect(ana, token, { subject: ana });
    expect(await outlook.identify(inside)).toEqual({ externalAccountId: ana, label: ana, address: ana });
    expect(ids(await collect(mail.pull(inside, null, id, spanOf({}))))).toHaveLength(1);
    const outside = await connect(ben, token, { subject: ben });
    await expect(outlook.identify(outside)).rejects.toMatchObject({ fault: { kind: 'scope-missing' } });
    await expect(mail.partitions?.(outside)).rejects.toMatchObject({ fault: { kind: 'scope-missing' } });
  });
});
