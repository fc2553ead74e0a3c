import { salesforce } from '@waymark/connector-salesforce';
import { entityFact, eventDraft } from '@waymark/journey';
import { createSession, Limits, priority } from '@waymark/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { field, picklist, reference } from '../../apps/sandbox/src/salesforce/field.ts';
import { ADMIN, MEMBER, ORG } from '../../apps/sandbox/src/salesforce/org-rig.ts';
import { PROFILES } from '../../apps/sandbox/src/salesforce/org.ts';
import { declaration, SalesforceOrg, streamOf } from './salesforce-org.ts';
import { DAY, eventsOf, ids, last, MINUTE } from './streams.ts';

let org: SalesforceOrg;

beforeEach(async () => {
  org = await SalesforceOrg.start();
  org.rig.handle.setFields(ORG, 'Account', [
    reference('CSM__c', ['User'], { tracked: true }),
    field('Renewal_Date__c', 'date', { tracked: true }),
    field('Annual_Value__c', 'currency'),
    picklist('Stage__c', ['Sales', 'Onboarding', 'Live'], { tracked: true, restricted: true }),
  ]);
});
afterEach(() => org.rig.close());

describe('salesforce on an org that changes, with the real SDK', () => {
  it('names the org, whoever is connected', async () => {
    for (const username of [ADMIN, MEMBER]) {
      const client = await org.connect({}, username);
      expect(await salesforce.identify(client)).toMatchObject({ externalAccountId: ORG, label: 'Org One' });
    }
    expect(org.rig.handle.unknownPaths).toEqual([]);
  });

  it('D8, D2: reads a bulk update of one instant by pages, and what was committed late', async () => {
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
  });

  it('goes on from the cursor of any page without losing a record, backfill and live', async () => {
    org.rig.handle.settings.batchSize = 40;
    const made = Array.from({ length: 130 }, (_, index) => org.account(`Account ${index}`));
    const whole = await org.pull('accounts', null);
    expect(whole.length).toBeGreaterThan(3);
    for (const [index, page] of whole.slice(0, -1).entries()) {
      const rest = await org.pull('accounts', page.cursor);
      expect(new Set([...ids(whole.slice(0, index + 1)), ...ids(rest)])).toEqual(new Set(made));
      expect(rest[0]?.enumeration).toEqual(page.enumeration);
    }
    org.wait(20 * MINUTE);
    org.rig.handle.bulkPatch(ORG, 'Account', made, { Industry: 'Rail' }, { at: org.now() });
    const changed = await org.pull('accounts', last(whole).cursor);
    for (const [index, page] of changed.slice(0, -1).entries()) {
      org.rig.handle.expireLocators();
      const rest = await org.pull('accounts', page.cursor);
      expect([...ids(changed.slice(0, index + 1)), ...ids(rest)].toSorted()).toEqual(made.toSorted());
    }
  });

  it('D4: what changes while a run pages belongs to the next one', async () => {
    org.rig.handle.settings.batchSize = 50;
    const made = Array.from({ length: 120 }, (_, index) => org.account(`Account ${index}`));
    const client = await org.connect();
    const context = { mode: 'backfill', since: 0, until: org.now() } as const;
    let cursor: unknown;
    for await (const page of streamOf('accounts').pull(client, null, '', context)) {
      if (cursor === undefined)
        org.rig.handle.patch(ORG, 'Account', made[0] ?? '', { Industry: 'Sea' }, { at: org.now() });
      cursor = page.cursor;
    }
    expect(ids(await org.pull('accounts', cursor))).toContain(made[0]);
  });

  it('D9, N10, B6: deletes are told by the recycle bin, merges by the survivor, and what was purged by the nightly list', async () => {
    const [winner = '', loser = '', deleted = '', purged = ''] = ['W', 'L', 'D', 'P'].map((name) => org.account(name));
    const rest = last(await org.pull('accounts', null)).cursor;
    org.wait(20 * MINUTE);
    org.rig.handle.merge(ORG, 'Account', winner, loser, { at: org.now() });
    org.rig.handle.remove(ORG, 'Account', deleted, { at: org.now() });
    org.rig.handle.purge(ORG, 'Account', purged);
    const pages = await org.pull('accounts', rest);
    expect(new Set(pages.flatMap((page) => page.gone).map(({ id, certain }) => `${id} ${certain}`))).toEqual(
      new Set([`${loser} true`, `${deleted} true`]),
    );
    const facts = org.map('accounts', pages).flatMap((each) => ('entities' in each ? (each.entities ?? []) : []));
    expect(facts).toContainEqual(expect.objectContaining({ externalId: winner, mergedIds: [loser] }));
    org.wait(DAY);
    const nightly = await org.pull('accounts', last(pages).cursor, { mode: 'resync' });
    expect(ids(nightly)).toEqual([winner]);
    expect(nightly.every((page) => page.enumeration !== undefined)).toBe(true);
  });

  it('maps tracked stages, owners and lookups with who wrote, and the same by REST and by Bulk (N4)', async () => {
    const [ada = '', mia = ''] = [ADMIN, MEMBER].map((name) =>
      String(org.rig.handle.findBy(ORG, 'User', 'Username', name)[0]?.['Id']),
    );
    const at = org.now() - 100 * DAY;
    const id = org.account(
      'Acme',
      { Website: 'www.acme.example', Stage__c: 'Sales', Annual_Value__c: 48_000, OwnerId: ada },
      at,
    );
    org.rig.handle.patch(ORG, 'Account', id, { Stage__c: 'Onboarding', CSM__c: mia }, { at: at + DAY, userId: mia });
    org.rig.handle.patch(ORG, 'Account', id, { OwnerId: mia, Renewal_Date__c: '2027-03-01' }, { at: at + 2 * DAY });
    const opportunity = org.make(
      'Opportunity',
      { Name: 'Acme', AccountId: id, StageName: 'Prospecting', CloseDate: '2026-12-01', Amount: 1200 },
      at,
    );
    org.rig.handle.patch(ORG, 'Opportunity', opportunity, { StageName: 'Closed Won' }, { at: at + 3 * DAY });
    for (const name of ['accounts', 'opportunities']) {
      const rest = await org.pull(name, null);
      const bulk = await org.pull(name, null, { client: await org.connect({ ...declaration, bulkFrom: 1 }) });
      expect(bulk.length).toBe(2);
      expect(org.map(name, bulk)).toEqual(org.map(name, rest));
      expect(bulk.flatMap((page) => page.records).map((record) => record.version)).toEqual(
        rest.flatMap((page) => page.records).map((record) => record.version),
      );
    }
    const second = (time: number): number => Math.floor(time / 1000) * 1000;
    const mapped = org.map('accounts', await org.pull('accounts', null));
    expect(mapped[0]).toMatchObject({
      entities: [{ csm: { ownerId: mia }, owner: { ownerId: mia }, value: 48_000, domains: ['acme.example'] }],
    });
    expect(eventsOf(mapped)).toMatchObject([
      { type: 'crm.stage_changed', occurredAt: second(at), attributes: { to: 'Sales' } },
      {
        type: 'crm.stage_changed',
        occurredAt: second(at + DAY),
        attributes: { from: 'Sales', to: 'Onboarding', sourceId: mia },
      },
      { type: 'crm.owner_changed', attributes: { owner: ada } },
      { type: 'crm.owner_changed', attributes: { from: ada, owner: mia } },
      { type: 'crm.property_changed', attributes: { role: 'renewalDate', to: '2027-03-01' } },
      { type: 'crm.property_changed', attributes: { role: 'csm', to: mia } },
      { type: 'crm.property_changed', attributes: { role: 'value', to: '48000', assumed: true } },
    ]);
    expect(eventsOf(org.map('opportunities', await org.pull('opportunities', null)))).toMatchObject([
      {
        type: 'deal.created',
        subject: `record:${id}`,
        attributes: { stage: 'Prospecting', probability: 0.1, amount: 1200 },
      },
      { type: 'deal.won', occurredAt: second(at + 3 * DAY) },
    ]);
  });

  it('reads many by Bulk, goes on after a kill, and by pages where Bulk is refused or fails', async () => {
    const made = Array.from({ length: 2500 }, (_, index) => org.account(`Account ${index}`));
    const settings = { ...declaration, bulkFrom: 1000 };
    org.rig.handle.settings.bulkPageSize = 1500;
    const whole = await org.pull('accounts', null, { client: await org.connect(settings) });
    expect(ids(whole)).toEqual(made.toSorted());
    expect(Object.keys(org.rig.handle.state.jobs)).toEqual([]);
    const middle = whole[1] ?? expect.fail('no second page');
    const rest = await org.pull('accounts', middle.cursor, { client: await org.connect(settings) });
    expect([...ids(whole.slice(0, 2)), ...ids(rest)]).toEqual(made.toSorted());
    org.rig.handle.settings.bulkFailure = 'QUERY_TIMEOUT';
    expect(ids(await org.pull('accounts', null, { client: await org.connect(settings) }))).toEqual(made.toSorted());
    org.rig.handle.settings.bulkRefused = true;
    expect(ids(await org.pull('accounts', null, { client: await org.connect(settings) }))).toEqual(made.toSorted());
  });

  it('takes the same mail once: by EmailMessage, not by the task beside it; a task alone is a mail (B1)', async () => {
    const account = org.account('Acme');
    const contact = org.make('Contact', { LastName: 'Kim', Email: 'kim@acme.example', AccountId: account });
    const at = org.now() - 10 * DAY;
    const task = { TaskSubtype: 'Email', Status: 'Completed', Priority: 'Normal', WhoId: contact, WhatId: account };
    const beside = org.make('Task', task, at);
    const alone = org.make('Task', task, at + DAY);
    org.make('Task', { ...task, TaskSubtype: 'Call' }, at);
    const opportunity = org.make(
      'Opportunity',
      { Name: 'Acme', AccountId: account, StageName: 'Prospecting', CloseDate: '2026-12-01' },
      at,
    );
    org.make(
      'EmailMessage',
      {
        ActivityId: beside,
        RelatedToId: opportunity,
        FromAddress: 'mia@one.example',
        ToAddress: 'kim@acme.example',
        MessageDate: new Date(at).toISOString(),
        MessageIdentifier: '<one@one.example>',
        Status: '3',
        TextBody: 'CANARY-what-a-person-wrote',
      },
      at,
    );
    const mails = await org.pull('emails', null);
    expect(JSON.stringify(mails)).not.toContain('CANARY-');
    expect(eventsOf(org.map('emails', mails))).toMatchObject([{ type: 'email.sent', subject: `record:${account}` }]);
    const tasks = await org.pull('tasks', null);
    expect(new Set(ids(tasks))).toEqual(new Set([beside, alone]));
    expect(org.map('tasks', tasks)).toMatchObject([
      { outcome: 'ignored', reason: 'told_by_mail' },
      { outcome: 'stored', events: [{ type: 'email.sent', subject: `record:${account}` }] },
    ]);
  });

  it('D12: asks for no hidden field, reads on for a user who is no administrator, and the probe says what is hidden', async () => {
    org.account('Acme', { Type: 'Customer' });
    org.rig.handle.profile(ORG, PROFILES.standard, (profile) => {
      profile.hiddenFields.push('Account.Renewal_Date__c', 'Contact.Title', 'EmailMessage.MessageIdentifier');
      profile.hiddenObjects.push('Case');
      profile.viewAll = true;
    });
    const client = await org.connect(declaration, MEMBER);
    for (const name of ['accounts', 'contacts', 'emails']) await org.pull(name, null, { client });
    await expect(org.pull('cases', null, { client })).rejects.toMatchObject({
      fault: { kind: 'scope-missing', message: expect.stringContaining('Case') },
    });
    const findings = (await salesforce.probe?.(client, declaration)) ?? [];
    const codes = findings
      .filter((finding) => finding.severity !== 'info')
      .map(({ code, message }) => `${code} ${message}`);
    expect(codes).toEqual([
      expect.stringContaining('field_hidden The connected user may not see Contact.Title'),
      expect.stringContaining('object_hidden The connected user may not read Case'),
      expect.stringContaining('field_hidden The connected user may not see EmailMessage.MessageIdentifier'),
      expect.stringContaining('property_missing Account has no field "Renewal_Date__c"'),
    ]);
    expect(await salesforce.probe?.(await org.connect(), declaration)).not.toContainEqual(
      expect.objectContaining({ severity: 'error' }),
    );
  });

  it('D12: the probe names what is declared and not there', async () => {
    org.account('Prospect');
    const settings = {
      customers: { property: 'Type', values: ['Nobody'] },
      properties: { csm: 'No_Such__c', renewalDate: 'Industry' },
      deals: { pipelineKinds: { Renewals: 'renewal' } },
      tickets: { escalatedStages: ['Burning'] },
      quota: { share: 0.01 },
    };
    org.rig.handle.settings.dailyCalls = 15_000;
    org.rig.handle.useCalls(ORG, 13_000);
    const findings = await salesforce.probe?.(
      await org.connect({ ...settings, quota: { share: 0.01, stopAbove: 1 } }),
      settings,
    );
    expect(
      findings
        ?.filter((finding) => finding.severity !== 'info')
        .map((finding) => finding.code)
        .toSorted(),
    ).toEqual([
      'customer_value_unknown',
      'no_customers',
      'pipeline_unknown',
      'property_missing',
      'property_type',
      'share_too_small',
      'ticket_stage_unknown',
    ]);
  });

  it('D10: a day that others have used up ends the run as deferred; so does our own share', async () => {
    org.account('Acme');
    org.rig.handle.settings.dailyCalls = 1000;
    org.rig.handle.useCalls(ORG, 1000);
    await expect(org.pull('accounts', null)).rejects.toMatchObject({
      fault: { kind: 'quota-exhausted', resumeAt: expect.any(Number) },
    });
  });

  it.each([
    { kind: 'server-error', fault: 'transient' },
    { kind: 'html-200', fault: 'transient' },
    { kind: 'truncated-json', fault: 'transient' },
    { kind: 'reset-mid-body', fault: 'transient' },
    { kind: 'too-many', fault: 'rate-limited' },
    { kind: 'forbidden-rate-limit', fault: 'quota-exhausted' },
    { kind: 'unauthorized', fault: 'token-expired' },
  ] as const)('A4: $kind ends the run as $fault, never as an empty page', async ({ kind, fault }) => {
    const id = org.account('Acme');
    const rest = last(await org.pull('accounts', null)).cursor;
    org.rig.handle.patch(ORG, 'Account', id, { Industry: 'Sea' }, { at: org.now() });
    for (const path of ['/sobjects/Account/describe', '/queryAll', 'AccountHistory']) {
      org.rig.faults.clear();
      org.rig.faults.add({ kind, match: { path } });
      for (const from of [null, rest]) {
        await expect(org.pull('accounts', from)).rejects.toMatchObject({ fault: { kind: fault } });
      }
    }
    org.rig.faults.clear();
  });

  it('E3: a 401 without end costs one refresh and two calls', async () => {
    let refreshed = 0;
    let calls = 0;
    org.rig.faults.add({ kind: 'unauthorized', match: { path: '/services/data' } });
    const session = createSession({
      limits: new Limits('salesforce', salesforce.manifest.buckets, { share: 1, scale: () => 1 }),
      priority: priority.live,
      accessToken: () => {
        calls += 1;
        return Promise.resolve('any');
      },
      refreshToken: () => {
        refreshed += 1;
        return Promise.resolve();
      },
      classify: salesforce.classify,
      baseUrls: { instance: org.rig.url },
      settings: {},
      grantedScopes: ['api'],
      signal: AbortSignal.timeout(20_000),
      now: () => org.now(),
      random: () => 0.5,
    });
    const client = await salesforce.connect(session);
    await expect(client.rows('SELECT Id FROM Account')).rejects.toMatchObject({ fault: { kind: 'token-expired' } });
    expect([refreshed, calls]).toEqual([1, 2]);
  });

  it('gives drafts and facts that the log takes', async () => {
    const account = org.account('Acme', { Type: 'Customer', Stage__c: 'Sales' });
    org.make('Contact', { LastName: 'Kim', Email: 'kim@acme.example', AccountId: account });
    org.make('Case', { AccountId: account, Status: 'New', Priority: 'High', Subject: 'Help' });
    for (const { name } of salesforce.streams) {
      for (const each of org.map(name, await org.pull(name, null))) {
        if (each.outcome !== 'stored') continue;
        for (const draft of each.events) expect(eventDraft.safeParse(draft).error).toBeUndefined();
        for (const fact of each.entities ?? []) entityFact.parse(fact);
      }
    }
    expect(org.rig.handle.unknownPaths).toEqual([]);
  });
});
