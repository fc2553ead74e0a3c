import { randomUUID } from 'node:crypto';
import { gmail } from '@waymark/connector-gmail';
import { hubspot } from '@waymark/connector-hubspot';
import { setStatus } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ana, startGoogle } from '../../apps/sandbox/src/google/google-fixture.ts';
import { ALL_SCOPES, PORTAL } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { installOn } from './runner-rig.ts';
import { declaration, HubSpotPortal } from './hubspot-portal.ts';
import { MINUTE } from './streams.ts';

const day = 86_400_000;
let database: TestDatabase;
let workspaceId: string;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  ({ workspaceId } = await database.newWorkspace(randomUUID().slice(0, 8), { ownDomains: ['vendor.example'] }));
});

/** A cursor as a version of the connector that nobody has any more would have left it. */
const loseCursors = () =>
  database.asOwner(`UPDATE stream_state SET cursor_kind = 'former' WHERE workspace_id = $1`, [workspaceId]);

describe('at Gmail, through the real runner', () => {
  it('A1, B2: a lost history ends what is deleted, and nothing that was moved; a lost scope and a disconnected mailbox end nothing', async () => {
    const google = await startGoogle({ caps: 'generous' });
    try {
      const { handle, clock } = google;
      const scope = 'https://www.googleapis.com/auth/gmail.readonly';
      const tokenFor = (scopes: readonly string[]) =>
        handle.oauth.mint({ clientId: 'waymark-app', subject: ana, scopes: [...scopes] }).accessToken;
      const mails = [1, 2, 3, 4].map(
        (number) =>
          handle.addMail(ana, {
            messageId: `m${number}@client.example`,
            from: { name: 'Zoë', address: 'zoe@client.example' },
            to: [{ address: ana }],
            subject: `Mail ${number}`,
            body: 'x',
            at: clock.now - number * day,
          }).id,
      );
      const mailbox = await installOn({
        database,
        workspaceId,
        connector: gmail,
        url: google.url,
        now: () => clock.now,
        token: tokenFor([scope]),
        scopes: [scope],
        externalAccountId: ana,
        address: ana,
      });
      expect(await mailbox.run()).toEqual([]);
      expect(await mailbox.standing('messages')).toEqual(mails.toSorted());

      const [deleted = '', moved = '', ...rest] = mails;
      handle.removeMail(ana, deleted);
      handle.mail.modify(ana, moved, { remove: ['INBOX'] });
      handle.expireHistory(ana);
      clock.now += 10 * MINUTE;
      expect(await mailbox.run()).toEqual([]);
      expect(await mailbox.standing('messages')).toEqual([moved, ...rest].toSorted());

      await mailbox.regrant(tokenFor(['https://www.googleapis.com/auth/calendar.readonly']), [scope]);
      await loseCursors();
      clock.now += 10 * MINUTE;
      expect(await mailbox.run()).not.toEqual([]);
      expect(await mailbox.standing('messages')).toEqual([moved, ...rest].toSorted());

      await database.inWorkspace(workspaceId, (tx) =>
        setStatus(tx, mailbox.installationId, 'disabled', 'off', clock.now),
      );
      expect(await mailbox.run()).toEqual(['inactive']);
      expect(await mailbox.standing('messages')).toHaveLength(3);

      handle.removeMail(ana, moved);
      await mailbox.regrant(tokenFor([scope]), [scope]);
      clock.now += 10 * MINUTE;
      expect(await mailbox.run()).toEqual([]);
      expect(await mailbox.standing('messages')).toEqual(rest.toSorted());
    } finally {
      await google.close();
    }
  });
});

describe('at HubSpot, through the real runner', () => {
  it('B2: lost places end what is deleted and nothing else; a scope that is taken back ends nothing', async () => {
    const portal = await HubSpotPortal.start();
    try {
      const made = ['Acme', 'Bolt', 'Cone'].map((name) => portal.company(name));
      const crm = await installOn({
        database,
        workspaceId,
        connector: hubspot,
        url: portal.rig.url,
        now: () => portal.now(),
        token: portal.rig.token(ALL_SCOPES),
        scopes: ALL_SCOPES,
        externalAccountId: String(PORTAL),
        settings: declaration,
      });
      expect(await crm.run()).toEqual([]);
      const known = await crm.standing('companies');
      expect(known).toEqual(expect.arrayContaining(made));

      const [deleted = ''] = made;
      portal.rig.handle.archive(PORTAL, 'companies', deleted);
      portal.wait(20 * MINUTE);
      await loseCursors();
      expect(await crm.run()).toEqual([]);
      const after = known.filter((id) => id !== deleted);
      expect(await crm.standing('companies')).toEqual(after);

      // As far as we know it was granted; HubSpot says otherwise.
      const fewer = ALL_SCOPES.filter((scope) => scope !== 'crm.objects.companies.read');
      await crm.regrant(portal.rig.token(fewer), ALL_SCOPES);
      portal.wait(20 * MINUTE);
      await loseCursors();
      expect(await crm.run()).toContain('scope-missing');
      expect(await crm.standing('companies')).toEqual(after);
    } finally {
      await portal.rig.close();
    }
  });
});
