import { randomBytes } from 'node:crypto';
import { openWaymark, readConfiguration, startServer, type Server, type Waymark } from '@waymark/server';
import { startSandbox, type Sandbox } from '@waymark/sandbox';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hubspotProxy, typed } from './hubspot-models.ts';
import { prepareSample } from '../../apps/cli/src/demo/prepare.ts';
import { untilSteady } from '../../apps/cli/src/demo/steady.ts';
import {
  differences,
  operationsOf,
  proxyFolder,
  type Exchange,
  type ProxyFolder,
  type VendorProxy,
} from './vendor-proxy.ts';

const source = process.env['WAYMARK_CONTRACTS_DIR'];

/**
 * Slack's contract was frozen in 2021 and lacks arguments that its pages name.
 * https://docs.slack.dev/reference/methods/chat.postMessage (metadata)
 */
const newerArguments = new Set(['chat_postMessage metadata', 'chat_update metadata']);
const isNewer = ({ operation }: Exchange, code: string, message: string): boolean =>
  code === 'unknown-parameter' && newerArguments.has(`${operation} ${message}`);

/** Keys of answers that came after 2021; the contract's answers allow no others. https://docs.slack.dev/reference/methods/auth.test */
const newerKeys = new Set(['app_id', 'metadata']);
const isNewerAnswer = (_exchange: Exchange, code: string, message: string): boolean =>
  code === 'additionalProperties' && newerKeys.has(message.split(': ').at(-1) ?? '');

/**
 * The client's type says that a search is sorted by texts; the vendor's page sorts by objects.
 * https://developers.hubspot.com/docs/api-reference/search/guide
 */
const knownSlips = new Set(['objects.search .sorts[]: is no string']);

/**
 * The client's type says that each kind of association has a label; the vendor's page shows null for its own kinds.
 * https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide
 */
const knownAnswerSlips = new Set(['associations.batch.read .results[].to[].associationTypes[].label: is no string']);

/** Sign-in stands in none of the contracts: its paths are asked of the sandbox's own tests. */
const signIn = /^\/(o\/oauth2|token|oauth2|revoke|oauth\/v2\/authorize|openid)/;
const isSignIn = ({ url }: Exchange): boolean => signIn.test(url);

describe.skipIf(source === undefined)(
  'the vendors’ published contracts (skipped where WAYMARK_CONTRACTS_DIR is not set)',
  () => {
    let folder: ProxyFolder;
    let hubspot: Awaited<ReturnType<typeof hubspotProxy>>;
    let sandbox: Sandbox;
    let database: TestDatabase;
    let waymark: Waymark;
    let server: Server;
    const proxies: Record<string, VendorProxy> = {};

    beforeAll(async () => {
      folder = await proxyFolder(source ?? '');
      sandbox = await startSandbox({ caps: 'generous', autoConsent: true });
      proxies['google'] = await folder.open(sandbox.urls.google, ['google/gmail.v1.json', 'google/calendar.v3.json']);
      hubspot = await hubspotProxy(sandbox.urls.hubspot);
      proxies['slack'] = await folder.open(sandbox.urls.slack, ['slack/web-api.json']);
      database = await testDatabase();
      waymark = await openWaymark(
        readConfiguration({
          DATABASE_URL: database.url,
          WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
          WAYMARK_MASTER_KEY: randomBytes(32).toString('base64'),
          WAYMARK_PORT: '0',
          WAYMARK_GOOGLE_URL: proxies['google'].url,
          WAYMARK_HUBSPOT_URL: hubspot.url,
          WAYMARK_SLACK_URL: proxies['slack'].url,
          WAYMARK_RATE_SCALE: '500',
          WAYMARK_LOG: 'error',
        }),
      );
      server = await startServer(waymark, { roles: new Set(['http', 'workers', 'bot'] as const) });
      const workspace = await prepareSample(waymark, server, sandbox.urls, { people: 2, historyDays: 120 });
      await untilSteady(waymark, server, workspace, { startedAt: waymark.now(), limitMs: 240_000 });
    }, 300_000);

    afterAll(async () => {
      await server?.close();
      await waymark?.close();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
      await hubspot?.close();
      await sandbox?.close();
      await database?.close();
      await folder?.remove();
    }, 60_000);

    const passed = (vendor: string): readonly Exchange[] =>
      (proxies[vendor]?.exchanges ?? []).filter((exchange) => !isSignIn(exchange));

    it('a full sync asks Google as its contracts allow, and the sandbox answers as they say', () => {
      expect(operationsOf(passed('google'))).toEqual(
        expect.arrayContaining([
          'calendar.calendarList.list',
          'calendar.events.list',
          'gmail.users.getProfile',
          'gmail.users.history.list',
          'gmail.users.messages.get',
          'gmail.users.messages.list',
        ]),
      );
      expect(differences(passed('google'), 'violations', () => false)).toEqual([]);
      expect(differences(passed('google'), 'responseViolations', () => false)).toEqual([]);
    });

    it('alerts are posted as Slack’s contract allows', () => {
      expect(operationsOf(passed('slack'))).toEqual(
        expect.arrayContaining(['auth_test', 'chat_postMessage', 'conversations_open', 'oauth_v2_access']),
      );
      expect(differences(passed('slack'), 'violations', isNewer)).toEqual([]);
      expect(differences(passed('slack'), 'responseViolations', isNewerAnswer)).toEqual([]);
    });

    it('HubSpot is asked and answers as the types of its own client say', () => {
      const asked = hubspot.exchanges.filter(({ path }) => path.startsWith('/crm/'));
      expect(
        [...new Set(asked.map(({ operation, method, path }) => operation ?? `no type: ${method} ${path}`))].sort(),
      ).toEqual([
        'associations.batch.read',
        'objects.batch.read',
        'objects.batch.update',
        'objects.list',
        'objects.search',
        'owners.list',
        'pipelines.list',
        'properties.create',
        'properties.get',
      ]);
      const requests = asked.flatMap((one) => one.request.map((line) => `${one.operation} ${line}`));
      expect([...new Set(requests)].filter((line) => !knownSlips.has(line))).toEqual([]);
      const answers = asked.flatMap((one) => one.answer.map((line) => `${one.operation} ${line}`));
      expect([...new Set(answers)].filter((line) => !knownAnswerSlips.has(line))).toEqual([]);
    });

    it('sees what is wrong: a parameter of no contract, and a property of no type', async () => {
      const before = proxies['google']?.exchanges.length ?? 0;
      await fetch(`${proxies['google']?.url}/gmail/v1/users/me/messages?maxResult=5`, {
        headers: { authorization: 'Bearer none' },
      });
      const [seen] = (proxies['google']?.exchanges ?? []).slice(before);
      expect(seen?.violations).toMatchObject([{ code: 'unknown-parameter', message: 'maxResult' }]);
      const odd = JSON.stringify({ inputs: [{ id: 7 }], propertie: [] });
      const answer = JSON.stringify({ results: [{ id: '7', properties: { a: 1 }, createdAt: 'soon' }] });
      expect(typed('POST', '/crm/objects/2026-09/deals/batch/read', 200, odd, answer)).toMatchObject({
        request: ['.inputs[].id: is no string', '.propertie: is not in BatchReadInputSimplePublicObjectId'],
        answer: ['.results[].properties{}: is no string', '.results[].createdAt: is no Date'],
      });
    });
  },
);
