import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEMBER, ORG, startRig, type OrgRig } from './org-rig.ts';

let rig: OrgRig;
beforeAll(async () => {
  rig = await startRig();
  for (let index = 0; index < 25; index += 1) rig.handle.upsert(ORG, 'Account', { Name: `Bulk "${index}"` });
});
afterAll(() => rig.close());

const JOBS = '/jobs/query';
const make = (query: string, operation = 'query') => rig.call('POST', JOBS, { operation, query });
const settled = async (id: string): Promise<unknown> => {
  rig.clock.offset += 1000;
  return (await rig.call('GET', `${JOBS}/${id}`)).json;
};

describe('a bulk query', () => {
  it('goes through its states, then gives pages of CSV of which each names the next', async () => {
    rig.clock.standsAt = Date.now();
    const made = await make('SELECT Id, Name, SystemModstamp, Parent.Name FROM Account ORDER BY Id');
    expect(made.json).toMatchObject({ state: 'UploadComplete', object: 'Account', operation: 'query', apiVersion: 66 });
    const { id } = Object(made.json);
    expect((await rig.call('GET', `${JOBS}/${id}/results`)).status).toBe(400);
    rig.clock.standsAt = undefined;
    expect(await settled(id)).toMatchObject({ state: 'JobComplete', numberRecordsProcessed: 25 });
    const pages: string[] = [];
    let locator = '';
    do {
      const page = await rig.call('GET', `${JOBS}/${id}/results?maxRecords=10${locator}`);
      expect(page.headers.get('content-type')).toContain('text/csv');
      expect(page.headers.get('sforce-numberofrecords')).toBe(pages.length < 2 ? '10' : '5');
      pages.push(page.text);
      locator = `&locator=${page.headers.get('sforce-locator')}`;
    } while (locator !== '&locator=null');
    const lines = pages.flatMap((page) => page.trim().split('\n').slice(1));
    expect([pages.length, lines.length]).toEqual([3, 25]);
    expect(pages[0]?.split('\n')[0]).toBe('"Id","Name","SystemModstamp","Parent.Name"');
    expect(lines[3]).toMatch(/^"001\w{15}","Bulk ""3""","\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z",""$/);
    const bad = await rig.call('GET', `${JOBS}/${id}/results?locator=zzzz`);
    expect(bad.json).toMatchObject([{ errorCode: 'INVALID_QUERY_LOCATOR' }]);
    expect((await rig.call('GET', `${JOBS}/${id}`, undefined, rig.token(MEMBER))).status).toBe(404);
    expect((await rig.call('DELETE', `${JOBS}/${id}`)).status).toBe(204);
    expect((await rig.call('GET', `${JOBS}/${id}`)).status).toBe(404);
  });

  it('tells of deleted records with queryAll, and can be aborted', async () => {
    const gone = String(rig.handle.findBy(ORG, 'Account', 'Name', 'Bulk "7"')[0]?.['Id']);
    rig.handle.remove(ORG, 'Account', gone);
    const count = async (operation: string): Promise<unknown> => {
      const { id } = Object((await make('SELECT Id FROM Account', operation)).json);
      return Object(await settled(id)).numberRecordsProcessed;
    };
    expect([await count('query'), await count('queryAll')]).toEqual([24, 25]);
    const { id } = Object((await make('SELECT Id FROM Account')).json);
    expect((await rig.call('PATCH', `${JOBS}/${id}`, { state: 'Aborted' })).json).toMatchObject({ state: 'Aborted' });
  });

  it('is refused for a query that cannot run, where it is switched off, and can fail', async () => {
    expect((await make('SELECT Nope FROM Account')).json).toMatchObject([{ errorCode: 'INVALID_FIELD' }]);
    expect((await make('SELECT COUNT() FROM Account')).status).toBe(400);
    rig.handle.settings.bulkRefused = true;
    expect((await make('SELECT Id FROM Account')).json).toMatchObject([{ errorCode: 'FEATURENOTENABLED' }]);
    rig.handle.settings.bulkRefused = false;
    rig.handle.settings.bulkFailure = 'InternalServerError : Unknown';
    const { id } = Object((await make('SELECT Id FROM Account')).json);
    expect(await settled(id)).toMatchObject({ state: 'Failed', errorMessage: 'InternalServerError : Unknown' });
    rig.handle.settings.bulkFailure = undefined;
  });
});
