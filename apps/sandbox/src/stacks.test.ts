import { expect, it } from 'vitest';
import { sampleOrgs } from './salesforce/seed.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';

const ANCHOR = Date.parse('2026-06-10T16:00:00Z');
const STEPS = 12;

async function withSandbox(options: SandboxOptions, work: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  const sandbox = await startSandbox({ anchor: ANCHOR, caps: 'generous', ...options });
  try {
    await work(sandbox);
  } finally {
    await sandbox.close();
  }
}

const mails = (mailboxes: Readonly<Record<string, { readonly messages: object }>>): number =>
  Object.values(mailboxes).reduce((sum, mailbox) => sum + Object.keys(mailbox.messages).length, 0);

it('holds the sample at Microsoft and Salesforce alone where the stack says so, and time goes on there', () =>
  withSandbox({ stack: 'microsoft-salesforce' }, async ({ google, hubspot, microsoft, salesforce, world, tick }) => {
    const count = () => ({
      mails: mails(microsoft.handle.state().mailboxes),
      cases: salesforce.handle.book(sampleOrgs.main).rows('Case').length,
    });
    const before = count();
    expect(before.mails).toBeGreaterThan(5000);
    expect(before.cases).toBe(world.tickets.length);
    expect(mails(google.handle.state().mailboxes)).toBe(3);
    expect(Object.keys(hubspot.handle.book(hubspot.handle.portalIds[0] ?? 0).portal.objects.companies)).toEqual([]);
    for (let step = 0; step < STEPS; step += 1) await tick();
    const after = count();
    expect(after.mails).toBeGreaterThan(before.mails);
    expect(after.cases).toBeGreaterThan(before.cases + 2);
  }));

it('splits mailboxes and accounts in the mixed stack without losing or doubling any', () =>
  withSandbox({ stack: 'mixed' }, async ({ stack, world, zendesk, tick }) => {
    const all = (parts: Readonly<Record<string, readonly string[]>>) => Object.values(parts).flat().toSorted();
    expect(all(stack.mailboxes)).toEqual(world.vendor.staff.map((person) => person.email).toSorted());
    expect(all(stack.accounts)).toEqual(world.accounts.map((account) => account.key).toSorted());
    for (const part of [...Object.values(stack.mailboxes), ...Object.values(stack.accounts)])
      expect(part.length).toBeGreaterThan(3);
    const tickets = () => Object.keys(zendesk.handle.account('lumenledger').tickets).length;
    const before = tickets();
    expect(before).toBe(world.tickets.length);
    for (let step = 0; step < STEPS; step += 1) await tick();
    expect(tickets()).toBeGreaterThan(before + 2);
  }));
