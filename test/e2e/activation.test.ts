import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { templateFile } from '@waymark/lifecycle';
import {
  accountRecords,
  accounts,
  checkpoints,
  flags,
  journeyActivations,
  writebackMappings,
  writebackPlans,
} from '@waymark/store';
import { removeHome, temporaryHome } from '@waymark/store/testing/home';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openStack, type LiveStack } from './stack-run.ts';
import { startWaymark } from './waymark-process.ts';

const flag = z.looseObject({ rule: z.string() });
const whatIfForm = z.object({
  differing: z.array(
    z.looseObject({
      accountId: z.string(),
      stage: z.object({ before: z.string().nullable(), after: z.string().nullable() }).nullable(),
      opened: z.array(flag),
      withdrawn: z.array(flag),
    }),
  ),
  fields: z.array(z.object({ externalId: z.string(), before: z.string().nullable(), after: z.string().nullable() })),
});
const switchForm = z.object({
  changed: z.boolean(),
  returned: z.boolean(),
  digests: z.number(),
  plans: z.array(z.object({ planId: z.string(), writes: z.number() })),
  faults: z.array(z.string()),
});
const planForm = z.looseObject({
  items: z.array(z.looseObject({ externalId: z.string(), before: z.string(), after: z.string() })),
});
const outcomeForm = z.looseObject({ counts: z.looseObject({ verified: z.number(), failed: z.number() }) });

/** A rule that raises a flag on every customer. */
const anyCustomer = `rules:
  - id: any_customer
    kind: risk
    severity: medium
    title: A customer at all
    when: { signal: days_since_customer, op: '>=', value: 1 }
    reason: 'A customer for {days_since_customer}'
    clears: Nothing does.
    nextStep: Look.
`;

