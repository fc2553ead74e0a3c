import { createEmulator } from 'emulate';
import { expect, test } from 'vitest';
import { VENDOR } from '../company/vendor.ts';
import type { World } from '../company/world.ts';
import { serveEmulator } from '../front/serve.ts';
import { sampleTeams, seedFromWorld, stateFromSeed } from './seed.ts';
import { createSlack } from './slack.ts';
import { slackStateSchema, type SlackState } from './state.ts';

const anchor = Date.UTC(2026, 10, 20, 12);
const world: World = {
  seed: 1,
  anchor,
  vendor: VENDOR,
  accounts: [],
  people: [],
  mails: [],
  meetings: [],
  tickets: [],
  deals: [],
  manifest: [],
};
const seed = seedFromWorld(world);

test('everyone of the vendor with a Slack account is there; some write from another address than at work (G9)', () => {
  const users = seed.users.filter((user) => user.team === sampleTeams.main);
  expect(users.map((user) => user.id)).toEqual(VENDOR.staff.flatMap((staff) => staff.slack?.id ?? []));
  const others = VENDOR.staff.filter((staff) => staff.slack !== undefined && staff.slack.email !== staff.email);
  expect(others.length).toBeGreaterThan(0);
  for (const { slack } of others) expect(users.find((user) => user.id === slack?.id)?.email).toBe(slack?.email);
});

test('the seed is a valid state that ends at the anchor, with nothing unread', () => {
  const state = slackStateSchema.parse(stateFromSeed(seed));
  expect(state.lastMicros).toBeLessThanOrEqual(anchor * 1000);
  expect(Object.keys(state.teams)).toEqual([sampleTeams.main, sampleTeams.second]);
  expect(seedFromWorld(world)).toEqual(seed);
});

test('a restart from the kept state goes on where it was: messages, tokens, read marks, new time stamps', async () => {
  const run = async (kept: SlackState | undefined) => {
    const slack = createSlack({ caps: 'generous', autoConsent: true, seed, now: () => anchor });
    const served = await serveEmulator({
      name: 'slack',
      create: (baseUrl) =>
        createEmulator({ service: slack.definition, baseUrl, listen: false, ...(kept && { seed: kept }) }),
      ...slack.front,
    });
    return { ...slack, served };
  };
  const first = await run(undefined);
  const app = first.handle.registerApp({ clientId: '1', clientSecret: 's', signingSecret: 'x', redirectUris: [] });
  const { token } = first.handle.install(sampleTeams.main, app, ['chat:write', 'chat:write.public']);
  const post = async (url: string): Promise<{ ok: boolean; ts: string }> =>
    (
      await fetch(`${url}/api/chat.postMessage`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: new URLSearchParams({ channel: '#cs-alerts', text: 'hello' }),
      })
    ).json();
  const before = await post(first.served.url);
  const kept = first.served.instance.snapshot().state;
  await first.served.close();

  const second = await run(kept);
  const after = await post(second.served.url);
  expect(after.ok).toBe(true);
  expect(second.handle.messages('#cs-alerts').map((message) => message.ts)).toEqual([before.ts, after.ts]);
  expect(after.ts > before.ts).toBe(true);
  expect(second.handle.workspace.unread('U0CSM0001', second.handle.channel('#cs-alerts').id)).toBe(2);
  await second.served.close();
});
