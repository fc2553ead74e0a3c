import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoApp, samplePortals } from '@waymark/sandbox';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openHouse, type House } from '../faults/house.ts';
import type { Outside } from '../faults/outside.ts';

const bodies = [
  'canary-body-of-a-mail',
  'canary-body-of-a-ticket',
  'canary-text-of-an-invitation',
  'canary-body-in-crm',
];
const subjects = [
  'canary-subject-of-a-mail',
  'canary-subject-of-a-ticket',
  'canary-title-of-a-meeting',
  'canary-subject-in-crm',
];

let house: House;
/** Everything that left Waymark: pages, API, metrics, answers to strangers, by the address that gave it. */
const outputs = new Map<string, string>();

beforeAll(async () => {
  house = await openHouse({ historyDays: 120, people: 2 }, { before: plant, settings: { keepSubjects: false } });
  await house.atRest();
  // Errors of every kind are where secrets escape: the SDKs put requests with their tokens into them.
  for (const service of ['google', 'hubspot', 'slack'] as const) {
    const { faults } = house.outside.sandbox[service];
    faults.add({ kind: 'server-error', times: 6 });
    faults.add({ kind: 'html-200', times: 6 });
    faults.add({ kind: 'truncated-json', times: 6 });
    faults.add({ kind: 'unauthorized', times: 1 });
    faults.add({ kind: 'reset-mid-body', times: 6 });
  }
  for (let tick = 0; tick < 4; tick += 1) await house.outside.sandbox.tick();
  const since = Date.now();
  const due = () =>
    house.outside.sandbox.google.faults.list().length + house.outside.sandbox.hubspot.faults.list().length;
  await vi.waitFor(() => expect(due()).toBe(0), { timeout: 60_000, interval: 500 });
  for (const service of ['google', 'hubspot', 'slack'] as const) house.outside.sandbox[service].faults.clear();
  await house.atRest(since);
  await collect();
}, 300_000);
afterAll(() => house?.close());

/** Puts texts into the world that must never be seen again, where the engine is sure to read them: at customers, just now. */
function plant({ sandbox }: Outside): void {
  const at = Date.now() - 3_600_000;
  const customer = sandbox.world.accounts.find((account) => account.lifecycle === 'customer');
  const domain = customer?.domains[0] ?? 'nobody.example';
  const user = sandbox.world.vendor.staff.find((one) => one.watched)?.email ?? '';
  const from = { name: 'Canary Bird', address: `canary@${domain}` };
  const google = sandbox.google.handle;
  google.addMail(user, {
    messageId: `canary@${domain}`,
    from,
    to: [{ address: user }],
    subject: subjects[0] ?? '',
    body: `Hello,\n\n${bodies[0]}\n`,
    at,
  });
  google.addEvent(user, 'primary', {
    summary: subjects[2] ?? '',
    description: bodies[2] ?? '',
    location: bodies[2] ?? '',
    start: { dateTime: new Date(at).toISOString(), timeZone: 'UTC' },
    end: { dateTime: new Date(at + 1_800_000).toISOString(), timeZone: 'UTC' },
    organizer: { email: user },
    attendees: [
      { email: user, responseStatus: 'accepted', organizer: true },
      { email: from.address, responseStatus: 'accepted' },
    ],
  });
  const hubspot = sandbox.hubspot.handle;
  const [company] = hubspot.findBy(samplePortals.main, 'companies', 'domain', domain);
  const associate = company ? [['companies', company.id] as const] : [];
  hubspot.upsert(samplePortals.main, 'tickets', {
    properties: { subject: subjects[1] ?? '', content: bodies[1] ?? '', hs_pipeline: '0', hs_pipeline_stage: '1' },
    associate,
  });
  hubspot.upsert(samplePortals.main, 'emails', {
    properties: {
      hs_timestamp: String(at),
      hs_email_subject: subjects[3] ?? '',
      hs_email_text: bodies[3] ?? '',
      hs_email_direction: 'INCOMING_EMAIL',
      hs_email_headers: JSON.stringify({ from: { email: from.address }, to: [{ email: user }] }),
    },
    associate,
  });
}

