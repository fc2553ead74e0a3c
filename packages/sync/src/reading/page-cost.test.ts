import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { company, crmOf, mail, mailboxOf } from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it('stores a page of new mail in few statements, however many mails, people and threads it has', async () => {
  const counts: number[] = [];
  for (const size of [3, 300]) {
    const rig = await syncRig(database);
    const domains = ['acme.example', 'bolt.example', 'crest.example'];
    const companies = domains.map((domain) => ({ id: domain, version: '1', entities: [company(domain, [domain])] }));
    await rig.run(await rig.install(crmOf({ records: companies })));
    const records = Array.from({ length: size }, (_, n) => {
      const from = `p${n % 50}@${domains[n % 3]}`;
      const references = n % 2 === 0 ? { references: [`<root${n % 20}@mail.example>`] } : {};
      return {
        id: `m${n}`,
        version: '1',
        events: [mail(`m${n}`, start - day - n, from, 'cs@vendor.example', references)],
      };
    });
    const statements: string[] = [];
    const inWorkspace: typeof database.inWorkspace = (workspaceId, work, options) =>
      database.inWorkspace(
        workspaceId,
        (tx) => {
          const query: typeof tx.query = (text, values) => {
            statements.push(text);
            return tx.query(text, values);
          };
          return work({ ...tx, query });
        },
        options,
      );
    rig.deps = {
      ...rig.deps,
      database: { ...database, inWorkspace },
      point: (name) => {
        // What is counted begins when the page is in hand, and ends with its transaction.
        if (name === 'page-read') statements.length = 0;
        if (name === 'page-committed') counts.push(statements.length);
        return Promise.resolve();
      },
    };
    await rig.run(await rig.install(mailboxOf({ records })));
  }
  const [few, many] = counts;
  expect(many).toBe(few);
  expect(many).toBeLessThanOrEqual(16);
});
