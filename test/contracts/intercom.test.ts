import { createServer } from 'node:http';
import { once } from 'node:events';
import { intercom } from '@waymark/connector-intercom';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conversations } from '../../packages/connectors/intercom/fixtures/conversations.ts';
import { differences, operationsOf, proxyFolder, type ProxyFolder } from './vendor-proxy.ts';

const source = process.env['WAYMARK_CONTRACTS_DIR'];

describe.skipIf(source === undefined)(
  'Intercom’s published contract (skipped where WAYMARK_CONTRACTS_DIR is not set)',
  () => {
    let folder: ProxyFolder;
    const upstream = createServer((request, response) => {
      const found = {
        type: 'conversation.list',
        total_count: 1,
        conversations: [{ id: '215', updated_at: 1_790_000_000 }],
      };
      const me = { type: 'admin', app: { id_code: 'ws1', name: 'Vendor' } };
      const answer = request.url === '/me' ? me : request.method === 'POST' ? found : conversations.plain;
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
    beforeAll(async () => {
      folder = await proxyFolder(source ?? '');
      upstream.listen(0, '127.0.0.1');
      await once(upstream, 'listening');
    });
    afterAll(async () => {
      upstream.close();
      await folder?.remove();
    });

    it('a reading asks as it allows', async () => {
      const address = upstream.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const proxy = await folder.open(`http://127.0.0.1:${port}`, ['intercom/2.16.yaml']);
      const session = testSession({
        classify: (error) => intercom.classify(error),
        baseUrls: { api: proxy.url, app: proxy.url },
        now: () => Date.UTC(2026, 10, 1),
      });
      const client = await intercom.connect(session);
      await intercom.identify(client);
      const [stream] = intercom.streams;
      if (!stream) throw new Error('The connector has no stream.');
      const pages = await collect(stream.pull(client, null, '', { mode: 'backfill', since: 0, until: 1 }));
      expect(pages).toHaveLength(1);
      expect(operationsOf(proxy.exchanges)).toHaveLength(3);
      expect(differences(proxy.exchanges, 'violations', () => false)).toEqual([]);
      await proxy.close();
    });
  },
);
