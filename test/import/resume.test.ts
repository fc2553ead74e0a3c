import { afterAll, beforeAll, expect, it } from 'vitest';
import { csvLines, importFile, parseCsvMapping } from '@waymark/sync';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const now = Date.UTC(2026, 5, 1);
const importId = '00000000-0000-8000-8000-00000000f11e';
const line = (at: number): string =>
  at % 50 === 49
    ? `{"broken ${at}`
    : JSON.stringify({
        specversion: '1.0',
        id: String(at % 900),
        source: 'crm',
        type: 'crm.stage_changed',
        time: '2026-03-01T09:30:00Z',
        subject: `c${at % 9}.example`,
        data: { to: 'live' },
      });
const lines = Array.from({ length: 1000 }, (_, at) => line(at));

async function workspace(slug: string) {
  const { workspaceId } = await database.newWorkspace(slug);
  const deps = { database, sealer: database.sealer, now: () => now };
  return {
    progress: () => database.asOwner('SELECT line FROM import_progress WHERE workspace_id = $1', [workspaceId]),
    run: (given: Parameters<typeof importFile>[2], options: Parameters<typeof importFile>[3] = {}) =>
      importFile(deps, workspaceId, given, { batchRows: 100, importId, ...options }),
  };
}

it('an import that was cut off goes on after the last line that is stored and counts for both runs (A1)', async () => {
  const whole = await workspace('whole');
  const expected = await whole.run(lines);
  expect(expected).toMatchObject({ lines: 1000, stored: 882, merged: 98, rejected: 20, resumedAt: 0 });

  const { run, progress } = await workspace('resumed');
  const stop = new AbortController();
  let told = 0;
  const onProgress = () => {
    told += 1;
    if (told === 3) stop.abort(new Error('cut'));
  };
  await expect(run(lines, { signal: stop.signal, onProgress })).rejects.toThrow('cut');
  const [{ line: stopped } = { line: 0 }] = await progress();
  expect(Number(stopped)).toBeGreaterThanOrEqual(300);
  expect(Number(stopped)).toBeLessThan(1000);

  const rest = await run(lines);
  expect(rest).toMatchObject({ lines: 1000, stored: 882, merged: 98, rejected: 20, resumedAt: Number(stopped) });
  expect(rest.rejections).toEqual(expected.rejections);
  expect(rest.types).toEqual(expected.types);
  expect(rest.accounts).toMatchObject({ created: 9 });
  expect(await progress()).toEqual([]);
  // What has ended begins anew, and another file has nothing to go on from.
  expect(await run(lines)).toMatchObject({ lines: 1000, stored: 0, merged: 980, rejected: 20, resumedAt: 0 });
});

it('a table goes on after a whole row, however many events it makes', async () => {
  const mapping = parseCsvMapping(`
source: desk
events:
  - { type: ticket.opened, time: '{opened}', subject: '{who}', data: { ticket: '{id}' } }
  - { type: ticket.solved, time: '{solved}', subject: '{who}', data: { ticket: '{id}' } }
  - { type: survey.responded, time: '{solved}', subject: '{who}', data: { score: { from: '{score}', number: true } } }
`);
  const rows = Array.from(
    { length: 40 },
    (_, at) => `${at},a.example,2026-01-01T00:00:${String(at).padStart(2, '0')}Z,2026-02-01T00:00:00Z,${at}`,
  );
  const table = () => csvLines([Buffer.from(`id,who,opened,solved,score\n${rows.join('\n')}\n`)], mapping);
  const { run, progress } = await workspace('table');
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error('cut'));
  await expect(run(table(), { batchRows: 10, signal: stop.signal, onProgress })).rejects.toThrow('cut');
  expect(await progress()).not.toEqual([]);
  expect(await run(table(), { batchRows: 10 })).toMatchObject({ lines: 120, stored: 120, merged: 0, rejected: 0 });
});

it('goes on after a whole line where lines are lists of events', async () => {
  const { run } = await workspace('lists');
  const events = lines.map((one) => (one.startsWith('{"broken') ? one.replace('{', '{"a":1,').concat('":0}') : one));
  const lists = Array.from({ length: 100 }, (_, at) => `[${events.slice(at * 10, at * 10 + 10).join(',')}]`);
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error('cut'));
  await expect(run(lists, { batchRows: 35, signal: stop.signal, onProgress })).rejects.toThrow('cut');
  const one = await workspace('lines');
  const plain = await one.run(events);
  const { resumedAt, ...rest } = await run(lists, { batchRows: 35 });
  expect(resumedAt).toBeGreaterThan(0);
  const counts = ({ lines: all, stored, merged, rejected, types, reasons }: Omit<typeof plain, 'resumedAt'>) => [
    { all, stored, merged, rejected, types, reasons },
  ];
  expect(counts(rest)).toEqual(counts(plain));
});

it('what was read before a source failed is stored (I9)', async () => {
  const { run } = await workspace('failing');
  function* failing() {
    yield* lines.slice(0, 130);
    throw new Error('the disk is gone');
  }
  await expect(run(failing())).rejects.toThrow('the disk is gone');
  expect(await run(lines)).toMatchObject({ lines: 1000, stored: 882, resumedAt: 130 });
});

it('refuses a number that would come back as nothing', async () => {
  const { run } = await workspace('numbers');
  const usage = (value: string) =>
    `{"specversion":"1.0","id":"${value.slice(0, 9)}","source":"s","type":"usage.recorded","time":"2026-03-01T09:30:00Z","subject":"a.example","data":{"metric":"m","value":${value}}}`;
  expect(await run([usage('1e400'), usage(`-${'9'.repeat(400)}`), usage('1e308'), usage('1e-400')])).toMatchObject({
    stored: 2,
    reasons: { 'number-too-big': 2 },
  });
});
