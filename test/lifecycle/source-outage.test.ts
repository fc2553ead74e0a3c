import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileJourney, parseDefinition, templateFile } from '@waymark/lifecycle';
import { activateDefinition, nextWake, sourceOutagesInForce } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { foldDue, importFile, noPoint, replayWorkspace } from '@waymark/sync';
import { randomOf } from '../bench/history.ts';

const DAY = 86_400_000;
const HOUR = DAY / 24;
/** A Monday. */
const start = Date.UTC(2026, 0, 5);
const accounts = 24;
const last = 130;

interface Told {
  readonly day: number;
  readonly line: string;
}

/** Customers who write every other weekday and are answered a day later, all of it told by one source; a CRM says that they are customers. */
function history(source: string): Told[] {
  const random = randomOf(7);
  const told: Told[] = [];
  const tell = (from: string, id: string, type: string, subject: string, at: number, data: object) =>
    told.push({
      day: Math.floor((at - start) / DAY),
      line: JSON.stringify({
        specversion: '1.0',
        id,
        source: from,
        type,
        subject,
        time: new Date(at).toISOString(),
        recordedtime: new Date(at).toISOString(),
        data,
      }),
    });
  for (let number = 0; number < accounts; number += 1) {
    const domain = `customer-${number}.example`;
    tell('crm', `c${number}`, 'crm.stage_changed', domain, start, { to: 'customer', property: 'lifecyclestage' });
    for (let day = number % 2; day < last; day += 2) {
      if ([0, 6].includes(new Date(start + day * DAY).getUTCDay())) continue;
      const at = start + day * DAY + (8 + Math.floor(random() * 9)) * HOUR;
      const data = { from: `ann@${domain}`, to: ['csm@vendor.example'], threadId: `t${number}-${day}` };
      tell(source, `i${number}-${day}`, 'email.received', domain, at, data);
      const answer = { from: 'csm@vendor.example', to: [`ann@${domain}`], threadId: `t${number}-${day}` };
      tell(source, `o${number}-${day}`, 'email.sent', domain, at + 20 * HOUR, answer);
    }
  }
  return told;
}

describe('an imported source', { timeout: 240_000 }, () => {
  let database: TestDatabase;
  let definition = '';
  beforeAll(async () => {
    database = await testDatabase();
    definition = await readFile(templateFile('nine-stages'), 'utf8');
  });
  afterAll(() => database.close());

  let count = 0;
  /** A workspace that lives from day to day: what `comes` gives is imported, then everything that is due is folded. */
  async function live(comes: (day: number) => readonly string[]) {
    count += 1;
    const { workspaceId } = await database.newWorkspace(`outage-${count}`, { ownDomains: ['vendor.example'] });
    const inside = <T>(work: Parameters<typeof database.inWorkspace<T>>[1]) => database.inWorkspace(workspaceId, work);
    const { definition: journey, digest } = compileJourney(parseDefinition(definition, 'nine-stages.yaml'));
    const stored = { journey: journey.id, digest, version: journey.version, source: definition };
    await inside((tx) => activateDefinition(tx, stored, 'test', start));
    let now = start;
    const afterFold = () => Promise.resolve();
    const fold = async () => {
      for (let done = 1; done > 0;)
        done = await foldDue({ database, workspaceId, now: () => now, point: noPoint, afterFold });
    };
    const run = async (from: number, to: number) => {
      for (let day = from; day <= to; day += 1) {
        now = start + day * DAY;
        const lines = comes(day);
        const deps = { database, sealer: database.sealer, now: () => now, afterFold };
        if (lines.length > 0) await importFile(deps, workspaceId, lines);
        await fold();
      }
    };
    return {
      inside,
      run,
      at: () => now,
      replay: () => replayWorkspace(database, workspaceId, { now }),
      /** What is so by valid time, by the names of the accounts. */
      state: async () => ({
        flags: await database.asOwner(
          `SELECT a.domain, f.rule, f.kind, f.opened_at, f.cleared_at FROM flag f
             JOIN account a ON a.workspace_id = f.workspace_id AND a.account_id = f.account_id
            WHERE f.workspace_id = $1 AND f.superseded_at IS NULL ORDER BY 1, 2, 4`,
          [workspaceId],
        ),
        periods: await database.asOwner(
          `SELECT a.domain, p.stage, p.entered_at, p.exited_at FROM stage_period p
             JOIN account a ON a.workspace_id = p.workspace_id AND a.account_id = p.account_id
            WHERE p.workspace_id = $1 AND p.superseded_at IS NULL ORDER BY 1, 3, 2`,
          [workspaceId],
        ),
        health: await database.asOwner(
          `SELECT a.domain, e.health, e.stage FROM engine_state e
             JOIN account a ON a.workspace_id = e.workspace_id AND a.account_id = e.account_id
            WHERE e.workspace_id = $1 ORDER BY 1`,
          [workspaceId],
        ),
      }),
      /** Every flag that was ever stored, in force or not. */
      ever: () =>
        database.asOwner<{ rule: string; kind: string; opened_at: Date; recorded_at: Date }>(
          'SELECT rule, kind, opened_at, recorded_at FROM flag WHERE workspace_id = $1 ORDER BY recorded_at',
          [workspaceId],
        ),
    };
  }

  const told = history('mail-archive');
  const linesOf = (from: number, to: number, of: readonly Told[] = told) =>
    of.filter(({ day }) => day >= from && day < to).map(({ line }) => line);
  const daily = (day: number) => (day === 100 ? linesOf(0, 100) : linesOf(day - 1, day));
  /** Nothing of days 100 to 109 comes before day 110; then all of it at once. */
  const lateBurst = (day: number) => {
    if (day <= 100) return daily(day);
    if (day < 110) return linesOf(day - 1, day).filter((line) => line.includes('"source":"crm"'));
    return day === 110
      ? linesOf(100, 110).map((line) =>
          line.replace(/"recordedtime":"[^"]*"/, `"recordedtime":"${new Date(start + 110 * DAY).toISOString()}"`),
        )
      : daily(day);
  };

  it('that is silent for nine days raises no flag on a customer, and after it was delivered all is as if it had come in time', async () => {
    const inTime = await live(daily);
    await inTime.run(100, 118);
    const late = await live(lateBurst);
    await late.run(100, 109);

    expect(
      (await late.ever()).filter((flag) => flag.kind === 'risk' && flag.opened_at.getTime() >= start + 100 * DAY),
    ).toEqual([]);
    const open = await late.inside((tx) => sourceOutagesInForce(tx));
    expect(open).toMatchObject([{ source: 'mail-archive', touchpoint: 'email', to: null }]);
    // Noticed when it had become too long, not at the next import.
    expect(open[0]?.recordedAt).toBeLessThan(start + 106 * DAY);

    await late.run(110, 118);
    expect(await late.inside((tx) => sourceOutagesInForce(tx))).toEqual([]);
    expect(await late.state()).toEqual(await inTime.state());
    expect((await late.replay()).digest).toBe((await inTime.replay()).digest);
    expect((await late.replay()).differences).toEqual([]);
    expect(
      (await late.ever()).filter((flag) => flag.kind === 'risk' && flag.opened_at.getTime() >= start + 100 * DAY),
    ).toEqual([]);
  });

  it('is looked at again at the very instant at which its silence is too long', async () => {
    const quiet = await live((day) => (day === 100 ? linesOf(0, 100) : []));
    await quiet.run(100, 100);
    const next = await quiet.inside((tx) => nextWake(tx));
    expect(next).toBeGreaterThan(quiet.at());
    expect(next).toBeLessThan(start + 106 * DAY);
  });
});
