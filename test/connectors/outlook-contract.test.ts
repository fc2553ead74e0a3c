import { collect, testSession } from '@waymark/connector-kit/testing/session';
import { outlook } from '@waymark/connector-outlook';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ana, app, startMicrosoft } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';
import type { MicrosoftFixture } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';
import { differences, operationsOf, proxyFolder } from '../contracts/vendor-proxy.ts';
import type { Exchange, ProxyFolder, VendorProxy } from '../contracts/vendor-proxy.ts';

const source = process.env['WAYMARK_CONTRACTS_DIR'];
const day = 86_400_000;
const scopes = ['User.Read', 'Mail.ReadBasic', 'Calendars.Read'];

/**
 * The links that Graph hands out carry the window within their token, so that it is not told again.
 * https://learn.microsoft.com/en-us/graph/delta-query-events
 */
const isHandedOut = ({ url }: Exchange, code: string): boolean =>
  code === 'missing-required' && /\/calendarView\/delta\?\$(?:delta|skip)token=/.test(url);

describe.skipIf(source === undefined)('Graph’s published contract (skipped without WAYMARK_CONTRACTS_DIR)', () => {
  let folder: ProxyFolder;
  let microsoft: MicrosoftFixture;
  let proxy: VendorProxy;

  beforeAll(async () => {
    folder = await proxyFolder(source ?? '');
    microsoft = await startMicrosoft({ caps: 'generous' });
    proxy = await folder.open(microsoft.url, ['graph/mail-calendar.json']);
  });
  afterAll(async () => {
    await proxy.close();
    await microsoft.close();
    await folder.remove();
  });

  /** All that one mailbox is asked for: reading, changes, a reread, counts and subscriptions. */
  async function everything(subject: string | undefined, token: string): Promise<void> {
    const session = testSession({
      classify: outlook.classify,
      baseUrls: { graph: proxy.url },
      token,
      grantedScopes: scopes,
      now: () => microsoft.clock.now,
      ...(subject === undefined ? {} : { subject }),
    });
    const client = await outlook.connect(session);
    await outlook.identify(client);
    for (const stream of outlook.streams) {
      const partitions = (await stream.partitions?.(client)) ?? [{ id: '' }];
      for (const { id } of partitions) {
        const span = { since: microsoft.clock.now - 30 * day, until: microsoft.clock.now };
        const pages = await collect(stream.pull(client, null, id, { mode: 'backfill', ...span }));
        const from = pages.at(-1)?.cursor ?? null;
        for (const mode of ['live', 'resync'] as const) await collect(stream.pull(client, from, id, { mode, ...span }));
        await stream.count?.(client, id, { from: span.since, to: span.until });
      }
    }
    const { push } = outlook;
    const address = { url: 'https://127.0.0.1:9/webhooks/microsoft/token', secret: 's3cret' };
    for (const target of (await push?.targets(client, {})) ?? []) {
      const gone = { externalId: '7f105c7d-2dc5-4530-97cd-4e7ae6534c07', expiresAt: null };
      // Nobody answers at that address, so that Graph makes none: what counts here is the form of the question.
      await expect(push?.subscribe(client, target, address, {})).rejects.toThrow();
      await expect(push?.renew(client, target, gone, address, {})).rejects.toThrow();
      await push?.unsubscribe(client, gone);
    }
  }

  it(
    'takes every request of a person’s mailbox and of one that an organization’s grant reads',
    { timeout: 120_000 },
    async () => {
      const { handle, clock, tenants } = microsoft;
      for (let number = 0; number < 5; number += 1) {
        handle.addMail(ana, {
          messageId: `m${number}@client.example`,
          from: { address: 'zoe@client.example' },
          to: [{ address: ana }],
          subject: 'x',
          body: 'x',
          at: clock.now - number * day,
        });
      }
      const start = clock.now + day;
      const organizer = { address: ana };
      const review = { subject: 'Review', start, end: start + 3_600_000, timeZone: 'Europe/Madrid', organizer };
      handle.calendars.add(ana, { ...review, rrule: 'FREQ=DAILY;COUNT=3' });
      await everything(undefined, microsoft.token(ana, scopes));
      const roles = ['Mail.ReadBasic', 'Calendars.Read'];
      handle.grantApp(tenants.first, app.clientId, { roles, group: [ana] });
      const subject = `app:${tenants.first}`;
      await everything(ana, handle.oauth.mint({ clientId: app.clientId, subject, scopes: roles }).accessToken);

      expect(differences(proxy.exchanges, 'violations', isHandedOut)).toEqual([]);
      // So that it cannot pass empty.
      expect(operationsOf(proxy.exchanges).length).toBeGreaterThanOrEqual(18);
    },
  );
});
