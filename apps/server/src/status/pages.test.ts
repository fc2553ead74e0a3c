import type { OpenAPIHono } from '@hono/zod-openapi';
import { flags, openGap, recordFault, setStatus } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../http/app.ts';
import type { Waymark } from '../waymark.ts';
import { DAY, furnish, now, openOn, type Furnished } from './testing/furnished.ts';

describe('the pages', () => {
  let database: TestDatabase;
  let waymark: Waymark;
  let app: OpenAPIHono;
  let acme: Furnished;
  const read = async (path: string): Promise<string> => {
    const answer = await app.request(path, { headers: { cookie: `waymark_session=${acme.token}` } });
    expect(`${path} ${answer.status}`).toBe(`${path} 200`);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    return (await answer.text()).replaceAll(/\s+/g, ' ');
  };

  beforeAll(async () => {
    database = await testDatabase();
    waymark = await openOn(database);
    acme = await furnish(waymark, database, 'acme', { sampleData: true });
    app = createApp({
      waymark,
      publicUrl: 'https://waymark.example',
      ready: () => Promise.resolve(true),
      onHint: () => undefined,
      wake: () => undefined,
    });
  });
  afterAll(async () => {
    await waymark.close();
    await database.close();
  });

  it('takes the token from the address once, into a cookie that no script and no other site can use', async () => {
    const answer = await app.request(`/accounts?flagged=1&token=${acme.token}`);
    // Only pages take it, so that no link to the API carries a token.
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/accounts?flagged=1');
    const cookie = answer.headers.get('set-cookie') ?? '';
    for (const part of [`waymark_session=${acme.token}`, 'HttpOnly', 'SameSite=Strict', 'Secure', 'Path=/']) {
      expect(cookie).toContain(part);
    }
    const next = await app.request(`/?token=${acme.token}&next=//evil.example`);
    expect(next.headers.get('location')).toBe('/');
    const wrong = await app.request('/?token=wmk_wrong');
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get('set-cookie')).toBeNull();
    expect((await app.request(`/api/status?token=${acme.token}`)).status).toBe(401);
  });

  it('show a date that the CRM told without a time of day as that day, west of Greenwich too', async () => {
    const record = 'renewal_at, customer_since, timezone';
    const write = (values: readonly unknown[]) =>
      database.asOwner(`UPDATE account SET (${record}) = ($2, $3, $4) WHERE account_id = $1`, [
        acme.quietAccountId,
        ...values,
      ]);
    const [before] = await database.asOwner(`SELECT ${record} FROM account WHERE account_id = $1`, [
      acme.quietAccountId,
    ]);
    await write(['2027-02-04T00:00Z', '2024-03-09T00:00Z', 'America/Chicago']);
    const page = await read(`/accounts/${acme.quietAccountId}`);
    expect(page).toContain('4 Feb 2027');
    expect(page).toContain('9 Mar 2024');
    expect(page).not.toMatch(/ 3 Feb 2027|>3 Feb 2027| 8 Mar 2024|>8 Mar 2024/);
    expect(await read('/accounts')).toContain('4 Feb 2027');
    await write(Object.values(before ?? {}));
  });

  it('asks again by itself where a link of another site left the cookie at home', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    const answer = await app.request(`/accounts/${acme.quietAccountId}`, { headers });
    expect(await answer.text()).toContain(`url=/accounts/${acme.quietAccountId}?again=1`);
    expect((await app.request(`/accounts/${acme.quietAccountId}?again=1`, { headers })).status).toBe(401);
  });

  it('shows the overview: sources, stages, flags with one line of reason, and that the data is a sample', async () => {
    const text = await read('/');
    expect(text).toContain('Sample data');
    expect(text).toContain('maya@acme-vendor.example');
    expect(text).toMatch(/Gone quiet<\/strong> <span class="dim">No word from the customer/);
    expect(text).toContain('read 60 s ago');
  });

  it('shows faults with their fix, dead grants with what to do, and gaps', async () => {
    const key = { installationId: acme.installationId, stream: 'messages', partition: '' };
    await waymark.database.inWorkspace(acme.workspace.workspaceId, async (tx) => {
      await recordFault(
        tx,
        key,
        { kind: 'scope-missing', message: 'Google wants a scope.', pausedReason: 'scope' },
        now - DAY,
      );
      const gapId = '018f2c5e-7d3a-8b11-9c21-0b0d5f4e1a77';
      await openGap(tx, { ...key, gapId, from: now - 2 * DAY, reason: 'Google wants a scope.' }, now - 2 * DAY);
      await setStatus(tx, acme.installationId, 'needs_auth', 'The grant was taken back.', now);
    });
    const text = await read('/');
    expect(text).toContain('Google wants a scope. (scope missing');
    expect(text).toContain('waymark install gmail');
    expect(text).toContain('The grant was taken back.');
    expect(text).toContain('Silence in that time is not taken for a risk.');
    await waymark.database.inWorkspace(acme.workspace.workspaceId, (tx) =>
      setStatus(tx, acme.installationId, 'active', null, now),
    );
  });

  it('lists accounts by need, and finds them by name, stage and flag', async () => {
    const all = await read('/accounts');
    expect(all.indexOf('Quiet acme')).toBeLessThan(all.indexOf('Calm acme'));
    const flagged = await read('/accounts?flagged=1');
    expect(flagged).toContain('Quiet acme');
    expect(flagged).not.toContain('Calm acme');
    expect(await read('/accounts?q=calm')).not.toContain('Quiet acme');
    expect(await read('/accounts?stage=none')).toContain('No account fits.');
  });

  it('draws an account: stages above one time line by touchpoint and direction, each mark leading to its event', async () => {
    const text = await read(`/accounts/${acme.quietAccountId}`);
    const svg = /<svg class="time".*?<\/svg>/.exec(text)?.[0] ?? '';
    expect(svg).toMatch(/aria-label="Time line from .* stages, flags and 100 events"/);
    expect(svg.match(/class="mark in"/g)).toHaveLength(50);
    expect(svg.match(/class="mark out"/g)).toHaveLength(50);
    expect(svg).toContain('>Email<');
    expect(svg.match(/<g class="stage">/g)?.length).toBeGreaterThan(0);
    const linked = [...svg.matchAll(/href="\/events\/([0-9a-f-]+)"/g)].map((match) => match[1]);
    expect(linked.every((id) => id !== undefined && acme.eventIds.includes(id))).toBe(true);
    expect(svg).not.toContain('NaN');
    expect(text).toContain('domain of the account: quiet-acme.example');
  });

  it('keeps the proof of a flag a click away, and checks it against the log', async () => {
    const text = await read(`/accounts/${acme.quietAccountId}`);
    const flag = /<details class="flag high.*?<\/details>/.exec(text)?.[0] ?? '';
    for (const part of ['What was compared', 'gone_quiet', 'What clears it', 'What it rests on']) {
      expect(flag, part).toContain(part);
    }
    expect(flag).toMatch(/, version \d+, of <code>lifecycle<\/code>/);
    expect(flag).toMatch(/href="\/events\/[0-9a-f-]{36}"/);
    const stored = await waymark.database.inWorkspace(acme.workspace.workspaceId, (tx) =>
      flags(tx, { openOnly: true }),
    );
    expect(await read(`/flags/${stored[0]?.flagId}`)).toContain('The log gives the same proof, digest for digest.');
  });

  it('pages through events without losing or repeating one', async () => {
    const seen: string[] = [];
    let path: string | undefined = `/accounts/${acme.quietAccountId}`;
    for (let pages = 0; path !== undefined && pages < 5; pages += 1) {
      const text: string = (await read(path)).split('id="events"')[1] ?? '';
      seen.push(...[...text.matchAll(/class="when"><a href="\/events\/([0-9a-f-]+)"/g)].map((match) => match[1] ?? ''));
      path = /href="([^"]+)#events"\s*>\s*Older/.exec(text)?.[1];
    }
    expect(seen).toHaveLength(100);
    expect(new Set(seen).size).toBe(100);
  });

  it('shows an event with who took part, where it was seen and why it is here', async () => {
    const text = await read(`/events/${acme.eventIds[0]}`);
    expect(text).toContain('Mail from the customer');
    expect(text).toContain('ann@quiet-acme.example');
    expect(text).toContain('domain of the account');
  });

  it('shows the queue, the map, write-back and the doctor', async () => {
    expect(await read('/unmatched')).toContain('stranger-acme.example');
    const map = await read('/map');
    expect(map).toContain('<svg class="journey-map"');
    expect(map).toContain('the journey of 2 accounts');
    expect(await read('/writeback')).toContain('Nothing is written to the CRM.');
    expect(await read('/doctor')).toContain('What to do:');
  });

  it('escapes every text of a source', async () => {
    const paths = [
      '/',
      '/accounts',
      `/accounts/${acme.quietAccountId}`,
      `/events/${acme.eventIds[0]}`,
      '/unmatched',
      '/map',
      '/accounts?q=%22%3E%3Cscript%3Ealert(1)',
    ];
    for (const path of paths) {
      const text = await read(path);
      expect(text, path).not.toMatch(/<script|<img src=x|<b>acme|<i>acme/);
    }
    expect(await read(`/accounts/${acme.quietAccountId}`)).toContain(
      '&lt;script&gt;alert(&quot;acme&quot;)&lt;/script&gt;',
    );
  });

  it('says in the same form that there is nothing, whether an id is unknown or no id', async () => {
    for (const path of [
      '/accounts/nope',
      '/accounts/018f2c5e-7d3a-8b11-9c21-0b0d5f4e1a77',
      '/events/1',
      '/flags/x',
      '/writeback/y',
    ]) {
      const answer = await app.request(path, { headers: { cookie: `waymark_session=${acme.token}` } });
      expect(answer.status).toBe(404);
      expect(await answer.text()).toContain('Not found');
    }
  });
});
