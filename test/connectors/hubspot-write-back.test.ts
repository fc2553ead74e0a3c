import { hubspot } from '@waymark/connector-hubspot';
import { testSession } from '@waymark/connector-kit/testing/session';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PORTAL } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { HubSpotPortal } from './hubspot-portal.ts';
import { eventsOf } from './streams.ts';

let portal: HubSpotPortal;

const write = hubspot.write ?? expect.fail('no writer');

afterEach(() => portal.rig.close());

describe('write-back to HubSpot, with the real SDK', () => {
  beforeEach(async () => {
    portal = await HubSpotPortal.start();
  });

  const writes = (companies: readonly string[], value: string, property = 'lifecyclestage') =>
    companies.map((externalId) => ({ externalId, property, value, traceId: `trace-${externalId}` }));

  it('creates its property once, writes a batch and reads it back with time and source', async () => {
    const client = await portal.connect();
    const made = Array.from({ length: 100 }, (_, index) => portal.company(`Company ${index}`));
    expect(await write.describe(client, 'waymark_stage')).toBeNull();
    const options = [
      { value: 'onboarding', label: 'Onboarding' },
      { value: 'engagement', label: 'Engagement' },
    ];
    await write.createProperty(client, 'waymark_stage', 'Journey stage', options);
    await write.createProperty(client, 'waymark_stage', 'Journey stage', options);
    expect(await write.describe(client, 'waymark_stage')).toEqual({ options, extensible: true });
    const results = await write.write(client, writes(made, 'onboarding', 'waymark_stage'));
    expect(results).toHaveLength(100);
    expect(results.every((result) => result.outcome === 'written')).toBe(true);
    expect(portal.rig.handle.writes()).toHaveLength(100);
    const read = await write.read(client, 'waymark_stage', made);
    expect(read.size).toBe(100);
    expect(read.get(made[0] ?? '')).toMatchObject({
      value: 'onboarding',
      source: expect.stringMatching(/^INTEGRATION:\d+$/),
    });
  });

  it('H3: adds the options that its own property lacks, and touches no other property', async () => {
    const client = await portal.connect();
    const [first, second] = [
      { value: 'onboarding', label: 'Onboarding' },
      { value: 'adoption', label: 'Adoption' },
    ];
    await write.createProperty(client, 'waymark_stage', 'Journey stage', [first]);
    // Renamed by a person in HubSpot: it stays so.
    const renamed = { value: 'onboarding', label: 'Getting started', displayOrder: 3 };
    await portal.rig.call('PATCH', '/crm/properties/2026-09/companies/waymark_stage', { options: [renamed] });
    await write.addOptions?.(client, 'waymark_stage', [first, second]);
    await write.addOptions?.(client, 'waymark_stage', [first, second]);
    expect(await write.describe(client, 'waymark_stage')).toEqual({
      options: [{ value: 'onboarding', label: 'Getting started' }, second],
      extensible: true,
    });
    const made = portal.company('Acme');
    expect(await write.write(client, writes([made], 'adoption', 'waymark_stage'))).toMatchObject([
      { outcome: 'written' },
    ]);
    expect(await write.describe(client, 'lifecyclestage')).not.toHaveProperty('extensible');
    await expect(write.addOptions?.(client, 'lifecyclestage', [second])).rejects.toMatchObject({
      fault: { kind: 'rejected', message: expect.stringContaining('adoption') },
    });
  });

  it('H2: going back is ignored with success, so it is cleared first; the moment between is no stage', async () => {
    const client = await portal.connect();
    const id = portal.company('Acme', { lifecyclestage: 'customer' });
    expect(write.backwardNeedsClear('lifecyclestage')).toBe(true);
    await write.write(client, writes([id], 'opportunity'));
    expect((await write.read(client, 'lifecyclestage', [id])).get(id)?.value).toBe('customer');
    portal.wait(1000);
    await write.write(client, writes([id], ''));
    portal.wait(1000);
    await write.write(client, writes([id], 'opportunity'));
    expect((await write.read(client, 'lifecyclestage', [id])).get(id)?.value).toBe('opportunity');
    const events = eventsOf(portal.map('companies', await portal.pull('companies', null)));
    expect(events.filter((event) => event.type === 'crm.stage_changed').map((event) => event.attributes)).toMatchObject(
      [{ to: 'customer' }, { from: 'customer', to: 'opportunity', source: 'INTEGRATION' }],
    );
  });

  it.each(['multi-status', 'missing', 'reject'] as const)(
    'H4, F2: one refused record of a batch fails alone (%s)',
    async (batchErrors) => {
      const client = await portal.connect();
      const made = Array.from({ length: 20 }, (_, index) => portal.company(`Company ${index}`));
      const [deleted = '', refused = ''] = made;
      portal.rig.handle.archive(PORTAL, 'companies', deleted);
      portal.rig.handle.settings.refusedWrites.set(`${PORTAL}:companies:${refused}`, 'A required property is missing');
      portal.rig.handle.settings.batchErrors = batchErrors;
      const results = await write.write(client, writes(made, 'customer'));
      expect(results.map((result) => result.traceId).toSorted()).toEqual(made.map((id) => `trace-${id}`).toSorted());
      const failed = results.filter((result) => result.outcome === 'failed').map((result) => result.traceId);
      expect(failed.toSorted()).toEqual([`trace-${deleted}`, `trace-${refused}`].toSorted());
      expect(portal.rig.handle.writes()).toHaveLength(18);
    },
  );

  it('I5: a write is never repeated by itself, and a property that is missing fails the batch as one', async () => {
    const client = await portal.connect();
    const made = [portal.company('One'), portal.company('Two')];
    portal.rig.faults.add({ kind: 'server-error', match: { path: '/batch/update' }, times: 1 });
    await expect(write.write(client, writes(made, 'customer'))).rejects.toMatchObject({
      fault: { kind: 'transient' },
    });
    expect(portal.rig.handle.writes()).toHaveLength(0);
    const session = testSession({
      classify: hubspot.classify,
      baseUrls: { api: portal.rig.url },
      token: portal.rig.token(),
    });
    await write.write(await hubspot.connect(session), writes(made, 'customer'));
    expect(session.calls.map((call) => call.idempotent)).toEqual([false]);
    await expect(write.write(client, writes(made, 'x', 'no_such_property'))).rejects.toMatchObject({
      fault: { kind: 'rejected', message: expect.stringContaining('PROPERTY_DOESNT_EXIST') },
    });
  });
});
