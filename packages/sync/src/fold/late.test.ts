import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { earlierStates } from '@waymark/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  company,
  mail,
  scriptedConnector,
  scriptedStream,
  type ScriptedPage,
  type ScriptedRecord,
} from '../testing/scripted-source.ts';
import { isEngineState } from './state.ts';
import { day, shippedJourney, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const crm = (...pages: ScriptedPage[]) =>
  scriptedConnector('crm', [
    scriptedStream('companies', 1, () => pages.map((page, at) => ({ ...page, done: at === pages.length - 1 }))),
  ]);
const mailbox = (...pages: ScriptedPage[]) =>
  scriptedConnector('mailbox', [
    scriptedStream('messages', 5, () => pages.map((page, at) => ({ ...page, done: at === pages.length - 1 }))),
  ]);
const acme: ScriptedRecord = {
  id: 'c1',
  version: '1',
  entities: [company('c1', ['acme.example'], { customerSince: start - 300 * day })],
};
const message = (id: string, at: number): ScriptedRecord => ({
  id,
  version: '1',
  events: [mail(id, at, 'ann@acme.example', 'csm@vendor.example')],
});

const minute = 60_000;
/** So many mails, the last an hour ago, six hours apart. */
const mails = (count: number) =>
  Array.from({ length: count }, (_, n) => message(`m${n}`, start - 60 * minute - (count - 1 - n) * 360 * minute));

async function accountOf(rig: SyncRig): Promise<{ readonly id: string; readonly state: unknown }> {
  const [row] = await rig.rows<{ account_id: string; state: unknown }>(
    'SELECT account_id, state FROM engine_state WHERE workspace_id = $1',
  );
  if (!row) throw new Error('nothing was folded');
  return { id: row.account_id, state: row.state };
}

/** Runs one history in which a mail of three days ago comes late; `meddle` may change what is stored before it does. */
async function withLateMail(meddle: (rig: SyncRig) => Promise<void>): Promise<unknown> {
  const rig = await syncRig(database);
  await rig.run(await rig.install(crm({ records: [acme] })));
  const box = await rig.install(mailbox({ records: mails(900) }));
  await rig.run(box);
  await rig.fold();
  rig.now += minute;
  await meddle(rig);
  rig.use(mailbox({ records: [message('late', start - 3 * day + minute)] }));
  await rig.run(box);
  await rig.fold();
  return (await accountOf(rig)).state;
}

describe('a late event', () => {
  it('is folded in from a state shortly before it, to what the whole log gives; what was before is not read again (I3)', async () => {
    const whole = await withLateMail(async (rig) => {
      await database.asOwner('UPDATE engine_state SET earlier = NULL WHERE workspace_id = $1', [rig.workspaceId]);
    });
    const short = await withLateMail(async (rig) => {
      const { id } = await accountOf(rig);
      const kept = await database.inWorkspace(rig.workspaceId, (tx) =>
        earlierStates(tx, id, shippedJourney.journey.definition.id),
      );
      if (!Array.isArray(kept)) throw new Error('no earlier states were kept');
      const places = kept.filter(isEngineState).map(({ at }) => at ?? 0);
      expect(places.length).toBeGreaterThan(1);
      await database.asOwner('DELETE FROM journey_event WHERE workspace_id = $1 AND occurred_at < $2', [
        rig.workspaceId,
        new Date(Math.max(...places.filter((at) => at < start - 3 * day))),
      ]);
    });
    const plain = (state: unknown) => {
      if (!isEngineState(state)) throw new Error('no state');
      const { stage, stageSince, periods, flags } = state.course;
      const told = flags.map(({ rule, openedAt, clearedAt }) => ({ rule, openedAt, clearedAt }));
      const moves = periods.map(({ stage: to, enteredAt }) => ({ to, enteredAt }));
      return { taken: state.taken, at: state.at, tracks: state.tracks.contact.counts, stage, stageSince, moves, told };
    };
    expect(plain(short)).toEqual(plain(whole));
  }, 120_000);
});
