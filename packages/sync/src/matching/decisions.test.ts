import fc from 'fast-check';
import { accounts, decisionsMade, unmatched } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refreshQueue } from './attribution.ts';
import { asShown, previewOf } from './decision-preview.ts';
import { decide, undoDecided, type Decision } from './decisions.ts';
import { decisionAbout, reviewQueue } from './review-queue.ts';
import { rowsOfAll } from '../testing/all-rows.ts';
import { company, mail, person, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 1_000_000);
const senders = [
  'ann@acme.example',
  'bob@acme.example',
  'x@shared.example',
  'y@shared.example',
  'free@gmail.com',
  'who@stranger.example',
];

/** Two customers, a domain that two of them share, a free-mail sender and a stranger; mails from all of them, some in one thread. */
async function furnished(slug?: string): Promise<SyncRig> {
  const rig = await syncRig(database, slug === undefined ? {} : { slug });
  const facts = [
    company('c1', ['acme.example']),
    company('c2', ['bolt.example']),
    company('c3', ['shared.example']),
    company('c4', ['shared.example']),
    person('p1', ['ann@acme.example'], ['c1']),
  ];
  const records = facts.map((fact) => ({
    id: 'externalId' in fact ? fact.externalId : '',
    version: '1',
    entities: [fact],
  }));
  const mails = senders.flatMap((from, index) =>
    [3, 40].map((ago) => ({
      id: `${index}-${ago}`,
      version: '1',
      events: [
        mail(`m${index}-${ago}`, start - ago * day, from, 'csm@vendor.example', {
          ...(index > 3 && { references: [`root-${ago}`] }),
        }),
      ],
    })),
  );
  await rig.run(
    await rig.install(scriptedConnector('crm', [scriptedStream('records', 1, () => [{ records, done: true }])])),
  );
  await rig.run(
    await rig.install(
      scriptedConnector('mailbox', [scriptedStream('mails', 1, () => [{ records: mails, done: true }])]),
    ),
  );
  await rig.fold();
  await inside(rig, (tx) => refreshQueue(tx));
  return rig;
}

type Work<T> = Parameters<typeof database.inWorkspace<T>>[1];
const inside = <T>(rig: SyncRig, work: Work<T>): Promise<T> => database.inWorkspace(rig.workspaceId, work);

async function named(rig: SyncRig, name: string): Promise<string> {
  const found = (await inside(rig, (tx) => accounts(tx))).find((one) => one.name === name);
  if (!found) throw new Error(`no account ${name}`);
  return found.accountId;
}

