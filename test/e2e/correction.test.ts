import { randomBytes } from 'node:crypto';
import { openWaymark, readConfiguration, startServer, type Server, type Waymark } from '@waymark/server';
import { samplePortals, startSandbox, type Sandbox } from '@waymark/sandbox';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareSample } from '../../apps/cli/src/demo/prepare.ts';
import { untilSteady } from '../../apps/cli/src/demo/steady.ts';

const day = 86_400_000;
const isoDay = (at: number): string => new Date(at).toISOString().slice(0, 10);
const name = 'Quillon Optics';

/** As a CSM sees it in Slack: an alert whose reason is taken back in the CRM, while the server runs and nobody does anything else. */
describe('an alert whose reason turns out not to have been so', { timeout: 120_000 }, () => {
  let sandbox: Sandbox;
  let database: TestDatabase;
  let waymark: Waymark;
  let server: Server;
  let contactId = '';
  const portal = samplePortals.main;
  const crm = () => sandbox.hubspot.handle;

  beforeAll(async () => {
    sandbox = await startSandbox({ caps: 'generous', autoConsent: true });
    const now = Date.now();
    const company = crm().upsert(portal, 'companies', {
      at: now - 300 * day,
      properties: {
        name,
        domain: 'quillon-optics.example',
        lifecyclestage: 'customer',
        csm: aCsm(),
        customer_since: isoDay(now - 300 * day),
        renewal_date: isoDay(now + 300 * day),
        onboarding_status: 'live',
      },
    });
    contactId = crm().upsert(portal, 'contacts', {
      at: now - 300 * day,
      properties: {
        email: 'kim@quillon-optics.example',
        firstname: 'Kim',
        lastname: 'Oyelaran',
        hs_buying_role: 'CHAMPION',
      },
      associate: [['companies', company.id]],
    }).id;
    crm().settings.webhookDelayMs = 1;
    database = await testDatabase();
    const { google, hubspot, slack } = sandbox.urls;
    waymark = await openWaymark(
      readConfiguration({
        DATABASE_URL: database.url,
        WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
        WAYMARK_MASTER_KEY: randomBytes(32).toString('base64'),
        WAYMARK_PORT: '0',
        WAYMARK_GOOGLE_URL: google,
        WAYMARK_HUBSPOT_URL: hubspot,
        WAYMARK_SLACK_URL: slack,
        WAYMARK_RATE_SCALE: '500',
        // What comes, comes by webhook.
        WAYMARK_POLL_SECONDS: '3600',
        WAYMARK_LOG: 'error',
      }),
    );
    server = await startServer(waymark, { roles: new Set(['http', 'workers', 'bot'] as const) });
    const workspace = await prepareSample(waymark, server, sandbox.urls, { people: 0, historyDays: 90 });
    await untilSteady(waymark, server, workspace, { startedAt: waymark.now(), limitMs: 200_000 });
  }, 300_000);
  afterAll(async () => {
    await server?.close();
    await waymark?.close();
    await database?.close();
    await sandbox?.close();
  });

  /** The address of somebody who is CSM in the sample company. */
  function aCsm(): string {
    const book = crm().book(portal);
    const csm = book.ids('companies').map((id) => book.value('companies', book.get('companies', id), 'csm'));
    return csm.find((address) => address !== null && address !== '') ?? expect.fail('The sample names no CSM.');
  }

  /** What Slack shows of the account: its message, and what its thread says. */
  function inSlack() {
    const all = sandbox.slack.handle.posted().map(({ channel, ts, threadTs }) => ({ channel, ts, threadTs }));
    const shown = all.flatMap((post) => {
      const message = sandbox.slack.handle.messages(post.channel).find((one) => one.ts === post.ts);
      return message ? [{ ...post, said: JSON.stringify([message.text, message.blocks]) }] : [];
    });
    const messages = shown.filter((one) => one.threadTs === undefined && one.said.includes(`${name}: `));
    return { messages, thread: shown.filter((one) => messages.some((of) => of.ts === one.threadTs)) };
  }

  it('is told at once, and taken back in the same message and aloud in its thread', async () => {
    expect(inSlack().messages).toEqual([]);
    crm().upsert(portal, 'contacts', { id: contactId, properties: { left_date: isoDay(Date.now()) } });
    await expect.poll(() => inSlack().messages.length, { timeout: 30_000 }).toBe(1);
    const [alert] = inSlack().messages;
    expect(alert?.said).toContain('champion left');

    // It was another Kim: the CRM takes it back.
    crm().upsert(portal, 'contacts', { id: contactId, properties: { left_date: '' } });
    await expect.poll(() => inSlack().thread.length, { timeout: 30_000 }).toBe(1);
    const { messages, thread } = inSlack();
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatchObject({ ts: alert?.ts });
    expect(messages[0]?.said).toContain('resolved');
    expect(messages[0]?.said).toContain('Taken back: by what is known now, it was not so');
    expect(thread[0]?.said).toContain('Taken back');
  });
});
