import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandHome, type CommandHome } from '../e2e/command-home.ts';

let home: CommandHome;
beforeAll(async () => {
  home = await commandHome('import');
  await home.database.newWorkspace('acme');
});
afterAll(() => home.close());

/** The same by a shell, which gives pipes and devices to it; `$waymark` is the command. */
function shell(script: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const entry = fileURLToPath(new URL('../../apps/cli/src/waymark.mjs', import.meta.url));
  const child = spawn('bash', ['-c', script], {
    env: { ...process.env, ...home.env, waymark: `${process.execPath} ${entry}` },
    cwd: home.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve) => {
    child.once('close', () =>
      resolve({ stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') }),
    );
  });
}

const line = (id: number, fields: Record<string, unknown> = {}): string =>
  JSON.stringify({
    specversion: '1.0',
    id: String(id),
    source: 'desk',
    type: 'ticket.opened',
    time: '2026-03-01T09:30:00Z',
    subject: 'acme.example',
    data: { ticket: `T-${id}`, note: 'x'.repeat(200) },
    ...fields,
  });
const good = Array.from({ length: 1500 }, (_, at) => line(at));
const refused = ['{"cut', line(7, { type: 'ticket.lost' })];

it(
  'imports a file and a pipe, tells what became of each line, and gives the refused ones back',
  { timeout: 120_000 },
  async () => {
    const file = join(home.folder, 'log.ndjson');
    await writeFile(file, [...good.slice(0, 10), ...refused, ...good.slice(10)].join('\n'));
    const { code, stdout, stderr } = await home.waymark('import', file, '--json');
    expect(code).toBe(3);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      stored: 1500,
      merged: 0,
      rejected: 2,
      rejections: [
        { line: 11, detail: 'The line is not JSON: it ends too early.' },
        { line: 12, reason: 'unknown-type' },
      ],
    });
    const back = await home.waymark('export', '--rejected');
    expect(back).toMatchObject({ code: 0, stdout: `${refused.join('\n')}\n` });
    const explained = await home.waymark('export', '--rejected', '--json');
    expect(
      explained.stdout
        .trim()
        .split('\n')
        .map((one): unknown => JSON.parse(one)),
    ).toMatchObject([
      { line: 11, reason: 'not-json', text: refused[0] },
      { line: 12, reason: 'unknown-type', text: refused[1] },
    ]);
    const piped = await shell('$waymark import <(head -5 log.ndjson) --json; echo $?');
    expect(piped.stdout).toContain('"merged": 5');
    expect(piped.stdout.trimEnd().endsWith('\n0')).toBe(true);
  },
);

it('says what is wrong with what is no file of lines', { timeout: 120_000 }, async () => {
  await writeFile(join(home.folder, 'wide.ndjson'), Buffer.from(`\ufeff${good[0]}\n`, 'utf16le'));
  await writeFile(join(home.folder, 'list.json'), '[\n{},\n{}\n]\n');
  const said = async (name: string) => {
    const { code, stdout, stderr } = await home.waymark('import', join(home.folder, name));
    return `${code} ${stderr}${stdout}`;
  };
  expect(await said('wide.ndjson')).toMatch(/^1 .*iconv/);
  expect(await said('list.json')).toMatch(/^3 [^]*jq -c/);
  expect(await said('.')).toMatch(/^1 .*is a folder/);
  expect(await said('none')).toMatch(/^1 .*There is no file/);
});

