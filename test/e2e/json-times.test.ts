import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandHome, type CommandHome } from './command-home.ts';

let home: CommandHome;
beforeAll(async () => {
  home = await commandHome('times');
});
afterAll(() => home.close());

/** The places at which a number stands that can only be an instant: epoch milliseconds from 2001 on. */
function bareInstants(value: unknown, place = ''): readonly string[] {
  if (typeof value === 'number') return Math.abs(value) >= 1e12 ? [place] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]: [string, unknown]) => bareInstants(one, `${place}/${name}`));
}

const DAY = 86_400_000;
const start = Date.UTC(2026, 0, 5, 9);

/** Mails to and fro for half a year, then none; a ticket, a deal with its dates, a renewal and a meeting. */
function history(): string {
  const line = (id: string, type: string, day: number, data: object) =>
    JSON.stringify({
      specversion: '1.0',
      id,
      source: 'desk',
      type,
      time: new Date(start + day * DAY).toISOString(),
      subject: 'acme.example',
      data,
    });
  const mails = Array.from({ length: 45 }, (_, at) => [
    line(`in${at}`, 'email.received', at * 4, {
      from: 'zoe@acme.example',
      to: 'csm@vendor.example',
      threadId: `t${at}`,
    }),
    line(`out${at}`, 'email.sent', at * 4 + 0.5, {
      from: 'csm@vendor.example',
      to: 'zoe@acme.example',
      threadId: `t${at}`,
    }),
  ]).flat();
  return [
    line('won', 'deal.won', 0, { dealId: 'D1', kind: 'new', closeAt: '2026-01-05' }),
    line('renewal', 'deal.created', 3, { dealId: 'D2', kind: 'renewal', closeAt: '2026-12-31' }),
    line('met', 'meeting.held', 20, { attendees: ['zoe@acme.example'], startsAt: '2026-01-25T09:00:00Z' }),
    line('ticket', 'ticket.opened', 30, { ticket: 'T1', requester: 'zoe@acme.example' }),
    line('again', 'account.renewed', 170, { until: '2027-01-05' }),
    ...mails,
  ].join('\n');
}

it('gives every instant of --json in RFC 3339, whatever is asked', { timeout: 400_000 }, async () => {
  const file = join(home.folder, 'log.ndjson');
  await writeFile(file, history());
  const run = async (...args: readonly string[]) => {
    const ended = await home.waymark(...args, '--json');
    expect(ended.stderr, args.join(' ')).not.toMatch(/^waymark: /m);
    const answer: unknown = JSON.parse(ended.stdout);
    expect(bareInstants(answer), args.join(' ')).toEqual([]);
    return ended.stdout;
  };
  await run('workspace', 'create', 'desk', '--domain', 'vendor.example');
  await run('import', file);
  const explained = await run('explain', 'acme.example');
  // What is asked is not empty: there is a flag, with its proof.
  expect(explained).toMatch(/"openedAt": "2026-/);
  expect(explained).toMatch(/"enteredAt": "2026-01-05T09:00:00.000Z"/);
  for (const asked of [
    ['explain', 'acme.example', '--known-at', '2026-05-01'],
    ['explain', 'acme.example', '--scores'],
    ['replay'],
    ['whatif', 'five-stages'],
    ['journey', 'shadow', 'four-stages'],
    ['journey', 'shadow', 'report'],
    ['journey', 'list'],
    ['status'],
    ['token', '--days', '3'],
    ['exclude', 'add', 'domain', 'lawyers.example'],
    ['exclude', 'receipts'],
  ])
    await run(...asked);
  // A day that there is not is none, and not the third of March.
  const odd = await home.waymark('explain', 'acme.example', '--at', '2026-02-31');
  expect(odd).toMatchObject({ code: 1, stdout: '' });
  expect(odd.stderr).toMatch(/--at wants a date such as/);
  // Without anybody to answer nothing is asked.
  const install = await home.waymark('install', 'gmail');
  expect(install).toMatchObject({ code: 1 });
  expect(install.stderr).toMatch(/Client id is missing, and there is no terminal to ask in: give it as --client-id/);
  // Who misses an argument is led to the help of that very command.
  expect((await home.waymark('explain')).stderr).toContain('What can be given: waymark explain --help');
  expect((await home.waymark('journey', 'diff', 'a')).stderr).toContain('waymark journey diff --help');
});
