import { hubspot } from '@waymark/connector-hubspot';
import { ConnectorFault, type Page } from '@waymark/connector-kit';
import { testSession } from '@waymark/connector-kit/testing/session';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PORTAL } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { declaration, HubSpotPortal } from './hubspot-portal.ts';
import { DAY, last, MINUTE } from './streams.ts';

let portal: HubSpotPortal;
beforeEach(async () => {
  portal = await HubSpotPortal.start();
});
afterEach(() => portal.rig.close());

const settings = { ...declaration, journal: true };
const read = async (from: unknown) => portal.pull('journal', from, { client: await portal.connect(settings) });
const named = (pages: readonly Page<unknown>[]) =>
  pages.flatMap((page) => page.hints ?? []).map(({ stream, ids }) => [stream, ids]);

describe('the journal of HubSpot, with the real SDK', () => {
  it('is left alone unless it is asked for', async () => {
    const pages = await portal.pull('journal', null);
    expect(pages).toMatchObject([{ records: [], gone: [], done: true, cursor: { offset: null } }]);
    expect(portal.rig.handle.unknownPaths).toEqual([]);
  });

  it('names what changed since it was subscribed, each entry once, and the deal that gained a company', async () => {
    const before = await read(null);
    expect(named(before)).toEqual([]);
    const id = portal.company('Acme');
    const deal = portal.rig.handle.upsert(PORTAL, 'deals', { properties: { dealname: 'Acme 2027' } });
    const made = await read(last(before).cursor);
    expect(named(made)).toContainEqual(['companies', [id]]);
    portal.rig.handle.associate(PORTAL, ['deals', deal.id], ['companies', id]);
    const linked = await read(last(made).cursor);
    expect(named(linked)).toEqual([['deals', [deal.id]]]);
    const hints = [...made, ...linked].flatMap((page) => page.hints ?? []);
    expect(new Set(hints.map((hint) => hint.dedupeKey)).size).toBe(hints.length);
    expect(named(await read(last(linked).cursor))).toEqual([]);
    expect(portal.rig.handle.unknownPaths).toEqual([]);
  });

  it('B6: names the survivor and the merged', async () => {
    const [winner, loser] = [portal.company('Acme'), portal.company('Acme Inc')];
    const before = await read(null);
    const { id } = portal.rig.handle.merge(PORTAL, 'companies', winner, loser, { newId: true });
    expect(named(await read(last(before).cursor))).toEqual([['companies', [winner, id, loser]]]);
  });

  it('A1: begins anew after three days, and not where there is merely nothing new', async () => {
    const before = await read(null);
    portal.company('Early');
    const at = last(await read(last(before).cursor)).cursor;
    expect(named(await read(at))).toEqual([]);
    portal.wait(3 * DAY + MINUTE);
    const late = portal.company('Late', {}, portal.now());
    expect(named(await read(at))).toContainEqual(['companies', [late]]);
  });

  it('D13, E6: without the app’s scopes it rests alone, and says which ones', async () => {
    portal.rig.handle.settings.ungrantableScopes.add('developer.webhooks_journal.subscriptions.write');
    await expect(portal.appToken()).rejects.toThrow('invalid_scope');
    const session = testSession({
      classify: hubspot.classify,
      baseUrls: { app: portal.rig.url, api: portal.rig.url },
      token: portal.rig.token(),
      settings,
      // An account's own token opens no journal.
      appToken: () => Promise.resolve(portal.rig.token()),
      now: () => portal.now(),
    });
    const client = await hubspot.connect(session);
    const refused: unknown = await portal.pull('journal', null, { client }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConnectorFault);
    expect(refused).toMatchObject({
      fault: { kind: 'scope-missing', message: expect.stringContaining('developer.webhooks_journal') },
    });
  });
});
