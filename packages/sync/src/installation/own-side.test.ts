import { mapMail, mailHeaders } from '@waymark/connector-kit';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { z } from 'zod';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeSettings } from './own-side.ts';
import { company, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const raw = z.looseObject({ id: z.string(), from: z.string(), to: z.string() });

it('a domain of ours that is named later turns the stored mail of its people round, and takes them off the accounts', async () => {
  const rig = await syncRig(database);
  const companies = [company('c1', ['acme.example']), company('c2', ['second.example'])].map((fact) => ({
    id: 'externalId' in fact ? fact.externalId : '',
    version: '1',
    entities: [fact],
  }));
  await rig.run(
    await rig.install(
      scriptedConnector('crm', [scriptedStream('companies', 1, () => [{ records: companies, done: true }])]),
    ),
  );
  // second.example is another house of the vendor's, which nobody has told.
  const mails = [
    { id: 'm1', version: '1', from: 'colleague@second.example', to: 'ann@acme.example' },
    { id: 'm2', version: '1', from: 'ann@acme.example', to: 'colleague@second.example' },
    { id: 'm3', version: '1', from: 'colleague@second.example', to: 'csm@vendor.example' },
  ];
  const mailbox = await rig.install(
    scriptedConnector('mailbox', [
      scriptedStream('messages', 1, (from) => [{ records: from === null ? mails : [], done: true }], {
        raw,
        map: (value, context) => {
          const { id, from, to } = raw.parse(value);
          const headers = mailHeaders(
            Object.entries({
              From: from,
              To: to,
              'Message-ID': `<${id}@x.example>`,
              Date: new Date(start).toUTCString(),
            }).map(([name, text]) => ({ name, value: text })),
          );
          return mapMail({ headers, arrivedAt: start, threadId: undefined, copyId: id }, context);
        },
      }),
    ]),
  );
  await rig.run(mailbox);
  const seen = () =>
    rig.rows(
      `SELECT e.external_id AS id, e.type, a.name FROM journey_event e LEFT JOIN account a ON a.workspace_id = e.workspace_id AND a.account_id = e.account_id
        WHERE e.workspace_id = $1 AND e.superseded_at IS NULL AND e.object = 'messages' ORDER BY 1`,
    );
  expect(await seen()).toEqual([
    { id: 'm1', type: 'email.received', name: 'Company c2' },
    { id: 'm2', type: 'email.received', name: 'Company c1' },
    { id: 'm3', type: 'email.received', name: 'Company c2' },
  ]);
  const changed = await database.inWorkspace(rig.workspaceId, (tx) =>
    changeSettings(tx, { ownDomains: ['vendor.example', 'second.example'] }, rig.now),
  );
  expect(changed.reread).toContain(mailbox);
  // Whose it is follows at once; which way it went, when the mailbox is read again.
  expect(await seen()).toEqual([
    { id: 'm1', type: 'email.received', name: 'Company c1' },
    { id: 'm2', type: 'email.received', name: 'Company c1' },
    { id: 'm3', type: 'email.received', name: null },
  ]);
  await rig.run(mailbox);
  expect(await seen()).toEqual([
    { id: 'm1', type: 'email.sent', name: 'Company c1' },
    { id: 'm2', type: 'email.received', name: 'Company c1' },
    { id: 'm3', type: 'email.internal', name: null },
  ]);
  const same = await database.inWorkspace(rig.workspaceId, (tx) =>
    changeSettings(tx, { timezone: 'Europe/Berlin' }, rig.now),
  );
  expect(same).toMatchObject({ accounts: [], reread: [] });
});
