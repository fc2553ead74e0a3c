import { randomUUID } from 'node:crypto';
import { hubspot } from '@waymark/connector-hubspot';
import { collect } from '@waymark/connector-kit/testing/session';
import { forgetOwnWrites, isEcho, noteOwnWrites } from '@waymark/store';
import { applyPlan } from '@waymark/writeback';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PORTAL } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { startWriteback, type WritebackRig } from './rig.ts';

let rig: WritebackRig;
beforeEach(async () => {
  rig = await startWriteback();
});
afterEach(() => rig.close());

const property = 'lifecyclestage';
const HOUR = 3_600_000;

const echo = (externalId: string, value: string, at: number) =>
  rig.database.inWorkspace(rig.workspaceId, (tx) =>
    isEcho(tx, { installationId: rig.installationId, externalId, property, value, at }),
  );

/** The stage changes that the connector now reads from the portal. */
async function incoming() {
  const companies = hubspot.streams.find((stream) => stream.name === 'companies') ?? expect.fail('no stream');
  const client = await rig.connect();
  const context = { mode: 'backfill', since: 0, until: rig.now() } as const;
  const pages = await collect(companies.pull(client, null, '', context));
  const account = { externalAccountId: String(PORTAL), label: 'Portal' };
  const settings = hubspot.settings.parse({});
  const map = { ownDomains: [], account, settings, keepSubjects: false, readAt: rig.now() };
  return pages
    .flatMap((page) => page.records)
    .flatMap((record) => {
      const mapped = companies.map(companies.raw.parse(record.raw), map);
      return mapped.outcome === 'stored' ? mapped.events : [];
    })
    .flatMap((event) =>
      event.type === 'crm.stage_changed'
        ? [{ id: (event.subject ?? '').replace('record:', ''), value: event.attributes.to, at: event.occurredAt }]
        : [],
    );
}

describe('own writes that come back (H1)', () => {
  it('are recognized, however often they are read; what a person did before and after is not', async () => {
    const [one = '', two = ''] = await rig.companies(2, 'onboarding', { lifecyclestage: 'lead' });
    const planId = await rig.approved(await rig.mapping({ property }));
    await applyPlan(rig.worker(), rig.workspaceId, planId);
    rig.edit(two, { lifecyclestage: 'evangelist' });
    for (let round = 0; round < 2; round += 1) {
      const judged = [];
      for (const change of await incoming())
        judged.push([change.id, change.value, await echo(change.id, change.value, change.at)]);
      expect(judged).toEqual(
        expect.arrayContaining([
          [one, 'lead', false],
          [one, 'customer', true],
          [two, 'customer', true],
          [two, 'evangelist', false],
        ]),
      );
    }
  });

  it('a person who sets our value again later is heard, and so is anyone after a day', async () => {
    const at = rig.now();
    const write = { writeId: randomUUID(), installationId: rig.installationId, property, writtenAt: at };
    const note = (externalId: string) =>
      rig.database.inWorkspace(rig.workspaceId, (tx) =>
        noteOwnWrites(tx, [{ ...write, writeId: randomUUID(), externalId, value: 'customer' }]),
      );
    await note('1');
    expect(await echo('1', 'customer', at + 400)).toBe(true);
    expect(await echo('1', 'customer', at + HOUR)).toBe(false);
    expect(await echo('1', 'customer', at + 400)).toBe(true);
    await note('2');
    expect(await echo('2', 'evangelist', at + 400)).toBe(false);
    expect(await echo('3', 'customer', at + 400)).toBe(false);
    expect(await echo('2', 'customer', at + 25 * HOUR)).toBe(false);
  });

  it('a write that did not happen hides nothing', async () => {
    const at = rig.now();
    const writeId = randomUUID();
    await rig.database.inWorkspace(rig.workspaceId, async (tx) => {
      const own = { installationId: rig.installationId, externalId: '1', property, value: 'customer' };
      await noteOwnWrites(tx, [{ writeId, ...own, writtenAt: at }]);
      await forgetOwnWrites(tx, [writeId]);
    });
    expect(await echo('1', 'customer', at + 400)).toBe(false);
  });
});
