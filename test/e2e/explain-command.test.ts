import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { startWaymark } from './waymark-process.ts';

let database: TestDatabase;
let folder: string;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'waymark-explain-'));
  env = {
    DATABASE_URL: database.url,
    WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
    WAYMARK_HOME: folder,
    WAYMARK_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    WAYMARK_LOG: 'silent',
  };
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

const waymark = (...args: readonly string[]) => startWaymark([...args, '-w', 'desk'], env).ended;

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
    const file = join(folder, 'support.yaml');
    await writeFile(file, support);
    const log = join(folder, 'log.ndjson');
    await writeFile(log, `${JSON.stringify(ticket)}\n`);
    const misnamed = await startWaymark(['workspace', 'create', 'desk', '--template', 'five-stagse'], env).ended;
    expect(misnamed).toMatchObject({ code: 1 });
    expect(misnamed.stderr).toMatch(/no journey template five-stagse. There are: .*five-stages/);
    // Nothing was made, so that the name is free.
    expect(await startWaymark(['workspace', 'create', 'desk'], env).ended).toMatchObject({ code: 0 });
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
