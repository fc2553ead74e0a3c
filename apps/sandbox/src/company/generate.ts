import { createBusinessCalendar } from './business-calendar.ts';
import { correspond } from './correspondence.ts';
import { sell } from './deals.ts';
import { meet } from './meetings.ts';
import { makeNoise } from './noise.ts';
import { meetAmongThemselves } from './own-meetings.ts';
import { drawPlots } from './plots.ts';
import { createRandom } from './random.ts';
import { drawRoster, type Cast } from './roster.ts';
import { support } from './tickets.ts';
import { VENDOR } from './vendor.ts';
import type { Story, World, WorldDeal, WorldMail, WorldMeeting, WorldTicket } from './world.ts';

function story({ account, plot }: Cast): Story {
  return {
    account: account.key,
    name: account.name,
    domain: account.domains[0] ?? '',
    story: plot.story,
    ...(plot.rule === undefined ? {} : { rule: plot.rule }),
    healthy: plot.healthy,
    summary: plot.summary,
    ...(plot.live
      ? {
          live: {
            rule: 'ticket_load',
            summary: 'In live mode a storm of urgent tickets breaks out within the first minute.',
          },
        }
      : {}),
  };
}

/**
 * The sample company as it stands at `anchor` (epoch milliseconds): twelve months of mail, meetings, tickets and deals with 60
 * customers and some others. A pure function: the same seed and anchor give the same world, and another anchor gives the same
 * stories, ending then. Nothing in it lies after the anchor but what is planned (meetings, renewals, close dates).
 */
export function generateWorld({ seed, anchor }: { seed: number; anchor: number }): World {
  const random = createRandom(seed);
  const calendar = createBusinessCalendar({ anchor, zone: VENDOR.timezone });
  const casts = drawRoster(random.fork('roster'), drawPlots(random.fork('plots')), calendar);
  const mails: WorldMail[] = [];
  const meetings: WorldMeeting[] = [];
  const tickets: WorldTicket[] = [];
  const deals: WorldDeal[] = [];
  for (const cast of casts) {
    const own = random.fork(`account:${cast.account.key}`);
    mails.push(...correspond(own.fork('mail'), calendar, cast));
    meetings.push(...meet(own.fork('meetings'), calendar, cast));
    deals.push(...sell(own.fork('deals'), calendar, cast));
    const desk = support(own.fork('tickets'), calendar, cast);
    tickets.push(...desk.tickets);
    mails.push(...desk.mails);
  }
  meetings.push(...meetAmongThemselves(random.fork('own meetings'), calendar));
  mails.push(...makeNoise(random.fork('noise'), calendar, casts, mails, meetings));
  return {
    seed,
    anchor,
    vendor: VENDOR,
    accounts: casts.map((cast) => cast.account),
    people: casts.flatMap((cast) => cast.people),
    mails: mails.toSorted((a, b) => a.at - b.at),
    meetings: meetings.toSorted((a, b) => a.start - b.start),
    tickets,
    deals,
    manifest: casts.map(story),
  };
}