describe('decisions by hand', () => {
  it('shows what would change and stores nothing; confirmed it does that; undone all is as before', async () => {
    const rig = await furnished();
    const before = await rowsOfAll(database, rig.workspaceId);
    const digest = await rig.digest();
    const bolt = await named(rig, 'Company c2');
    const about = await inside(rig, (tx) => decisionAbout(tx, 'stranger.example', { accountId: bolt }));
    const preview = await inside(rig, (tx) => previewOf(tx, rig.now, (inner) => decide(inner, [about], 'me', rig.now)));
    expect(preview.moves.length).toBe(4);
    expect(preview.moves.every((one) => one.from === null && one.to === bolt)).toBe(true);
    expect(preview.accounts).toMatchObject([{ name: 'Company c2', gained: 4, lost: 0 }]);
    expect(await rowsOfAll(database, rig.workspaceId)).toEqual(before);

    const decided = await inside(rig, (tx) =>
      asShown(tx, rig.now, preview.digest, (inner) => decide(inner, [about], 'me', rig.now)),
    );
    await rig.fold();
    expect(await rig.digest()).not.toBe(digest);
    const [stage] = await rig.rows<{ stage: string }>(
      `SELECT stage FROM engine_state WHERE workspace_id = $1 AND account_id = '${bolt}'`,
    );
    expect(stage?.stage).toBe(preview.accounts[0]?.stage.after);
    const flags = await rig.rows(
      `SELECT flag_id FROM flag WHERE workspace_id = $1 AND account_id = '${bolt}' AND superseded_at IS NULL AND cleared_at IS NULL`,
    );
    const opened = preview.accounts.flatMap((one) => one.flags).filter((one) => one.change === 'opens');
    for (const one of opened) expect(flags).toContainEqual({ flag_id: one.flagId });

    const back = await inside(rig, (tx) =>
      previewOf(tx, rig.now, (inner) => undoDecided(inner, decided.decisionId, 'me', rig.now)),
    );
    expect(back.moves.map(({ from, to }) => [from, to])).toEqual(preview.moves.map(({ from, to }) => [to, from]));
    await inside(rig, (tx) => undoDecided(tx, decided.decisionId, 'me', rig.now));
    await rig.fold();
    expect(await rig.digest()).toBe(digest);
    await expect(inside(rig, (tx) => undoDecided(tx, decided.decisionId, 'me', rig.now))).rejects.toMatchObject({
      code: 'DECISION',
    });
  });

  it('refuses to confirm what was not shown', async () => {
    const rig = await furnished();
    const bolt = await named(rig, 'Company c2');
    const decision: Decision = { kind: 'domain', subject: 'stranger.example', accountId: bolt };
    const work = (tx: Parameters<Work<unknown>>[0]) => decide(tx, [decision], 'me', rig.now);
    const preview = await inside(rig, (tx) => previewOf(tx, rig.now, work));
    const late = [
      { id: 'late', version: '1', events: [mail('late', start - day, 'who@stranger.example', 'csm@vendor.example')] },
    ];
    const box = scriptedConnector('late', [scriptedStream('mails', 1, () => [{ records: late, done: true }])]);
    await rig.run(await rig.install(box));
    await expect(inside(rig, (tx) => asShown(tx, rig.now, preview.digest, work))).rejects.toMatchObject({
      code: 'DECISION',
    });
    expect(await inside(rig, (tx) => decisionsMade(tx))).toEqual([]);
  });

  it('takes who is no customer out of the queue and of threads, and splits a shared domain into its people', async () => {
    const rig = await furnished();
    const queue = await inside(rig, (tx) => reviewQueue(tx));
    const shared = queue.find((one) => one.subject === 'shared.example');
    expect(shared?.candidates.map((one) => one.name).sort()).toEqual(['Company c3', 'Company c4']);
    const bolt = await named(rig, 'Company c2');
    await inside(rig, async (tx) => {
      await decide(tx, [await decisionAbout(tx, shared?.id ?? '', { verdict: 'split' })], 'me', rig.now);
      await decide(tx, [{ kind: 'contact', subject: 'free+tag@gmail.com', accountId: bolt }], 'me', rig.now);
      await decide(tx, [{ kind: 'domain', subject: 'stranger.example', verdict: 'not_customer' }], 'me', rig.now);
      await decide(tx, [{ kind: 'contact', subject: 'ann@acme.example', verdict: 'not_customer' }], 'me', rig.now);
    });
    const open = await inside(rig, (tx) => unmatched(tx));
    expect(open.map(({ kind, subject, reason }) => [kind, subject, reason])).toEqual([
      ['contact', 'x@shared.example', 'split-domain'],
      ['contact', 'y@shared.example', 'split-domain'],
    ]);
    const rows = await rig.rows<{ who: string; account: string | null; match: { lost: { why: string }[] } }>(
      `SELECT DISTINCT e.participants->0->>'address' AS who, a.name AS account, e.match FROM journey_event e
         LEFT JOIN account a ON a.workspace_id = e.workspace_id AND a.account_id = e.account_id
        WHERE e.workspace_id = $1 AND e.type = 'email.received' ORDER BY 1`,
    );
    // Though the thread is Bolt's by its other sender, a stranger who is nobody's customer stays out of it.
    expect(rows.find((one) => one.who === 'who@stranger.example')?.account).toBeNull();
    expect(rows.find((one) => one.who === 'free@gmail.com')?.account).toBe('Company c2');
    const ann = rows.find((one) => one.who === 'ann@acme.example');
    expect(ann).toMatchObject({
      account: null,
      match: { reason: 'not-customer', lost: [{ reason: 'contact', why: 'decided' }] },
    });
    expect(rows.find((one) => one.who === 'bob@acme.example')?.account).toBe('Company c1');
  });

  it(`I3: decisions and undos in any order give what a fresh fold with those that stand gives (WAYMARK_SEED=${seed})`, async () => {
    const verdict = fc.oneof(
      fc.record({ company: fc.constantFrom('Company c1', 'Company c2', 'Company c3') }),
      fc.constant({ verdict: 'not_customer' as const }),
    );
    const subject = fc.oneof(
      fc.constantFrom(...senders).map((address) => ({ kind: 'contact' as const, subject: address })),
      fc
        .constantFrom('acme.example', 'shared.example', 'stranger.example')
        .map((domain) => ({ kind: 'domain' as const, subject: domain })),
    );
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ subject, verdict }) },
      { weight: 2, arbitrary: fc.record({ undo: fc.nat(20) }) },
      { weight: 1, arbitrary: fc.constant('fold' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        const rig = await furnished();
        const made: { id: string; decision: (typeof steps)[number]; undone: boolean }[] = [];
        const carryOut = async (on: SyncRig, one: (typeof steps)[number]) => {
          if (one === 'fold' || 'undo' in one) throw new Error('no decision');
          const what =
            'company' in one.verdict
              ? { accountId: await named(on, one.verdict.company) }
              : { verdict: one.verdict.verdict };
          return inside(on, (tx) => decide(tx, [{ ...one.subject, ...what }], 'me', on.now));
        };
        for (const one of steps) {
          rig.now += 1000;
          if (one === 'fold') await rig.fold();
          else if ('undo' in one) {
            const victim = made.filter((each) => !each.undone)[one.undo % Math.max(1, made.length)];
            if (!victim) continue;
            victim.undone = true;
            await inside(rig, (tx) => undoDecided(tx, victim.id, 'me', rig.now));
          } else made.push({ id: (await carryOut(rig, one)).decisionId, decision: one, undone: false });
        }
        await rig.fold();
        const fresh = await furnished();
        fresh.now = rig.now;
        for (const one of made.filter((each) => !each.undone)) {
          await carryOut(fresh, one.decision);
        }
        await inside(fresh, (tx) => refreshQueue(tx));
        await fresh.fold();
        expect(await rig.digest()).toBe(await fresh.digest());
        const queue = (on: SyncRig) =>
          inside(on, (tx) => unmatched(tx)).then((all) => all.map((each) => [each.subject, each.reason, each.events]));
        expect(await queue(rig)).toEqual(await queue(fresh));
      }),
      { seed, numRuns: Number(process.env.WAYMARK_RUNS ?? 6), endOnFailure: process.env.WAYMARK_SHRINK === undefined },
    );
  }, 300_000);
});
