import { accountHistory, onboardingDays, onboardingHistory, type OnboardingDays } from './account-history.ts';
import type { BusinessCalendar } from './business-calendar.ts';
import { COMPANIES, FIRST_NAMES, LAST_NAMES } from './names.ts';
import type { Plot } from './plot.ts';
import type { Random } from './random.ts';
import { staffOf } from './vendor.ts';
import type { Staff, WorldAccount, WorldPerson } from './world.ts';

/** An account with its plot, its people (the champion first) and those of the vendor who look after it. */
export interface Cast {
  readonly account: WorldAccount;
  readonly plot: Plot;
  readonly people: readonly WorldPerson[];
  readonly csm: Staff;
  readonly sales: Staff;
  readonly onboarding: OnboardingDays;
}

const RESELLER = { name: 'Harborline Partners', domain: 'harborline.example' } as const;

const TITLES: Record<WorldPerson['persona'], readonly string[]> = {
  champion: ['Finance Operations Manager', 'Controller', 'Head of Accounting', 'Finance Systems Lead'],
  admin: ['Finance Systems Administrator', 'ERP Administrator', 'IT Manager'],
  buyer: ['Chief Financial Officer', 'VP Finance', 'Director of Procurement'],
  user: [
    'Accounts Payable Specialist',
    'Accounts Receivable Clerk',
    'Staff Accountant',
    'Payroll Lead',
    'Billing Analyst',
  ],
  other: ['Office Manager', 'Operations Coordinator'],
};

const VALUES = { enterprise: [90_000, 240_000], mid: [24_000, 80_000], small: [4_800, 18_000] } as const;
const DAY = 86_400_000;

function ascii(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll('ø', 'o')
    .replaceAll(/[^a-zA-Z]/g, '')
    .toLowerCase();
}

function address(pattern: number, first: string, last: string, domain: string): string {
  const [f, l] = [ascii(first), ascii(last)];
  const local =
    pattern === 0
      ? `${f}.${l}`
      : pattern === 1
        ? `${f.charAt(0)}${l}`
        : pattern === 2
          ? `${f}${l.charAt(0)}`
          : `${f}_${l}`;
  return `${local}@${domain}`;
}

/** When someone came and went; the champion of a champion-left story goes 19 days before the end. */
function tenure(random: Random, plot: Plot, position: number): { joined: number; left?: number } {
  const start = Math.min(-400, (plot.formerly?.since ?? plot.since ?? -120) - 150);
  if (position === 0) return plot.story === 'champion-left' ? { joined: start, left: -19 } : { joined: start };
  if (position < 2) return { joined: start };
  if (plot.story === 'ready-to-expand' && position >= plot.people - 2) return { joined: -random.int(35, 60) };
  if (plot.story.startsWith('healthy') && position === plot.people - 1 && random.chance(0.5)) {
    return { joined: start, left: -random.int(120, 260) };
  }
  return { joined: random.chance(0.3) ? -random.int(90, 300) : start };
}

function drawPeople(
  random: Random,
  plot: Plot,
  account: WorldAccount,
  calendar: BusinessCalendar,
  taken: Set<string>,
): WorldPerson[] {
  const people: WorldPerson[] = [];
  const pattern = random.int(0, 3);
  const domain = plot.viaReseller ? RESELLER.domain : account.domains[0];
  while (people.length < plot.people) {
    const position = people.length;
    const [first, last] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)];
    // A company with two domains has people behind both; its champion is behind the main one.
    const home = !plot.viaReseller && position > 0 && random.chance(0.35) ? (account.domains[1] ?? domain) : domain;
    const freeMail =
      domain === undefined || (plot.story === 'healthy' && plot.tier === 'mid' && position === 3 && random.chance(0.3));
    const main = freeMail
      ? `${ascii(first)}.${ascii(last)}${random.int(61, 99)}@gmail.com`
      : address(pattern, first, last, home ?? domain);
    if (taken.has(main) || taken.has(`${first} ${last}`)) continue;
    taken.add(main).add(`${first} ${last}`);
    const persona = (['champion', 'admin', 'buyer'] as const)[position] ?? (random.chance(0.85) ? 'user' : 'other');
    const { joined, left } = tenure(random, plot, position);
    const alias = !freeMail && position > 0 && random.chance(0.12) ? `${ascii(first)}@${home ?? domain}` : undefined;
    people.push({
      key: `${account.key}-p${position + 1}`,
      account: account.key,
      name: `${first} ${last}`,
      addresses: alias && !taken.has(alias) ? [main, alias] : [main],
      title: random.pick(TITLES[persona]),
      persona,
      joinedAt: calendar.timeOf(calendar.opening(joined)),
      ...(left === undefined ? {} : { leftAt: calendar.timeOf(calendar.opening(left) + 500) }),
      // Someone who came lately, or who has no part in the deal, is often missing from the CRM; a free-mail address that is
      // missing could never be matched, and neither could one behind a shared domain.
      inCrm: position < 2 || freeMail || plot.viaReseller === true || random.chance(0.82),
    });
    if (alias) taken.add(alias);
  }
  return people;
}

/** Gives every plot a company, its people, a CSM and a seller. */
export function drawRoster(random: Random, plots: readonly Plot[], calendar: BusinessCalendar): readonly Cast[] {
  const companies = random.shuffle(COMPANIES);
  const csms = random.shuffle(staffOf('csm'));
  const sellers = staffOf('sales');
  const taken = new Set<string>();
  let turn = 0;
  return plots.map((plot, index) => {
    const isReseller = plot.lifecycle === 'partner' && plot.tier === 'mid';
    const [name, label] = isReseller
      ? [RESELLER.name, 'harborline']
      : (companies[index] ?? ['Sample Company', `sample-${index}`]);
    const own = random.fork(label);
    const csm = csms[turn++ % csms.length];
    const sales = sellers[index % sellers.length];
    if (!csm || !sales) throw new RangeError('The vendor needs at least one CSM and one seller.');
    const domains = plot.freeMail
      ? []
      : plot.viaReseller
        ? [`${label}.example`, RESELLER.domain]
        : own.chance(0.12) && !isReseller
          ? [`${label}.example`, `${label}-group.example`]
          : [`${label}.example`];
    const [low, high] = VALUES[plot.tier];
    const won = plot.lifecycle === 'customer' || plot.lifecycle === 'churned';
    const onboarding = onboardingDays(own.fork('onboarding'), plot);
    const account: WorldAccount = {
      key: label,
      name,
      domains,
      lifecycle: plot.lifecycle,
      lifecycleHistory: accountHistory(own, plot, calendar),
      tier: plot.tier,
      value: won || plot.lifecycle === 'opportunity' ? Math.round(own.range(low, high) / 100) * 100 : 0,
      ...(won && !plot.csmUnnamed ? { csm: csm.email } : {}),
      owner: plot.csmUnnamed ? csm.email : sales.email,
      ...(plot.since === undefined ? {} : { customerSince: calendar.timeOf(calendar.opening(plot.since) + 300) }),
      ...(plot.renewal === undefined ? {} : { renewalAt: calendar.wall(0, 0) + plot.renewal * DAY }),
      ...(plot.viaReseller ? { parent: 'harborline' } : {}),
      ...onboardingHistory(plot, onboarding, calendar),
    };
    return {
      account,
      plot,
      people: drawPeople(own.fork('people'), plot, account, calendar, taken),
      csm,
      sales,
      onboarding,
    };
  });
}
