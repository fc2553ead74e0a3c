import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeHome, temporaryHome } from '@waymark/store/testing/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { demoApp, samplePortals, sampleTeams, startSandbox, type Sandbox } from '@waymark/sandbox';
import { secretsIn } from '../house/canaries.ts';
import { giveConsent } from './consent-browser.ts';
import { guideCommands, readDoc, readEnvironment, type GuideCommand } from './guide.ts';
import { startReverseProxy } from './reverse-proxy.ts';

const root = join(import.meta.dirname, '../..');
const guide = readDoc('install.md');

/** Who is meant by the guide's invented names. */
const people: Readonly<Record<string, string>> = {
  'acme.example': 'lumenledger.example',
  'maya@acme.example': 'priya.raman@lumenledger.example',
  U012AB3CD: 'U0CSM0003',
  'globex.example': 'second-harbor.example',
};
/** The account that is chosen at each provider's consent, by workspace and connector. */
const accounts: Readonly<Record<string, string>> = {
  'acme slack': sampleTeams.main,
  'acme hubspot': String(samplePortals.main),
  'acme gmail': 'maya.okafor@lumenledger.example',
  'acme google-calendar': 'maya.okafor@lumenledger.example',
  'globex slack': sampleTeams.second,
  'globex hubspot': String(samplePortals.second),
  'globex gmail': 'tomas.rye@second-harbor.example',
};

const installed = z.object({ link: z.string(), redirectUri: z.string(), scopes: z.array(z.string()) });
const planned = z.object({ plan: z.object({ planId: z.string() }), items: z.array(z.unknown()) });
const applied = z.object({ counts: z.object({ verified: z.number(), failed: z.number() }) });
const status = z.object({
  installations: z.array(
    z.object({
      connector: z.string(),
      streams: z.array(z.object({ stored: z.number(), backfilling: z.boolean(), fault: z.unknown() })),
    }),
  ),
  accounts: z.number(),
  flags: z.array(z.unknown()),
  alerts: z.object({ posted: z.number(), uncertain: z.number() }),
});

