import { addAssignments } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadAssignments, refreshQueue, rematch } from './attribution.ts';
import { company, mail, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it('a decision by hand moves the mail of a person from the account of their domain; the queue says who would claim what is open', async () => {
  const rig = await syncRig(database);
  const message = (id: string, from: string) => ({
    id,
    version: '1',
    events: [mail(id, start - day, from, 'csm@vendor.example')],
  });
  const companies = [
    company('c1', ['acme.example']),
    company('c2', []),
    company('c3', ['shared.example']),
    company('c4', ['shared.example']),
  ];
  const crm = scriptedConnector('crm', [
    scriptedStream('companies', 1, () => [
      {
        records: companies.map((fact) => ({
          id: 'externalId' in fact ? fact.externalId : '',
          version: '1',
          entities: [fact],
        })),
        done: true,
      },
    ]),
    scriptedStream('messages', 2, () => [
      {
        records: [
          message('m1', 'ann@acme.example'),
          message('m2', 'bob@acme.example'),
          message('m3', 'x@shared.example'),
          message('m4', 'x@gmail.com'),
        ],
        done: true,
      },
    ]),
  ]);
  await rig.run(await rig.install(crm));
  const accountOf = async (name: string) =>
    (
      await rig.rows<{ account_id: string; name: string }>(
        'SELECT account_id, name FROM account WHERE workspace_id = $1',
      )
    ).find((one) => one.name === name)?.account_id ?? '';
  const target = await accountOf('Company c2');
  const moved = await database.inWorkspace(rig.workspaceId, async (tx) => {
    await addAssignments(tx, [
      {
        assignmentId: target,
        kind: 'contact',
        subject: 'ann@acme.example',
        accountId: target,
        basis: 'hand',
        detail: null,
        knownFrom: start,
        by: 'me',
      },
    ]);
    const changes = await rematch(
      tx,
      await loadAssignments(tx),
      {
        subjects: [{ kind: 'contact', subject: 'ann@acme.example' }],
      },
      undefined,
    );
    await refreshQueue(tx);
    return changes.map((one) => one.accountId).sort();
  });
  expect(moved).toEqual([target, await accountOf('Company c1')].sort());
  const rows = await rig.rows(
    'SELECT external_id FROM journey_event e JOIN account a USING (workspace_id, account_id) WHERE e.workspace_id = $1 ORDER BY a.name',
  );
  expect(rows).toEqual([{ external_id: 'm2' }, { external_id: 'm1' }]);
  const queue = await rig.rows(
    'SELECT subject_kind, subject, reason, candidates FROM unmatched WHERE workspace_id = $1 ORDER BY subject',
  );
  expect(queue).toEqual([
    {
      subject_kind: 'domain',
      subject: 'shared.example',
      reason: 'ambiguous-domain',
      candidates: [await accountOf('Company c3'), await accountOf('Company c4')].sort(),
    },
    { subject_kind: 'contact', subject: 'x@gmail.com', reason: 'free-mail', candidates: [] },
  ]);
});

it('B6: a decision by hand follows its account into the one that it is merged into', async () => {
  const rig = await syncRig(database);
  const script = (...facts: readonly ReturnType<typeof company>[]) =>
    scriptedConnector('crm', [
      scriptedStream('companies', 1, () => [
        {
          records: facts.map((fact) => ({
            id: 'externalId' in fact ? fact.externalId : '',
            version: '1',
            entities: [fact],
          })),
          done: true,
        },
      ]),
    ]);
  const crm = await rig.install(script(company('c1', [])));
  await rig.run(crm);
  const [first] = await rig.rows<{ account_id: string }>('SELECT account_id FROM account WHERE workspace_id = $1');
  const accountId = first?.account_id ?? '';
  await database.inWorkspace(rig.workspaceId, (tx) =>
    addAssignments(tx, [
      {
        assignmentId: accountId,
        kind: 'contact',
        subject: 'x@gmail.com',
        accountId,
        basis: 'hand',
        detail: null,
        knownFrom: start,
        by: 'me',
      },
    ]),
  );
  const message = { id: 'm1', version: '1', events: [mail('m1', start - day, 'x@gmail.com', 'csm@vendor.example')] };
  const box = scriptedConnector('mailbox', [scriptedStream('messages', 1, () => [{ records: [message], done: true }])]);
  await rig.run(await rig.install(box));
  rig.use(script(company('c2', [], { mergedIds: ['c1'] })));
  await rig.run(crm);
  const rows = await rig.rows(
    'SELECT a.name, e.match FROM journey_event e JOIN account a USING (workspace_id, account_id) WHERE e.workspace_id = $1',
  );
  expect(rows).toMatchObject([{ name: 'Company c2', match: { reason: 'hand' } }]);
});
