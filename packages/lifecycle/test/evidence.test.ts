import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileJourney, parseDefinition, reduce, templateFile } from '../src/index.ts';
import type { AccountContext } from '../src/index.ts';
import { ANN, BOB, context, day, History, lastFlag, liveCustomer } from './account.ts';
import { DAY, START } from './attributes.ts';
import { someContext, someFacts } from './histories.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));

const notes = (history: History, days: number, rule: string, more: Partial<AccountContext> = {}): string[] =>
  lastFlag(reduce(journey, { ...context, ...more }, history.facts, day(days)), rule).proof.evidence.map(
    (one) => `${Math.floor((one.at - day(0)) / DAY)}: ${one.note}`,
  );

describe('what a flag rests on', () => {
  it('gone_quiet: the last word, the one before, and what we wrote since', () => {
    const quiet = liveCustomer().talk(2, 100, 7).to(108).to(115);
    expect(notes(quiet, 122, 'gone_quiet')).toEqual([
      '100: Last word from the customer: a mail',
      '93: An earlier word from them: a mail, 7 days before the last',
      '115: Our message since then, without an answer (the last of 3)',
    ]);
  });

  it('unanswered_mail: the mails that wait, and our last answer', () => {
    const waiting = liveCustomer().talk(2, 51, 7).from(59, ANN, 'q').from(60, BOB, 'r');
    expect(notes(waiting, 66, 'unanswered_mail')).toEqual([
      '59: Customer mail without an answer, the oldest of 2',
      '60: Customer mail without an answer, number 2 of 2',
      '51: Our last answer before that, after 2 hours',
    ]);
  });

  it('champion_left: the departure, the last word of the champion, and of the others', () => {
    const left = liveCustomer()
      .talk(2, 100, 7)
      .talk(3, 105, 7, BOB)
      .add('contact.left', 103, {
        participants: [{ role: 'contact', address: ANN }],
        attributes: { persona: 'champion' },
      });
    expect(notes(left, 104, 'champion_left')).toEqual([
      '103: A champion left',
      '100: Last word from the champion: a mail',
      '101: Last word from anyone else there: a mail; 1 other person in touch since the champion',
    ]);
    const contacts = [{ address: ANN, persona: 'champion', leftAt: day(101.5) }, { address: BOB }];
    expect(notes(liveCustomer().talk(2, 100, 7).talk(3, 101, 7, BOB), 103, 'champion_left', { contacts })).toHaveLength(
      3,
    );
  });

  it('ticket_load: every open ticket, the worst first', () => {
    const busy = liveCustomer().talk(2, 110, 7);
    busy
      .ticket('ticket.opened', 100, 'a', 'low')
      .ticket('ticket.opened', 101, 'b')
      .ticket('ticket.opened', 102, 'c', 'urgent');
    busy.ticket('ticket.opened', 103, 'd').ticket('ticket.escalated', 104, 'd');
    expect(notes(busy, 105, 'ticket_load')).toEqual([
      '104: Ticket escalated 1 day after it was opened, priority medium; 1 of 4 open',
      '102: Open ticket, priority urgent; 2 of 4 open',
      '101: Open ticket, priority medium; 3 of 4 open',
      '100: Open ticket, priority low; 4 of 4 open',
    ]);
    const more = busy.ticket('ticket.opened', 105.5, 'e').facts;
    expect(lastFlag(reduce(journey, context, more, day(106)), 'ticket_load')).toMatchObject({
      reasonNow: '5 tickets open, 2 of them urgent or escalated',
      evidenceNow: [104, 102, 101, 105.5, 100].map((at, index) => ({
        at: day(at),
        note: expect.stringContaining(`; ${index + 1} of 5 open`),
      })),
    });
    for (let index = 0; index < 40; index++) busy.ticket('ticket.opened', 103.5, `more${index}`);
    expect(notes(busy, 105, 'ticket_load')).toHaveLength(20);
  });

  it('onboarding_behind: what started the clock, the last milestone, and the last word', () => {
    const stuck = new History().stage(0, 'customer').talk(1, 80, 5).onboarding(5, 'kickoff').onboarding(15, 'training');
    expect(notes(stuck, 64, 'onboarding_behind').slice(0, 3)).toEqual([
      '0: Onboarding began: Go-live due after 60 days',
      '56: Last word from the customer: a mail',
      '15: Last milestone reached: Training, 15 days after the start; 2 of 3',
    ]);
  });

  it('meeting_streak: each meeting that was not, and the last that was', () => {
    const missed = liveCustomer().talk(2, 140, 7).meeting('meeting.held', 88).meeting('meeting.held', 95);
    missed.meeting('meeting.canceled', 100, { startsAt: day(102) }).meeting('meeting.no_show', 107);
    missed.meeting('meeting.canceled', 114);
    expect(notes(missed, 115, 'meeting_streak')).toEqual([
      '114: Meeting canceled',
      '95: Last meeting held; 1 more in the 90 days before it',
      '107: Meeting missed: nobody came',
      '100: Meeting canceled 2 days before it',
    ]);
  });

  it('renewal_weak: the close date, the last word, the last meeting, and where the date comes from', () => {
    const weak = liveCustomer().talk(2, 330, 7).meeting('meeting.held', 280).renewal(200, '2027-01-05');
    weak.add('deal.created', 260, { attributes: { dealId: 'r', kind: 'renewal', closeAt: day(350) } });
    for (const [at, closeAt] of [
      [310, day(360)],
      [320, day(375)],
    ] as const)
      weak.add('deal.close_date_changed', at, { attributes: { dealId: 'r', kind: 'renewal', closeAt } });
    expect(notes(weak, 322, 'renewal_weak').slice(0, 6)).toEqual([
      '320: Close date put off by 15 days, time 2 of 2',
      '317: Last word from the customer: a mail',
      '280: Last meeting held',
      '200: Renewal date set to 5 Jan in the CRM',
      '310: Close date put off by 10 days, time 1 of 2',
      '310: An earlier word from them: a mail, 7 days before the last',
    ]);
  });
});