describe('docs/install.md, walked against the sandbox as the outside', () => {
  let home: string;
  let sandbox: Sandbox;
  let proxy: Awaited<ReturnType<typeof startReverseProxy>>;
  let service: ChildProcess;
  let shell: NodeJS.ProcessEnv;
  let port = 0;
  let log = '';
  const tokens: string[] = [];
  const walked: { readonly command: string; readonly stdout: string; readonly stderr: string }[] = [];

  beforeAll(async () => {
    home = await temporaryHome('install');
    port = await freePort();
    proxy = await startReverseProxy(() => port);
    sandbox = await startSandbox({ caps: 'generous' });
    sandbox.google.registerApp({ clientId: demoApp.clientId, redirectUris: [`${proxy.url}/oauth/google/callback`] });
    sandbox.hubspot.registerApp({
      clientId: demoApp.clientId,
      redirectUris: [`${proxy.url}/oauth/hubspot/callback`],
      webhookUrl: `${proxy.url}/webhooks/hubspot`,
    });
    sandbox.slack.registerApp({
      clientId: demoApp.clientId,
      redirectUris: [`${proxy.url}/oauth/slack/callback`],
      requestUrl: `${proxy.url}/slack/events`,
    });
    const settings = {
      ...readEnvironment(readDoc('deploy/waymark.env')),
      WAYMARK_HOME: join(home, 'var'),
      WAYMARK_PUBLIC_URL: proxy.url,
      WAYMARK_PORT: String(port),
      WAYMARK_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      WAYMARK_GOOGLE_URL: sandbox.urls.google,
      WAYMARK_HUBSPOT_URL: sandbox.urls.hubspot,
      WAYMARK_SLACK_URL: sandbox.urls.slack,
      WAYMARK_RATE_SCALE: '500',
      WAYMARK_POLL_SECONDS: '5',
      WAYMARK_LOG: 'debug',
    };
    const file = join(home, 'waymark.env');
    await writeFile(
      file,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
      { mode: 0o600 },
    );
    shell = {
      ...process.env,
      PATH: `${join(root, 'docs/deploy')}:${process.env['PATH'] ?? ''}`,
      WAYMARK_ENV_FILE: file,
      WAYMARK_FOLDER: root,
      WAYMARK_AS_ROOT: '1',
      WAYMARK_CLIENT_SECRET: demoApp.clientSecret,
      WAYMARK_SIGNING_SECRET: demoApp.signingSecret,
    };
    service = startService(settings);
    await until('the service answers', 60, async () => (await fetch(`${proxy.url}/readyz`)).ok);
  }, 180_000);

  afterAll(async () => {
    if (service?.exitCode === null && service.signalCode === null) {
      service.kill('SIGTERM');
      await once(service, 'exit');
    }
    await proxy?.close();
    await sandbox?.close();
    await removeHome(home);
  }, 60_000);

  /** Starts what systemd would start. */
  function startService(settings: Readonly<Record<string, string>>): ChildProcess {
    const [program = '', ...args] = (/^ExecStart=(.*)$/m.exec(readDoc('deploy/waymark.service'))?.[1] ?? '')
      .replaceAll('/opt/waymark', root)
      .split(' ');
    const child = spawn(program, args, {
      cwd: root,
      env: { PATH: process.env['PATH'], TMPDIR: tmpdir(), ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
    return child;
  }

  /** Runs one command of the guide in a shell, as it stands there but for the invented names. */
  async function run(
    text: string,
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
    const command = Object.entries(people)
      .toSorted(([a], [b]) => b.length - a.length)
      .reduce((all, [invented, real]) => all.replaceAll(invented, real), text)
      .replaceAll('http://127.0.0.1:4400', `http://127.0.0.1:${port}`)
      .replaceAll('https://waymark.example.com', proxy.url);
    const child = spawn('bash', ['-c', command], { env: shell, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code]: (number | null)[] = await once(child, 'close');
    walked.push({ command, stdout, stderr });
    return { code: code ?? null, stdout, stderr };
  }

  async function walk({ text }: GuideCommand): Promise<void> {
    const workspace = /--workspace (\w+)/.exec(text)?.[1] ?? '';
    const [, connector] = /^waymark install (\S+)/.exec(text) ?? [];
    if (connector !== undefined) return install(text, workspace, connector);
    if (text.startsWith('waymark writeback')) return writeBack(text);
    const { code, stdout, stderr } = await run(text);
    // While the first read goes on, doctor has something to say.
    if (!text.startsWith('waymark doctor')) expect(code, `${text}\n${stdout}\n${stderr}\n${log}`).toBe(0);
    if (text.startsWith('waymark token')) tokens.push(stdout.trim());
    if (text.startsWith('waymark workspace create acme')) await makeItQuick();
    if (text.startsWith('waymark member list')) expect(stdout).toContain('priya.raman@lumenledger.example');
  }

  /** The guide's own settings, set so that the test need not wait for a working day or a year of mail. */
  async function makeItQuick(): Promise<void> {
    const changes = { historyDays: 120, workingHours: 'always', dailyCapPerMember: null };
    const { code, stderr } = await run(`waymark workspace settings --workspace acme '${JSON.stringify(changes)}'`);
    expect(code, stderr).toBe(0);
  }

  async function install(text: string, workspace: string, connector: string): Promise<void> {
    const { code, stdout, stderr } = await run(`${text} --client-id ${demoApp.clientId} --json`);
    expect(code, stderr).toBe(0);
    const { link, redirectUri, scopes } = installed.parse(JSON.parse(stdout));
    expect(redirectUri.startsWith(`${proxy.url}/oauth/`)).toBe(true);
    expect(scopes.some((scope) => scope.endsWith('.write'))).toBe(text.includes('--writeback'));
    const page = await giveConsent(link, accounts[`${workspace} ${connector}`] ?? '');
    expect(page).toMatch(/connected|installed/i);
    await expect(giveConsent(link, accounts[`${workspace} ${connector}`] ?? '')).rejects.toThrow('was used');
    // The CSMs and their customers come from the CRM, so the next commands wait for its first read.
    if (connector === 'hubspot') await readOnce(workspace);
  }

  async function readOnce(workspace: string): Promise<void> {
    await until(`the first read of ${workspace}`, 180, async () => {
      const { stdout } = await run(`waymark status --workspace ${workspace} --json`);
      const { installations } = status.parse(JSON.parse(stdout));
      const hubspot = installations.find((one) => one.connector === 'hubspot');
      return hubspot !== undefined && hubspot.streams.length > 0 && hubspot.streams.every((one) => !one.backfilling);
    });
  }

  let plan = '';
  async function writeBack(text: string): Promise<void> {
    const { code, stdout, stderr } = await run(`${text.replace('PLAN', plan)} --json`);
    expect(code, stderr).toBe(0);
    if (text.startsWith('waymark writeback plan')) {
      const view = planned.parse(JSON.parse(stdout));
      plan = view.plan.planId;
      expect(view.items.length).toBeGreaterThan(20);
    } else {
      const { counts } = applied.parse(JSON.parse(stdout));
      expect(counts).toMatchObject({ failed: 0 });
      expect(counts.verified).toBeGreaterThan(20);
    }
  }

  const ask = async (token: string, path: string) => {
    const answer = await fetch(`${proxy.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status, path).toBe(200);
    return answer.json();
  };

  it('has commands to walk, and the environment file that it shows', () => {
    expect(guideCommands(guide).length).toBeGreaterThan(15);
    const shown = readEnvironment(/```ini\n([\s\S]*?)```/.exec(guide)?.[1] ?? '');
    expect(Object.keys(shown)).toEqual(Object.keys(readEnvironment(readDoc('deploy/waymark.env'))));
  });

  it('walks every command, first workspace to second, and ends with read accounts and an alert in Slack', async () => {
    for (const command of guideCommands(guide)) await walk(command);
    const [acme = '', globex = ''] = tokens;
    await until('alerts of acme', 240, async () => status.parse(await ask(acme, '/api/status')).alerts.posted > 0);
    const first = status.parse(await ask(acme, '/api/status'));
    expect(first.accounts).toBeGreaterThan(40);
    expect(first.flags.length).toBeGreaterThan(0);
    expect(first.alerts.uncertain).toBe(0);
    expect(first.installations.flatMap(({ streams }) => streams).filter(({ fault }) => fault !== null)).toEqual([]);

    await until('the mail of globex', 60, async () =>
      status
        .parse(await ask(globex, '/api/status'))
        .installations.some(
          ({ connector, streams }) => connector === 'gmail' && streams.some(({ stored }) => stored > 0),
        ),
    );
    expect(status.parse(await ask(globex, '/api/status')).accounts).toBe(2);
  }, 600_000);

  it('I6: a token of one workspace shows nothing of the other, and none shows nothing at all', async () => {
    const [acme = '', globex = ''] = tokens;
    const [one, two] = await Promise.all([ask(acme, '/api/accounts'), ask(globex, '/api/accounts')]);
    expect(JSON.stringify(one)).not.toContain('Fjordline Bakery');
    expect(JSON.stringify(two)).toContain('Fjordline Bakery');
    expect((await fetch(`${proxy.url}/api/accounts`)).status).toBe(401);
  });

  it('leaves doctor without an error in the first workspace', async () => {
    const { code, stdout } = await run('waymark doctor --workspace acme');
    expect(code, stdout).toBe(0);
  }, 60_000);

  it('I7: prints no secret and no mail text, not even where every provider answers badly', async () => {
    const [acme = ''] = tokens;
    const kinds = ['unauthorized', 'html-200', 'truncated-json', 'server-error', 'too-many', 'reset-mid-body'] as const;
    const services = [sandbox.google, sandbox.hubspot, sandbox.slack];
    for (const { faults } of services) for (const kind of kinds) faults.add({ kind, times: 4 });
    const paths = [
      '/',
      '/accounts',
      '/unmatched',
      '/map',
      '/writeback',
      '/doctor',
      '/metrics',
      '/api/status',
      '/api/flags',
    ];
    const pages = await Promise.all(
      paths.map(async (path) =>
        (await fetch(`${proxy.url}${path}`, { headers: { authorization: `Bearer ${acme}` } })).text(),
      ),
    );
    const commands = ['sync', 'doctor', 'status', 'replay'].map((name) => `waymark ${name} --workspace acme`);
    for (const command of commands) await run(command);
    // A fault that was met as often as was asked for is no longer in the plan.
    const [google, hubspot] = services.map(({ faults }) => kinds.length - faults.list().length);
    for (const { faults } of services) faults.clear();
    expect(google, 'faults of Google that were met').toBeGreaterThan(0);
    expect(hubspot, 'faults of HubSpot that were met').toBeGreaterThan(0);

    const output = [log, ...pages, ...walked.map(({ stdout, stderr }) => `${stdout}\n${stderr}`)].join('\n');
    const lines = new Set(
      sandbox.world.mails.flatMap(({ body }) => body.split('\n')).filter((line) => line.trim().length >= 40),
    );
    const mailText = (text: string) => [...lines].filter((line) => text.includes(line.trim())).slice(0, 3);
    const [canary = ''] = lines;
    expect(lines.size).toBeGreaterThan(100);
    expect(mailText(`before ${canary} after`)).toEqual([canary]);
    expect(mailText(output)).toEqual([]);
    expect(secretsIn(output)).toEqual([]);
    expect(output).not.toContain(demoApp.clientSecret);
    expect(output).not.toContain(demoApp.signingSecret);
  }, 120_000);

  it('ends in order when the service is stopped', async () => {
    service.kill('SIGTERM');
    const [code] = await once(service, 'exit');
    expect(code, log).toBe(0);
  }, 60_000);
});

async function until(what: string, seconds: number, done: () => Promise<boolean>): Promise<void> {
  const limit = Date.now() + seconds * 1000;
  let last = '';
  while (Date.now() < limit) {
    const answer = await done().catch((error: unknown) => {
      last = error instanceof Error ? error.message : String(error);
      return false;
    });
    if (answer) return;
    await sleep(1000);
  }
  throw new Error(`${what}: not within ${seconds} s. ${last}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}
