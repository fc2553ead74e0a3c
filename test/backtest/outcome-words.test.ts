import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { templateFile, type BacktestReport } from '@waymark/lifecycle';
import { commandHome, type CommandHome } from '../e2e/command-home.ts';

const DAY = 86_400_000;
const START = Date.UTC(2025, 0, 6, 9);
const lines: string[] = [];

function tell(subject: string, day: number, type: string, data: object) {
  const time = new Date(START + day * DAY).toISOString();
  lines.push(JSON.stringify({ specversion: '1.0', id: `${lines.length}`, source: 'test', type, time, subject, data }));
}

/** How people write down that a customer left, and that one stayed. */
const left: readonly (readonly [type: string, data: object])[] = [
  ['account.churned', { reason: 'price' }],
  ['crm.stage_changed', { to: 'Churned' }],
  ['crm.stage_changed', { to: 'CLOSED-LOST' }],
  ['crm.stage_changed', { from: 'customer', to: 'former_customer' }],
  ['crm.property_changed', { property: 'Status', to: 'cancelled' }],
  ['deal.lost', { deal: 'R-1', kind: 'Renewal' }],
  ['deal.lost', { id: 9, pipeline: 'Renewals' }],
  ['deal.lost', { opportunityId: 'o-1', type: 'Renewal' }],
  ['deal.lost', { dealId: 'known before' }],
  ['deal.stage_changed', { dealId: 'R-2', pipeline: 'renewal', from: 'Negotiation', to: 'Closed Lost' }],
];
const stayed: readonly (readonly [type: string, data: object])[] = [
  ['account.renewed', {}],
  ['crm.stage_changed', { to: 'Renewed' }],
  ['deal.won', { deal: 'R-1', kind: 'renewal' }],
  ['deal.won', { deal: 'R-1', pipeline: 'RENEWALS' }],
  ['crm.property_changed', { property: 'renewal_status', to: 'Renewed' }],
];

let home: CommandHome;

beforeAll(async () => {
  const account = (name: string, till: number, csm: string) => {
    for (let day = 0; day < till; day += 7) {
      tell(name, day, 'email.received', { from: `zoe@${name}`, to: csm });
      tell(name, day + 1, 'email.sent', { from: csm, to: `zoe@${name}`, subject: 'Re' });
    }
  };
  left.forEach(([type, data], index) => {
    const name = `left${index}.example`;
    account(name, 200, 'ana@us.example');
    tell(name, 100, 'deal.created', { dealId: 'known before', kind: 'renewal' });
    tell(name, 200, type, data);
  });
  for (let index = 0; index < 10; index += 1) {
    const name = `stayed${index}.example`;
    account(name, 365, 'bo@us.example');
    const [type, data] = stayed[index % stayed.length] ?? ['account.renewed', {}];
    tell(name, 200, type, data);
  }
  for (let index = 0; index < 3; index += 1) {
    account(`over${index}.example`, 200, 'ana@us.example');
    tell(`over${index}.example`, 200, 'crm.stage_changed', { to: 'Päättynyt', deal_owner: 'ana' });
  }
  tell('prospect.example', 0, 'crm.stage_changed', { to: 'Lead' });
  account('prospect.example', 60, 'bo@us.example');
  tell('prospect.example', 60, 'crm.stage_changed', { to: 'Closed Lost' });
  tell('prospect.example', 60, 'deal.lost', { kind: 'new' });

  home = await commandHome('words');
  await home.database.newWorkspace('acme');
  await writeFile(join(home.folder, 'log.ndjson'), lines.join('\n'));
}, 120_000);
afterAll(() => home.close());

async function run(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await home.waymark(...args);
  expect({ code, args, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, args, stderr: '' });
  return stdout;
}

describe('outcomes in the words of whoever wrote them down', { timeout: 300_000 }, () => {
  it('are read from an import by the shipped template; what is not declared is named, with the line that counts it', async () => {
    const imported = JSON.parse(await run('import', join(home.folder, 'log.ndjson'), '--json'));
    expect(imported).toMatchObject({ rejected: 0, stored: lines.length });
    expect(imported.unread).toContainEqual({ type: 'crm.stage_changed', field: 'deal_owner', lines: 3, note: null });
    expect(imported.unread).toContainEqual(
      expect.objectContaining({
        type: 'deal.lost',
        field: 'dealId',
        lines: 1,
        note: expect.stringContaining('missing'),
      }),
    );

    const report: BacktestReport = JSON.parse(await run('backtest', '--json'));
    expect(report).toMatchObject({
      accounts: 24,
      outcomes: { churned: 10, renewed: 10 },
      sufficient: true,
      csms: 2,
      unassigned: 0,
    });
    expect(report.undeclaredValues).toMatchObject([
      { what: 'crm.stage_changed to "Päättynyt"', accounts: 3, silentAfter: 3, readsLike: null },
    ]);
    expect(report.overall.cases.filter(({ account }) => account === 'prospect.example')).toEqual([]);
    expect(await run('backtest')).toContain("- { type: crm.stage_changed, like: { to: 'Päättynyt' } }");

    const [unnamed] = report.undeclaredValues;
    const template = await readFile(fileURLToPath(templateFile('nine-stages')), 'utf8');
    const own = join(home.folder, 'own.yaml');
    await writeFile(own, template.replace('\n  churned:\n', `\n  churned:\n    ${unnamed?.add}\n`));
    const again: BacktestReport = JSON.parse(await run('backtest', own, '--json'));
    expect(again.outcomes).toEqual({ churned: 13, renewed: 10 });
    expect(again.undeclaredValues).toEqual([]);
  });
});