/** Every secret of the run: the apps', the tokens that the providers gave out, the API's own, the master key. */
async function secrets(): Promise<readonly string[]> {
  const { sandbox } = house.outside;
  const issued = [sandbox.google.handle.state().oauth, sandbox.hubspot.handle.state.oauth].flatMap((oauth) => [
    ...Object.keys(oauth.access),
    ...Object.keys(oauth.refresh),
  ]);
  const slack = Object.values(sandbox.slack.handle.workspace.state.tokens).map((token) => token.token);
  const { home } = house.waymark.configuration;
  const keys = (await readdir(home)).filter((name) => name.includes('key'));
  const master = await Promise.all(keys.map(async (name) => (await readFile(join(home, name), 'utf8')).trim()));
  return [demoApp.clientSecret, demoApp.signingSecret, house.token, ...issued, ...slack, ...master];
}

async function collect(): Promise<void> {
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`${house.server.url}${path}`, { headers, redirect: 'manual' });
    outputs.set(path, `${JSON.stringify([...answer.headers])}${await answer.text()}`);
  };
  const bearer = { authorization: `Bearer ${house.token}` };
  const described = await house.api('/api/openapi.json');
  const paths = typeof described === 'object' && described !== null && 'paths' in described ? described.paths : {};
  const [account] = await house.rows.query<{ account_id: string }>(
    `SELECT account_id FROM journey_event WHERE workspace_id = $1 AND participants::text LIKE '%canary@%' AND account_id IS NOT NULL LIMIT 1`,
  );
  const [event] = await house.rows.query<{ event_id: string }>(
    `SELECT event_id FROM journey_event WHERE workspace_id = $1 AND participants::text LIKE '%canary@%' LIMIT 1`,
  );
  for (const path of Object.keys(paths ?? {})) {
    const id = path.includes('event') ? event?.event_id : account?.account_id;
    await ask(path.replaceAll(/\{\w+\}/g, id ?? ''), bearer);
  }
  const pages = [
    '/',
    '/accounts',
    `/accounts/${account?.account_id}`,
    `/events/${event?.event_id}`,
    '/unmatched',
    '/map',
  ];
  for (const path of pages) await ask(`${path}?x`, { cookie: `waymark_session=${house.token}`, ...bearer });
  for (const path of ['/healthz', '/readyz', '/oauth/hubspot/callback?state=x', '/oauth/start/x', '/nowhere'])
    await ask(path);
  await ask('/metrics', bearer);
  outputs.set('the log', house.log.join(''));
}

const holders = (text: string): readonly string[] =>
  [...outputs].flatMap(([where, output]) => (output.includes(text) ? [where] : []));

describe('I7: what leaves Waymark in a run with faults of every kind', () => {
  it('reached the canaries: they were read, and the pages that would show them were asked for', async () => {
    expect(outputs.size).toBeGreaterThan(20);
    expect(holders('canary@').length).toBeGreaterThan(0);
    // The log has to have told of failed calls at both providers, or its silence would prove nothing.
    const faulted = (streams: readonly string[]) =>
      house.log.filter(
        (line) => line.includes('"fault"') && streams.some((stream) => line.includes(`"stream":"${stream}"`)),
      );
    expect(faulted(['messages', 'events'])).not.toEqual([]);
    expect(faulted(['companies', 'contacts', 'deals', 'tickets', 'emails', 'meetings', 'owners'])).not.toEqual([]);
    const [found] = await house.rows.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM journey_event WHERE workspace_id = $1 AND participants::text LIKE '%canary@%'`,
    );
    expect(found?.n).toBeGreaterThanOrEqual(3);
  });

  it('holds no token and no secret', async () => {
    const all = await secrets();
    expect(all.length).toBeGreaterThan(8);
    for (const secret of all) expect(secret.length).toBeGreaterThan(8);
    expect(all.flatMap((secret) => holders(secret).map((where) => `${secret.slice(0, 8)}… in ${where}`))).toEqual([]);
  });

  it('holds no body, and no subject where none is to be kept', () => {
    expect([...bodies, ...subjects].flatMap((text) => holders(text).map((where) => `${text} in ${where}`))).toEqual([]);
  });

  it('keeps no body, no subject and no open secret in any table either', async () => {
    const tables = await house.rows.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND $1::uuid IS NOT NULL
          AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1`,
    );
    expect(tables.length).toBeGreaterThan(25);
    const texts = [...bodies, ...subjects, ...(await secrets())];
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await house.rows.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM "${name}" t WHERE $1::uuid IS NOT NULL AND t::text LIKE ANY ($2::text[])`,
        [texts.map((text) => `%${text}%`)],
      );
      if ((rows[0]?.n ?? 0) > 0) found.push(name);
    }
    expect(found).toEqual([]);
  });
});
