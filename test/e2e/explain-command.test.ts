import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandHome, type CommandHome } from './command-home.ts';

let home: CommandHome;
beforeAll(async () => {
  home = await commandHome('explain');
});
afterAll(() => home.close());

const waymark = (...args: readonly string[]) => home.waymark(...args, '-w', 'desk');

/** A second journey beside the shipped one, with a rule of its own. */
const support = `id: support
version: 1
title: Support
type: linear
stages:
  - { id: any, title: Any, enter: [{ from: [none] }] }
rules:
  - id: tickets
    kind: risk
    severity: low
    title: Tickets
    when: { signal: open_tickets, op: '>=', value: 1 }
    reason: '{open_tickets:ticket|tickets} open'
    clears: No ticket is open.
    nextStep: Look at them.
`;
const ticket = {
  specversion: '1.0',
  id: '1',
  source: 'desk',
  type: 'ticket.opened',
  time: '2026-03-02T09:00:00Z',
  subject: 'acme.example',
  data: { ticket: 'T1', requester: 'zoe@acme.example' },
};

it(
  'explains each journey by its name, one flag in the journey that has it alone, and refuses a name that none has',
  { timeout: 180_000 },
  async () => {
    const file = join(home.folder, 'support.yaml');
    await writeFile(file, support);
    const log = join(home.folder, 'log.ndjson');
    await writeFile(log, `${JSON.stringify(ticket)}\n`);
    const misnamed = await home.waymark('workspace', 'create', 'desk', '--template', 'five-stagse');
    expect(misnamed).toMatchObject({ code: 1 });
    expect(misnamed.stderr).toMatch(/no journey template five-stagse. There are: .*five-stages/);
    // Nothing was made, so that the name is free.
    expect(await home.waymark('workspace', 'create', 'desk')).toMatchObject({ code: 0 });
    expect(await waymark('import', log)).toMatchObject({ code: 0 });
    expect(await waymark('journey', 'activate', file)).toMatchObject({ code: 0 });

    const whole = await waymark('explain', 'acme.example');
    expect(whole).toMatchObject({ code: 0 });
    expect(whole.stdout).toContain('In the journey lifecycle:');
    expect(whole.stdout).toContain('In the journey support:');

    const flag = await waymark('explain', 'acme.example', '--flag', 'tickets');
    expect(flag).toMatchObject({ code: 0 });
    expect(flag.stdout).toContain('1 ticket open');
    expect(flag.stdout).not.toMatch(/no flag|journey lifecycle/);

    const strange = await waymark('explain', 'acme.example', '--flag', 'tikets');
    expect(strange).toMatchObject({ code: 1, stdout: '' });
    expect(strange.stderr).toMatch(/no flag tikets, .* gone_quiet, .*tickets/);

    // A template goes by its name wherever a definition is asked for.
    const replayed = await waymark('replay', '--definition', 'four-stages', '--json');
    expect(JSON.parse(replayed.stdout)).toMatchObject({ events: 1, differences: [] });
    const missing = await waymark('replay', '--definition', 'five-stagse');
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stderr).toMatch(/cannot be read: give a file, or one of .*five-stages/);
  },
);
