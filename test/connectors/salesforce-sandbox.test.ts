import { salesforce } from '@waymark/connector-salesforce';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ORG } from '../../apps/sandbox/src/salesforce/org-rig.ts';
import { DAY, ids, last, MINUTE, SalesforceOrg } from './salesforce-org.ts';

let org: SalesforceOrg;

beforeEach(async () => {
  org = await SalesforceOrg.start();
});
afterEach(() => org.rig.close());

describe('salesforce, with the real SDK', () => {
  it('names the org', async () => {
    const client = await org.connect({});
    expect(await salesforce.identify(client)).toMatchObject({ externalAccountId: ORG, label: 'Org One' });
  });

  it('D8: reads a bulk update of one instant by pages, and what was committed late', async () => {
    const made = Array.from({ length: 2300 }, (_, index) => org.account(`Account ${index}`));
    const rest = last(await org.pull('accounts', null)).cursor;
    org.wait(20 * MINUTE);
    org.rig.handle.bulkPatch(ORG, 'Account', made, { Industry: 'Shipping' }, { at: org.now() });
    const pages = await org.pull('accounts', rest);
    expect(ids(pages).toSorted()).toEqual(made.toSorted());
    expect(pages).toHaveLength(3);

    org.wait(20 * MINUTE);
    const rested = last(await org.pull('accounts', last(pages).cursor)).cursor;
    const late = org.account('Late', {}, org.now() - 5 * MINUTE);
    expect(ids(await org.pull('accounts', rested))).toContain(late);
    expect(DAY).toBeGreaterThan(0);
  });
});