it(
  'an export is written whole or not at all, and a reader that goes ends it quietly',
  { timeout: 120_000 },
  async () => {
    const place = join(home.folder, 'out.ndjson');
    await writeFile(place, 'what stood here before');
    await symlink(place, join(home.folder, 'link.ndjson'));
    const failed = await shell(`ulimit -f 20; trap '' XFSZ; $waymark export -o out.ndjson; echo $?`);
    expect(failed.stdout).not.toBe('0\n');
    expect(await readFile(place, 'utf8')).toBe('what stood here before');
    expect((await readdir(home.folder)).filter((name) => name.endsWith('.part'))).toEqual([]);

    const { code, stdout } = await home.waymark('export', '-o', join(home.folder, 'link.ndjson'), '--json');
    expect(code).toBe(0);
    const bytes = (await readFile(place, 'utf8')).length;
    expect(JSON.parse(stdout)).toMatchObject({ bytes });
    expect(bytes).toBeGreaterThan(1500 * 200);

    const cut = await shell('$waymark export | head -c 20 >/dev/null; echo ${PIPESTATUS[0]}');
    expect(cut).toEqual({ stdout: '141\n', stderr: '' });
    for (const target of ['> /dev/full', '-o /dev/full', '-o /nowhere/x', `-o ${home.folder}`]) {
      const full = await shell(`$waymark export ${target}; echo $? >&2`);
      expect(full.stderr).toMatch(/^waymark: .*(full|folder).*\n1\n$/);
    }
    const dated = await home.waymark('export', '--from', '6');
    expect(dated).toMatchObject({ code: 1, stdout: '' });
  },
);

it('any command ends quietly where its reader goes', { timeout: 120_000 }, async () => {
  // It has gone before the command begins, however slow the machine.
  const said = await shell('exec 3> >(true); wait $!; $waymark accounts --json >&3; echo $?');
  expect(said).toEqual({ stdout: '141\n', stderr: '' });
});

it(
  'clears refused lines only into a new file that has them all, with a receipt; what is still wrong comes back',
  { timeout: 240_000 },
  async () => {
    const { workspaceId } = await home.database.newWorkspace('mends');
    const own = (...args: readonly string[]) => home.waymark(...args, '-w', 'mends');
    const left = async () =>
      (await home.database.asOwner('SELECT 1 FROM set_aside WHERE workspace_id = $1', [workspaceId])).length;
    const broken = line(2, { time: 'yesterday' });
    const file = join(home.folder, 'broken.ndjson');
    const place = join(home.folder, 'mends.ndjson');
    await writeFile(file, `${line(1)}\n${broken}\n{"cut\n`);
    expect(await own('import', file, '--json')).toMatchObject({ code: 3 });

    expect(await own('export', '--clear', '-o', place)).toMatchObject({ code: 1 });
    expect(await own('export', '--rejected', '--clear')).toMatchObject({ code: 1 });
    await writeFile(place, 'lines that were cleared before');
    const again = await own('export', '--rejected', '--clear', '-o', place);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('is there already');
    expect(await own('export', '--rejected', '--clear', '-o', '/dev/null')).toMatchObject({ code: 1 });
    expect(await own('export', '--rejected', '--clear', '-o', join(home.folder, 'none', 'x'))).toMatchObject({
      code: 1,
    });
    expect(await left()).toBe(2);
    expect(await readFile(place, 'utf8')).toBe('lines that were cleared before');
    await rm(place);

    const cleared = await own('export', '--rejected', '--clear', '-o', place, '--json');
    const text = await readFile(place, 'utf8');
    expect(JSON.parse(cleared.stdout)).toMatchObject({
      output: place,
      lines: 2,
      digest: createHash('sha256').update(text).digest('hex'),
    });
    expect(
      text
        .trim()
        .split('\n')
        .map((one): unknown => JSON.parse(one)),
    ).toMatchObject([{ text: broken }, { text: '{"cut' }]);
    expect(await left()).toBe(0);
    const [entry] = await home.database.asOwner<{ action: string; detail: unknown }>(
      'SELECT action, detail FROM audit_entry WHERE workspace_id = $1 ORDER BY seq DESC LIMIT 1',
      [workspaceId],
    );
    expect(entry).toMatchObject({ action: 'import.rejected_cleared', detail: { lines: 2 } });

    await writeFile(file, `${line(2)}\n{"cut\n`);
    expect(JSON.parse((await own('import', file, '--json')).stdout)).toMatchObject({ stored: 1, rejected: 1 });
    expect(await left()).toBe(1);
  },
);