/** Rules whose date may stand in the account's own record, so that a single word is all that the log adds to it. */
const datedByRecord: ReadonlySet<string> = new Set(['champion_left', 'onboarding_behind', 'renewal_weak']);

it('never holds more than 20 pieces, none twice, none of later, none with an address; and two wherever both sides were in touch', () => {
  fc.assert(
    fc.property(someContext, someFacts, (around, facts) => {
      const answer = reduce(journey, around, facts, START + 125 * DAY);
      for (const flag of answer.flags.filter((one) => one.kind !== 'data_gap')) {
        const { evidence } = flag.proof;
        const ids = new Set(evidence.map((one) => one.eventId));
        expect(ids.size).toBe(evidence.length);
        expect(evidence.length).toBeLessThanOrEqual(20);
        expect(evidence.every((one) => one.at <= flag.openedAt)).toBe(true);
        expect(JSON.stringify(evidence.map((one) => one.note))).not.toMatch(/@|undefined|NaN|null/);
        const spoken = facts.filter((fact) => !fact.automated && fact.occurredAt <= flag.openedAt);
        const wrote = (type: string) => spoken.some((fact) => fact.type === type);
        const at = (direction: string) =>
          new Set(spoken.filter((fact) => fact.direction === direction).map((fact) => fact.occurredAt));
        // What both sides said in one instant has no order that tells which answers which.
        const inOrder = ![...at('inbound')].some((one) => at('outbound').has(one));
        if (wrote('email.received') && wrote('email.sent') && inOrder && !datedByRecord.has(flag.rule))
          expect(ids.size).toBeGreaterThanOrEqual(2);
        expect(`${flag.reason} ${flag.reasonNow} ${flag.clearedBecause}`).not.toMatch(/\b1 \w+s\b|0 times|NaN|[{}[\]]/);
      }
    }),
    { numRuns: Number(process.env.WAYMARK_RUNS ?? 100) },
  );
});
