import { setTimeout as sleep } from 'node:timers/promises';
import { sampleTeams, samplePortals, startSandbox, type Sandbox } from '@waymark/sandbox';
import type { Change } from './latency-trace.ts';

/**
 * The outside world of the latency row, a process of its own: the sandbox with more customers and channels, which changes a customer's
 * champion at a steady rate and tells, by one clock, how long it took until Slack was told.
 */

/** What the process is asked. */
export type Ask =
  | { readonly ask: 'go'; readonly perSecond: number; readonly patienceMs: number }
  | { readonly ask: 'end' };
/** What it answers, in the order of the changes. */
export type Tell =
  | { readonly tell: 'ready'; readonly urls: Sandbox['urls'] }
  | {
      readonly tell: 'done';
      readonly changes: readonly Change[];
      readonly spanMs: number;
      /** What Waymark answered to the webhooks, by status. */
      readonly answers: Readonly<Record<string, number>>;
    };

const day = 86_400_000;
const isoDay = (at: number): string => new Date(at).toISOString().slice(0, 10);
const [accounts = 1000, channels = 100] = process.argv.slice(2).map(Number);
const tell = (message: Tell): void => void process.send?.(message);

const sandbox = await startSandbox({ caps: 'generous', autoConsent: true });
const crm = sandbox.hubspot.handle;
const slack = sandbox.slack.handle;
const portal = samplePortals.main;
const bot = (): string | undefined =>
  Object.values(slack.workspace.state.users).find((user) => user.team === sampleTeams.main && user.isBot)?.id;

const channelIds = Array.from(
  { length: channels },
  (_, at) =>
    slack.workspace.addChannel({ team: sampleTeams.main, name: `bench-${at}`, kind: 'public', members: [] }).id,
);
const now = Date.now();
const customers = Array.from({ length: accounts }, (_, at) => {
  const name = `Bench Customer ${String(at).padStart(5, '0')}`;
  const company = crm.upsert(portal, 'companies', {
    at: now - 300 * day,
    properties: {
      name,
      domain: `bench-${at}.example`,
      lifecyclestage: 'customer',
      csm: `csm-${at % channels}@bench.example`,
      customer_since: isoDay(now - 300 * day),
      renewal_date: isoDay(now + 300 * day),
      onboarding_status: 'live',
    },
  });
  const contact = crm.upsert(portal, 'contacts', {
    at: now - 300 * day,
    properties: {
      email: `champion@bench-${at}.example`,
      firstname: 'Kim',
      lastname: `Number ${at}`,
      hs_buying_role: 'CHAMPION',
    },
    associate: [['companies', company.id]],
  });
  return { name, contactId: contact.id, channelId: channelIds[at % channels] ?? '' };
});
// The vendor collects webhooks for a moment; here each goes at once.
crm.settings.webhookDelayMs = 1;
tell({ tell: 'ready', urls: sandbox.urls });

async function go(perSecond: number, patienceMs: number): Promise<void> {
  const member = bot();
  if (member !== undefined) {
    for (const id of channelIds) {
      const channel = slack.workspace.state.channels[id];
      if (channel && !channel.members.includes(member)) channel.members.push(member);
    }
  }
  const begun = new Map<string, { readonly made: Change; readonly index: number }>();
  const waiting = new Map<string, Set<string>>(channelIds.map((id) => [id, new Set()]));
  const changes: Change[] = customers.map(({ contactId }) => ({ contactId, madeAt: 0, seenAt: null }));
  // The clock of the rows, at the fineness of the process's own.
  const clock = () => performance.timeOrigin + performance.now();
  let open = customers.length;
  const unwatch = slack.onChange(({ channel }) => {
    const names = channel === undefined ? undefined : waiting.get(channel);
    if (channel === undefined || !names || names.size === 0) return;
    const last = JSON.stringify(slack.workspace.messages(channel).slice(-3));
    for (const name of names) {
      const change = begun.get(name);
      if (!change || !last.includes(name)) continue;
      names.delete(name);
      changes[change.index] = { ...change.made, seenAt: clock() };
      open -= 1;
    }
  });
  const firstDelivery = webhooks().length;
  const start = performance.now();
  for (const [index, { name, contactId, channelId }] of customers.entries()) {
    const due = start + (index * 1000) / perSecond;
    if (due > performance.now()) await sleep(due - performance.now());
    begun.set(name, { made: { contactId, madeAt: clock(), seenAt: null }, index });
    waiting.get(channelId)?.add(name);
    crm.upsert(portal, 'contacts', { id: contactId, properties: { left_date: isoDay(Date.now()) } });
  }
  const until = performance.now() + patienceMs;
  while (open > 0 && performance.now() < until) await sleep(20);
  unwatch();
  const answers: Record<string, number> = {};
  for (const { status } of webhooks().slice(firstDelivery)) answers[status] = (answers[status] ?? 0) + 1;
  tell({ tell: 'done', changes, spanMs: performance.now() - start, answers });
}

const webhooks = () => crm.deliveries;

process.on('message', (message: Ask) => {
  if (message.ask === 'go') void go(message.perSecond, message.patienceMs);
  else void sandbox.close().then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));
