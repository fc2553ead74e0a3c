import { ConnectorFault, type AnyConnector, type Push, type PushSubscription } from '@waymark/connector-kit';
import {
  installations,
  noticePush,
  pushByToken,
  pushSubscriptions,
  resolveDirectory,
  setStatus,
  type PushRow,
} from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession } from '../installation/installation.ts';
import { priority } from '../installation/limits.ts';
import { endPush } from './push.ts';
import { scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const hour = 3_600_000;
const life = 6 * day;

interface Vendor {
  readonly asked: string[];
  readonly alive: Set<string>;
  readonly addresses: string[];
  targets: string[];
  fail: ConnectorFault | undefined;
  /** What the vendor does before it answers a subscription. */
  during: (url: string) => Promise<void>;
  readonly connector: AnyConnector;
}

function vendorOf(rig: () => SyncRig, scopes: readonly string[] = []): Vendor {
  let count = 0;
  const vendor: Vendor = {
    asked: [],
    alive: new Set(),
    addresses: [],
    targets: ['inbox'],
    fail: undefined,
    during: () => Promise.resolve(),
    connector: scriptedConnector('box', [scriptedStream('mail', 1, () => [{ done: true }])], {
      push: {
        scopes,
        targets: () => Promise.resolve(vendor.targets.map((key) => ({ key, stream: 'mail' }))),
        subscribe: async (_client, target, address): Promise<PushSubscription> => {
          vendor.asked.push(`subscribe ${target.key}`);
          if (vendor.fail) throw vendor.fail;
          await vendor.during(address.url);
          count += 1;
          vendor.alive.add(`s${count}`);
          vendor.addresses.push(address.url);
          return { externalId: `s${count}`, expiresAt: rig().now + life };
        },
        renew: (_client, target, current) => {
          vendor.asked.push(`renew ${target.key} ${current.externalId}`);
          if (vendor.fail) return Promise.reject(vendor.fail);
          return Promise.resolve({ externalId: current.externalId, expiresAt: rig().now + life });
        },
        unsubscribe: (_client, current) => {
          vendor.asked.push(`unsubscribe ${current.externalId}`);
          vendor.alive.delete(current.externalId);
          return Promise.resolve();
        },
        discard: (_client, address) => {
          vendor.asked.push('discard');
          if (vendor.fail) return Promise.reject(vendor.fail);
          for (const [index, url] of vendor.addresses.entries())
            if (url === address.url) vendor.alive.delete(`s${index + 1}`);
          return Promise.resolve();
        },
      } satisfies Push<unknown>,
    }),
  };
  return vendor;
}

async function world(options: { readonly scopes?: readonly string[]; readonly base?: string | null } = {}) {
  const rig = await syncRig(database);
  const vendor = vendorOf(() => rig, options.scopes);
  let base = options.base === null ? undefined : (options.base ?? 'https://waymark.example');
  rig.deps = { ...rig.deps, push: { base: () => base, extra: () => Promise.resolve({}) } };
  const id = await rig.install(vendor.connector);
  const rows = (): Promise<readonly PushRow[]> =>
    database.inWorkspace(rig.workspaceId, (tx) => pushSubscriptions(tx, id));
  return { rig, vendor, id, rows, moveTo: (to: string) => void (base = to) };
}

const note = async (rig: SyncRig) =>
  (await rig.rows<{ push_note: string | null }>('SELECT push_note FROM installation WHERE workspace_id = $1'))[0]
    ?.push_note;

describe('subscriptions', () => {
  it('E8: are there, with a way in, before the vendor is asked: it may try the address before it answers', async () => {
    const { rig, vendor, id, rows } = await world();
    let tried: string | undefined;
    vendor.during = async (url) => {
      const hash = createHash('sha256')
        .update(url.slice(url.lastIndexOf('/') + 1))
        .digest('hex');
      const [entry] = await database.global((tx) => resolveDirectory(tx, 'push', hash, rig.now));
      const row = entry && (await database.inWorkspace(entry.workspaceId, (tx) => pushByToken(tx, hash)));
      tried = row && `${row.installationId === id} ${row.state}`;
    };
    await rig.run(id);
    expect(tried).toBe('true pending');
    expect(await rows()).toMatchObject([
      { key: 'inbox', stream: 'mail', externalId: 's1', state: 'active', dueAt: rig.now + life / 2, fault: null },
    ]);
    expect(vendor.addresses[0]).toMatch(/^https:\/\/waymark\.example\/webhooks\/box\/[\w-]{43}$/);
    // Neither the token nor the secret stands in the database.
    const token = vendor.addresses[0]?.split('/').at(-1) ?? '';
    expect(JSON.stringify(await rig.rows('SELECT * FROM push_subscription WHERE workspace_id = $1'))).not.toContain(
      token,
    );
  });

  it('E8: one that stands at the vendor though its answer was never stored is ended before the next is made', async () => {
    const { rig, vendor, id, rows } = await world();
    await rig.run(id);
    // As if the process had died between the vendor's answer and its storing.
    await database.asOwner(
      `UPDATE push_subscription SET state = 'pending', external_id = NULL, expires_at = NULL, due_at = NULL WHERE installation_id = $1 AND workspace_id = $2`,
      [id, rig.workspaceId],
    );
    vendor.fail = new ConnectorFault({ kind: 'transient', message: 'no answer' });
    await rig.run(id);
    // The address is known as long as what stands there has not ended.
    expect(await rows()).toMatchObject([{ state: 'pending', externalId: null, failures: 1 }]);
    expect([...vendor.alive]).toEqual(['s1']);
    vendor.fail = undefined;
    rig.now += hour;
    await rig.run(id);
    expect([...vendor.alive]).toEqual(['s2']);
    expect(await rows()).toMatchObject([{ state: 'active', externalId: 's2' }]);
  });

  it('E7, E9: are renewed at half their life, once, and not before', async () => {
    const { rig, vendor, id, rows } = await world();
    await rig.run(id);
    rig.now += life / 2 - hour;
    await rig.run(id);
    expect(vendor.asked).toEqual(['subscribe inbox']);
    rig.now += hour;
    await rig.run(id);
    await rig.run(id);
    expect(vendor.asked).toEqual(['subscribe inbox', 'renew inbox s1']);
    expect(await rows()).toMatchObject([{ expiresAt: rig.now + life }]);
  });

  it('E9: one that the vendor ended is made anew, with another address', async () => {
    const { rig, vendor, id, rows } = await world();
    await rig.run(id);
    const [before] = await rows();
    await database.inWorkspace(rig.workspaceId, (tx) => noticePush(tx, before?.tokenHash ?? '', true, rig.now));
    await rig.run(id);
    expect(vendor.asked).toEqual(['subscribe inbox', 'subscribe inbox', 'unsubscribe s1']);
    expect(await rows()).toMatchObject([{ externalId: 's2', state: 'active' }]);
    expect(new Set(vendor.addresses).size).toBe(2);
  });

  it('E9: one that is gone when it is to be renewed is made anew', async () => {
    const { rig, vendor, id, rows } = await world();
    await rig.run(id);
    rig.now += life;
    const { push } = vendor.connector;
    if (!push) throw new Error('no push');
    const gone = new ConnectorFault({ kind: 'record-gone', message: 'no such subscription' });
    rig.use({ ...vendor.connector, push: { ...push, renew: () => Promise.reject(gone) } });
    await rig.run(id);
    expect(await rows()).toMatchObject([{ externalId: 's2', fault: null }]);
  });

  it('two workers never make two', async () => {
    const { rig, vendor, id } = await world();
    vendor.during = () => new Promise((resolve) => setTimeout(resolve, 60));
    await Promise.all([rig.run(id), rig.run(id), rig.run(id)]);
    expect(vendor.alive.size).toBe(1);
    expect(vendor.asked).toEqual(['subscribe inbox']);
  });

  it('A15: of a worker that was paused past its lease, the late subscription is ended again', async () => {
    const { rig, vendor, id, rows } = await world();
    let other: Promise<unknown> | undefined;
    vendor.during = async () => {
      vendor.during = () => Promise.resolve();
      rig.now += 10 * 60_000;
      other = rig.run(id);
      await other;
    };
    await rig.run(id);
    expect(vendor.alive).toEqual(new Set(['s1']));
    expect(await rows()).toMatchObject([{ externalId: 's1', state: 'active' }]);
    expect(vendor.asked.at(-1)).toBe('unsubscribe s2');
  });

  it('a fault stops no polling, is kept, and is tried again later and later', async () => {
    const { rig, vendor, id, rows } = await world();
    vendor.fail = new ConnectorFault({ kind: 'rejected', message: 'the address was not reachable' });
    const outcome = await rig.run(id);
    expect(outcome).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(await rows()).toMatchObject([
      { state: 'pending', failures: 1, fault: { kind: 'rejected', since: rig.now } },
    ]);
    const since = rig.now;
    await rig.run(id);
    expect(vendor.asked).toHaveLength(1);
    rig.now += 61_000;
    await rig.run(id);
    rig.now += 61_000;
    await rig.run(id);
    expect(vendor.asked).toHaveLength(2);
    expect(await rows()).toMatchObject([{ failures: 2, fault: { message: 'the address was not reachable', since } }]);
    vendor.fail = undefined;
    rig.now += hour;
    await rig.run(id);
    expect(await rows()).toMatchObject([{ state: 'active', failures: 0, fault: null }]);
  });

  it('one that fails is left alone until its time, also while another is looked after', async () => {
    const { rig, vendor, id } = await world();
    vendor.targets = ['bad', 'good'];
    const refused = new ConnectorFault({ kind: 'rejected', message: 'no such folder' });
    const { push } = vendor.connector;
    if (!push) throw new Error('no push');
    let tries = 0;
    rig.use({
      ...vendor.connector,
      push: {
        ...push,
        subscribe: (client, target, address, extra) => {
          if (target.key === 'good') return push.subscribe(client, target, address, extra);
          tries += 1;
          return Promise.reject(refused);
        },
      },
    });
    for (let turn = 0; turn < 96; turn += 1) {
      await rig.run(id);
      rig.now += hour;
    }
    expect(vendor.asked.filter((one) => one.startsWith('renew'))).toHaveLength(1);
    // 1, 2, 4 … minutes, then every six hours; four days in all.
    expect(tries).toBeGreaterThan(15);
    expect(tries).toBeLessThan(30);
  });

  it('of what is no longer there end; of what is new are made within the hour', async () => {
    const { rig, vendor, id, rows } = await world();
    await rig.run(id);
    vendor.targets = ['archive'];
    rig.now += hour;
    await rig.run(id);
    expect(vendor.alive).toEqual(new Set(['s2']));
    expect((await rows()).map((row) => row.key)).toEqual(['archive']);
  });

  it('move with our address', async () => {
    const { rig, vendor, id, moveTo } = await world();
    await rig.run(id);
    moveTo('https://elsewhere.example');
    rig.now += life / 2;
    await rig.run(id);
    expect(vendor.addresses[1]).toMatch(/^https:\/\/elsewhere/);
    expect(vendor.alive).toEqual(new Set(['s2']));
  });

  it('are not made without an address from outside, or without their scope; the reason is told', async () => {
    const nowhere = await world({ base: null });
    await nowhere.rig.run(nowhere.id);
    expect(await note(nowhere.rig)).toContain('WAYMARK_PUBLIC_URL');
    const unscoped = await world({ scopes: ['webhooks:write'] });
    await unscoped.rig.run(unscoped.id);
    expect(await note(unscoped.rig)).toContain('webhooks:write');
    expect([...nowhere.vendor.asked, ...unscoped.vendor.asked]).toEqual([]);
  });

  it('end when the installation is to be read no more, and their address leads nowhere', async () => {
    const { rig, vendor, id, rows } = await world();
    await rig.run(id);
    const [row] = await rows();
    const [installation] = await database.inWorkspace(rig.workspaceId, (tx) => installations(tx));
    if (!installation) throw new Error('no installation');
    const signal = new AbortController().signal;
    const opened = await openSession(rig.deps, rig.workspaceId, installation, priority.write, signal);
    await endPush(rig.deps, rig.workspaceId, { installation, signal, ...opened });
    await database.inWorkspace(rig.workspaceId, (tx) => setStatus(tx, id, 'disabled', null, rig.now));
    expect(vendor.alive.size).toBe(0);
    expect(await rows()).toEqual([]);
    expect(await database.global((tx) => resolveDirectory(tx, 'push', row?.tokenHash ?? '', rig.now))).toEqual([]);
  });
});