/** A whole switch of a definition on the sample company, by the commands that a person gives, against the CRM and Slack of the sandbox. */
describe('a definition that is put in force and taken back', { timeout: 400_000 }, () => {
  let live: LiveStack;
  let home = '';
  let file = '';

  beforeAll(async () => {
    // A command is a process with a clock of its own: the sample ends now.
    live = await openStack('google-hubspot', Date.now(), { people: 1, historyDays: 150 });
    home = await temporaryHome('activation');
    file = join(home, 'changed.yaml');
    const shipped = await readFile(templateFile('nine-stages'), 'utf8');
    const changed = shipped
      .replace(/^version: \d+/m, 'version: 90')
      .replace(/^rules:\n/m, anyCustomer)
      .replace(/(falling_by:\n\s+value:) \d+/, '$1 40')
      .replace(
        "when: { signal: days_since_customer, op: '>=', value: 180 }",
        "when: { signal: days_since_customer, op: '>=', value: 400 }",
      );
    expect(changed.match(/value: (?:40|400)\b|any_customer$/gm)?.length).toBeGreaterThanOrEqual(3);
    await writeFile(file, changed);
  }, 500_000);
  afterAll(async () => {
    await live?.close();
    await removeHome(home);
  });

  const command = async <T>(form: z.ZodType<T>, ...args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await startWaymark([...args, '--json'], live.environment).ended;
    expect(code, stderr).toBe(0);
    return form.parse(JSON.parse(stdout));
  };
  const inside = <T>(work: Parameters<typeof live.waymark.database.inWorkspace<T>>[1]) =>
    live.waymark.database.inWorkspace(live.workspace.workspaceId, work);

  /** Stage and open rules of every account. */
  const standing = () =>
    inside(async (tx) => {
      const open = (await flags(tx, { openOnly: true })).filter((one) => one.kind !== 'data_gap');
      const states = new Map((await checkpoints(tx)).map((one) => [one.accountId, one]));
      return new Map(
        (await accounts(tx)).map(({ accountId }) => [
          accountId,
          {
            stage: states.get(accountId)?.stage ?? null,
            rules: open.flatMap((one) => (one.accountId === accountId ? [one.rule] : [])).toSorted(),
          },
        ]),
      );
    });
  /** What the records of the CRM hold, asked of the CRM itself. */
  const held = async () => {
    const { property, ids } = await inside(async (tx) => {
      const [mapping] = await writebackMappings(tx);
      if (!mapping) throw new Error('The sample has no mapping.');
      const records = await accountRecords(tx, { installationId: mapping.installationId });
      return { property: mapping.property, ids: records.map((one) => one.externalId) };
    });
    const crm = live.sandbox.hubspot.handle;
    const [portal = 0] = crm.portalIds;
    const book = crm.book(portal);
    return new Map(ids.map((id) => [id, book.value('companies', book.get('companies', id), property) ?? '']));
  };
  const posts = () =>
    live.waymark.database.inWorkspace(live.workspace.workspaceId, async (tx) => {
      const { rows } = await tx.query<{ alert_key: string; action: string; state: string; text: string }>(
        `SELECT alert_key, action, state, payload::text AS text FROM outbox WHERE workspace_id = $1 ORDER BY created_at, outbox_id`,
        [tx.workspaceId],
      );
      return rows;
    });
  const settledPosts = async () => {
    for (let turn = 0; turn < 240; turn += 1) {
      live.server.wake(live.workspace.workspaceId);
      const rows = await posts();
      if (rows.every((one) => one.state !== 'pending' && one.state !== 'sending')) return rows;
      await sleep(500);
    }
    throw new Error('Slack was not told.');
  };

  const isDigest = (key: string) => key.includes(':digest:');

  it('does what whatif said, tells each CSM once, writes to the CRM on approval alone, and all of it back', async () => {
    const [before, heldBefore] = [await standing(), await held()];
    const postsBefore = await settledPosts();
    const foreseen = await command(whatIfForm, 'whatif', file);
    expect(foreseen.differing.length).toBeGreaterThan(5);

    const switched = await command(switchForm, 'journey', 'activate', file);
    expect(switched).toMatchObject({ changed: true, returned: false, faults: [] });
    // Stages and flags are those that were foreseen, account by account.
    const after = await standing();
    const differing = new Map(foreseen.differing.map((one) => [one.accountId, one]));
    for (const [accountId, was] of before) {
      const said = differing.get(accountId);
      const withdrawn = said?.withdrawn.map((one) => one.rule) ?? [];
      expect({ accountId, ...after.get(accountId) }).toEqual({
        accountId,
        stage: said?.stage ? said.stage.after : was.stage,
        rules: [
          ...was.rules.filter((rule) => !withdrawn.includes(rule)),
          ...(said?.opened.map((one) => one.rule) ?? []),
        ].toSorted(),
      });
    }

    // One digest for each CSM, and no alert of an account's own.
    const posted = (await settledPosts()).slice(postsBefore.length);
    expect(switched.digests).toBeGreaterThan(0);
    expect(posted.filter((one) => isDigest(one.alert_key) && one.state === 'sent')).toHaveLength(switched.digests);
    expect(posted.filter((one) => one.action === 'post' && !isDigest(one.alert_key))).toEqual([]);

    // Nothing is written before a person has seen it; the plan is what whatif listed.
    expect(await held()).toEqual(heldBefore);
    const [plan] = switched.plans;
    if (!plan) throw new Error('There is no plan.');
    const drafted = await command(planForm, 'writeback', 'show', plan.planId);
    const byRecord = (one: { readonly externalId: string }) => one.externalId;
    const listed = (items: readonly { externalId: string; before: string | null; after: string | null }[]) =>
      items
        .map(({ externalId, before: from, after: to }) => ({ externalId, from, to }))
        .toSorted((a, b) => (byRecord(a) < byRecord(b) ? -1 : 1));
    expect(listed(drafted.items)).toEqual(listed(foreseen.fields));
    expect(drafted.items.length).toBeGreaterThan(0);

    const { counts } = await command(outcomeForm, 'writeback', 'approve', plan.planId);
    expect(counts).toMatchObject({ verified: drafted.items.length, failed: 0 });
    const heldAfter = await held();
    for (const { externalId, after: value } of drafted.items) expect(heldAfter.get(externalId)).toBe(value);

    // And back: the same answers, the same flags, and a plan that gives the records what they held.
    const returned = await command(switchForm, 'journey', 'rollback');
    expect(returned).toMatchObject({ changed: true, returned: true, faults: [] });
    expect(await standing()).toEqual(before);
    expect(await held()).toEqual(heldAfter);
    const [back] = returned.plans;
    if (!back) throw new Error('There is no plan back.');
    await command(outcomeForm, 'writeback', 'approve', back.planId);
    expect(await held()).toEqual(heldBefore);
    const again = (await settledPosts()).slice(postsBefore.length + posted.length);
    expect(again.filter((one) => one.action === 'post' && !isDigest(one.alert_key))).toEqual([]);
    const { changes, plans } = await inside(async (tx) => ({
      changes: await journeyActivations(tx),
      plans: await writebackPlans(tx),
    }));
    expect(changes.map((one) => one.kind)).toEqual(['activated', 'activated', 'rolled_back']);
    expect(plans.filter((one) => one.state === 'draft')).toEqual([]);
  });
});
