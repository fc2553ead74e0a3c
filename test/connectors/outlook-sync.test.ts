import { randomUUID } from 'node:crypto';
import { outlook } from '@waymark/connector-outlook';
import { installations, saveGrant, streamCounts } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { noPoint, refreshQueue, syncInstallation, TokenKeeper, watchCoverage } from '@waymark/sync';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ana, app, startMicrosoft } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';
import type { MicrosoftFixture } from '../../apps/sandbox/src/microsoft/microsoft-fixture.ts';

const day = 86_400_000;
const hour = 3_600_000;
const scopes = ['offline_access', 'User.Read', 'Mail.ReadBasic', 'Calendars.Read'];

let database: TestDatabase;
let microsoft: MicrosoftFixture;
let workspaceId: string;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  microsoft = await startMicrosoft({ caps: 'vendor' });
  ({ workspaceId } = await database.newWorkspace(randomUUID().slice(0, 8), { ownDomains: ['vendor.example'] }));
});
afterEach(() => microsoft.close());

/** Ana's mailbox, installed as a consent would leave it: what comes back makes one run of the real runner. */
async function install() {
  const installationId = randomUUID();
  const { sealer } = database;
  const now = () => microsoft.clock.now;
  const grant = microsoft.handle.oauth.mint({ clientId: app.clientId, subject: ana, scopes });
  const seal = (field: string, token: string) => sealer.seal(workspaceId, installationId, field, token);
  const accessToken = await seal('access_token', grant.accessToken);
  const refreshToken = grant.refreshToken === undefined ? null : await seal('refresh_token', grant.refreshToken);
  await database.inWorkspace(workspaceId, (tx) =>
    saveGrant(
      tx,
      {
        installationId,
        connector: 'outlook',
        provider: 'microsoft',
        externalAccountId: 'ana',
        label: 'Ana',
        address: ana,
        settings: {},
        grantedScopes: scopes,
        accessExpiresAt: null,
        accessToken,
        refreshToken,
      },
      now(),
    ),
  );
  const credentials = { clientId: app.clientId, clientSecret: app.clientSecret };
  const deps = {
    database,
    sealer,
    tokens: new TokenKeeper({ database, sealer, now, point: noPoint, credentials: () => Promise.resolve(credentials) }),
    connector: () => Promise.resolve(outlook),
    baseUrls: () => ({ login: microsoft.url, graph: microsoft.url }),
    limits: { share: 0.9, scale: () => 1 },
    now,
    random: () => 0.5,
    point: noPoint,
    holder: 'test',
    onProgress: () => undefined,
    onCommitted: () => undefined,
  };
  return async () => {
    expect(await syncInstallation(deps, workspaceId, installationId, new AbortController().signal)).toMatchObject({
      kind: 'ran',
      result: { faults: [] },
    });
    await database.inWorkspace(workspaceId, (tx) => refreshQueue(tx));
  };
}

/** The events in force, as `email.received 2026-09-29T09:00`, in the order of their times. */
async function log(): Promise<readonly string[]> {
  const rows = await database.asOwner<{ type: string; occurred_at: Date }>(
    `SELECT type, occurred_at FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL ORDER BY occurred_at, type`,
    [workspaceId],
  );
  return rows.map((row) => `${row.type} ${row.occurred_at.toISOString().slice(0, 16)}`);
}

const letter = (number: number, at: number) => ({
  messageId: `m${number}@client.example`,
  from: { name: 'Zoë', address: 'zoe@client.example' },
  to: [{ address: ana }],
  subject: `Mail ${number}`,
  body: 'x',
  at,
});
const meeting = (start: number, more: object = {}) => ({
  subject: 'Review',
  start,
  end: start + hour,
  timeZone: 'Europe/Madrid',
  organizer: { address: ana, name: 'Ana Ruiz' },
  attendees: [{ address: 'zoe@client.example', response: 'accepted' as const }],
  ...more,
});

it('B2, I1: a mailbox is read once; moves keep their mails, deletions take theirs, and nothing is told twice', async () => {
  const { handle, clock } = microsoft;
  const customers = handle.mail.addFolder(ana, 'Customers');
  const mails = [1, 2, 3, 4].map((number) => handle.addMail(ana, letter(number, clock.now - number * day)).id);
  const run = await install();
  await run();
  const whole = await log();
  expect(whole).toHaveLength(4);

  const [moved = '', trashed = '', deleted = ''] = mails;
  handle.mail.move(ana, moved, customers.id);
  handle.mail.move(ana, trashed, 'deleteditems');
  handle.mail.remove(ana, deleted);
  clock.now += hour;
  await run();
  expect(await log()).toEqual([whole[0], whole[3]]);

  // From the folder that is read later back to the one that is read first, and out of the trash again.
  handle.mail.move(ana, moved, 'inbox');
  handle.mail.move(ana, trashed, customers.id);
  clock.now += hour;
  await run();
  const after = await log();
  expect(after).toEqual([whole[0], whole[2], whole[3]]);
  clock.now += hour;
  await run();
  expect(await log()).toEqual(after);
  const counts = await database.inWorkspace(workspaceId, (tx) => streamCounts(tx));
  expect(counts.filter(({ outcome }) => outcome === 'rejected')).toEqual([]);
});

