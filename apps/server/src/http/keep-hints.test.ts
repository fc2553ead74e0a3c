import { randomBytes } from 'node:crypto';
import { createWorkspace, setStatus } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfiguration } from '../configuration.ts';
import { installAddress } from '../oauth/posting-address.ts';
import { openWaymark, type Waymark } from '../waymark.ts';
import { keepHints } from './keep-hints.ts';

let database: TestDatabase;
let waymark: Waymark;
let to: { workspaceId: string; installationId: string; account: string };
beforeAll(async () => {
  database = await testDatabase();
  waymark = await openWaymark(
    readConfiguration({
      DATABASE_URL: database.url,
      WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
      WAYMARK_MASTER_KEY: randomBytes(32).toString('base64'),
    }),
    { log: pino({ level: 'silent' }) },
  );
  const { workspaceId } = await createWorkspace(database, waymark.sealer, { slug: 'acme', name: 'Acme' }, Date.now());
  const { installationId } = await installAddress(waymark, {
    workspaceId,
    connector: 'webhook',
    label: 'usage',
    settings: {},
    publicUrl: 'https://waymark.example',
    rotate: false,
  });
  to = { workspaceId, installationId, account: 'usage' };
});
afterAll(async () => {
  await waymark.close();
  await database.close();
});

const hint = (externalAccountId: string, dedupeKey: string) => ({ externalAccountId, stream: 's', ids: [], dedupeKey });
const delivery = (externalAccountId: string, dedupeKey: string) => ({
  externalAccountId,
  stream: 'inbox',
  dedupeKey,
  payload: { dedupeKey },
});
const kept = async () => [
  ...(await database.asOwner<{ key: string }>('SELECT dedupe_key AS key FROM hint ORDER BY 1')),
  ...(await database.asOwner<{ key: string }>('SELECT dedupe_key AS key FROM inbox_delivery ORDER BY 1')),
];

it('I6: what a verified request says of another account is left aside', async () => {
  const result = {
    ok: true as const,
    hints: [hint('other', 'h1'), hint('usage', 'h2')],
    deliveries: [delivery('other', 'd1'), delivery('usage', 'd2'), delivery('usage', 'd3')],
  };
  expect(await keepHints(waymark, to, result)).toBe(true);
  // Deliveries wake their stream once.
  expect((await kept()).map((row) => row.key)).toEqual(['h2', 'inbox:d2', 'd2', 'd3']);
});

it('one for an installation that is switched off, or in another workspace, is kept nowhere', async () => {
  const before = await kept();
  const result = { ok: true as const, hints: [hint('usage', 'h9')], deliveries: [delivery('usage', 'd9')] };
  const { workspaceId } = await createWorkspace(database, waymark.sealer, { slug: 'other', name: 'O' }, Date.now());
  expect(await keepHints(waymark, { ...to, workspaceId }, result)).toBe(false);
  await database.inWorkspace(to.workspaceId, (tx) => setStatus(tx, to.installationId, 'disabled', null, Date.now()));
  expect(await keepHints(waymark, to, result)).toBe(false);
  expect(await kept()).toEqual(before);
});