it('A1, A3, A5, A7: after a lost delta the whole is read again: what went is gone, what came is there, the rest stays', async () => {
  const { handle, clock } = microsoft;
  const mails = [1, 2].map((number) => handle.addMail(ana, letter(number, clock.now - number * day)).id);
  const upcoming = handle.calendars.add(ana, meeting(clock.now + 2 * day));
  handle.calendars.add(ana, meeting(clock.now - 2 * day));
  const run = await install();
  await run();
  const before = await log();
  expect(before.filter((line) => line.startsWith('meeting.held'))).toHaveLength(2);

  handle.expireDelta(ana);
  handle.mail.remove(ana, mails[0] ?? '');
  handle.addMail(ana, letter(9, clock.now));
  handle.calendars.remove(ana, upcoming.id);
  handle.expireDelta(ana);
  clock.now += hour;
  await run();
  const after = await log();
  expect(after.filter((line) => line.startsWith('email'))).toEqual([
    'email.received 2026-09-29T09:00',
    'email.received 2026-10-01T09:00',
  ]);
  expect(after.filter((line) => line.startsWith('meeting.held'))).toEqual(['meeting.held 2026-09-29T10:00']);
  expect(after.filter((line) => line.startsWith('meeting.canceled'))).toEqual(['meeting.canceled 2026-10-01T10:00']);
});

it('C1: a series follows its occurrences: one deleted, one moved, then all of it', async () => {
  const { handle, clock } = microsoft;
  const start = clock.now + day;
  const series = handle.calendars.add(ana, meeting(start, { rrule: 'FREQ=DAILY;COUNT=4' }));
  const run = await install();
  await run();
  handle.calendars.except(ana, series.id, start + day, { isDeleted: true });
  handle.calendars.except(ana, series.id, start + 2 * day, {
    start: start + 2 * day + 3 * hour,
    end: start + 2 * day + 4 * hour,
  });
  clock.now += hour;
  await run();
  const settled = async () => (await log()).filter((line) => !line.startsWith('meeting.scheduled'));
  expect(await settled()).toEqual([
    'meeting.held 2026-10-02T10:00',
    'meeting.canceled 2026-10-03T09:00',
    'meeting.held 2026-10-04T13:00',
    'meeting.held 2026-10-05T10:00',
  ]);
  clock.now = start + 2 * hour;
  handle.calendars.remove(ana, series.id);
  await run();
  expect(await settled()).toEqual(['meeting.held 2026-10-02T10:00', expect.stringMatching(/^meeting\.canceled/)]);
});

it('F3: a first reading of a full mailbox stays within four calls at once and the ten-minute allowance', async () => {
  const { handle, clock } = microsoft;
  const mails: string[] = [];
  for (let number = 0; number < 600; number += 1)
    mails.push(handle.addMail(ana, letter(number, clock.now - number * hour)).id);
  const run = await install();
  await run();
  expect(await log()).toHaveLength(600);
  // Each of these is asked for by itself, all of a page side by side, and answers take their time.
  handle.slowDown(10);
  for (const id of mails.slice(0, 40)) handle.mail.remove(ana, id);
  clock.now += hour;
  await run();
  expect(await log()).toHaveLength(560);
  expect(handle.peaks().map(({ concurrent }) => concurrent)).toContain(3);
  for (const peak of handle.peaks()) {
    expect(peak.refused).toBe(0);
    expect(peak.concurrent).toBeLessThanOrEqual(3);
    expect(peak.peak).toBeLessThan(peak.limit);
  }
});

it('a mailbox that is not read any more leaves a gap in mail and in meetings, and no silence', async () => {
  const run = await install();
  await run();
  const { clock } = microsoft;
  const open = () =>
    database.inWorkspace(workspaceId, async (tx) => watchCoverage(tx, await installations(tx), clock.now));
  expect(await open()).toBe(0);
  clock.now += 7 * hour;
  expect(await open()).toBeGreaterThan(1);
  const streams = await database.asOwner<{ stream: string }>(
    'SELECT DISTINCT stream FROM coverage_gap WHERE workspace_id = $1 ORDER BY stream',
    [workspaceId],
  );
  expect(streams.map(({ stream }) => stream)).toEqual(['calendar', 'mail']);
  await run();
  expect(await open()).toBe(0);
});
