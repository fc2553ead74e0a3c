import { describe, expect, it } from 'vitest';
import type { SignalName, SignalParams } from '@waymark/journey';
import { ANN, BOB, day, History } from '../../test/account.ts';
import { plain } from '../../test/plain.ts';
import { reading } from '../../test/reading.ts';
import type { AccountContext } from '../course/state.ts';

const CY = 'cy@acme.example';
const DEE = 'dee@acme.example';

const value = (
  history: History,
  at: number,
  name: SignalName,
  params?: SignalParams,
  context?: Partial<AccountContext>,
) => reading(history, at, name, params, context ? { context } : {}).value;

describe('silence of a kind of contact', () => {
  const contacts = [
    { address: ANN, persona: 'Decision Maker' },
    { address: BOB, persona: 'billing' },
  ];

  it('is that of all who have the persona, however it is written', () => {
    const history = new History().from(1, ANN).from(20, BOB);
    expect(value(history, 31, 'persona_silent_days', { persona: 'decision_maker' }, { contacts })).toBe(30);
    expect(value(history, 31, 'persona_silent_days', { persona: 'Billing' }, { contacts })).toBe(11);
    expect(value(history, 31, 'persona_silent_days', { persona: 'champion' }, { contacts })).toBeNull();
    expect(value(history, 31, 'persona_active', { persona: 'decision-maker', days: 40 }, { contacts })).toBe(1);
    expect(value(history, 41, 'persona_active', { persona: 'decision-maker', days: 40 }, { contacts })).toBe(0);
  });

  it('knows a persona that events tell, and forgets who left', () => {
    const added = (history: History) =>
      history.add('contact.added', 0, {
        participants: [{ role: 'contact', address: CY }],
        attributes: { contact: '7', persona: 'user' },
      });
    const history = added(new History()).from(1, CY);
    expect(value(history, 11, 'persona_silent_days', { persona: 'user' })).toBe(10);
    history.add('contact.left', 5, { participants: [{ role: 'contact', address: CY }], attributes: { contact: '7' } });
    expect(value(history, 11, 'persona_silent_days', { persona: 'user' })).toBeNull();
  });

  it('is asked of those whom events alone tell, by the definition’s rules', () => {
    const definition = {
      ...plain,
      personas: [
        { id: 'decider', crm: ['Economic Buyer'] },
        { id: 'partner', domains: ['reseller.example'] },
      ],
    };
    const history = new History()
      .add('contact.added', 0, {
        participants: [{ role: 'contact', address: CY }],
        attributes: { contact: '7', persona: 'economic  buyer' },
      })
      .from(1, CY)
      .from(4, 'eve@eu.reseller.example');
    const silent = (persona: string, context: Partial<AccountContext> = { contacts: [] }) =>
      reading(history, 11, 'persona_silent_days', { persona }, { definition, context }).value;
    expect([silent('decider'), silent('partner'), silent('other')]).toEqual([10, 7, null]);
    // Of whom the CRM knows, it speaks itself: with the title that events lack.
    expect(silent('partner', { contacts: [{ address: 'eve@eu.reseller.example' }] })).toBe(7);
    expect(
      reading(history, 11, 'persona_silent_days', { persona: 'decider' }, { context: { contacts: [] } }).value,
    ).toBe(null);
  });

  it('has a usual gap after four days of contact', () => {
    const history = new History().from(0, ANN).from(7, ANN).from(14, ANN);
    expect(value(history, 20, 'persona_usual_gap', { persona: 'decision maker' }, { contacts })).toBeNull();
    expect(value(history.from(21, ANN), 22, 'persona_usual_gap', { persona: 'decision maker' }, { contacts })).toBe(7);
  });
});

describe('people who left', () => {
  it('count if they were ever in touch or play a part, and not if an address was but mistyped', () => {
    const bounce = (history: History, at: number, address: string) =>
      history.add('email.received', at, {
        automated: true,
        participants: [{ role: 'from', address: 'mailer-daemon@vendor.example' }],
        attributes: { bounce: true, failedRecipients: [address] },
      });
    expect(value(bounce(new History().from(0, CY), 1, 'cyy@acme.example'), 2, 'stakeholders_left')).toBe(0);
    const history = bounce(new History().from(0, CY), 1, CY);
    expect(reading(history, 2, 'stakeholders_left').evidence[0]?.note).toBe(
      'Mail to a person of the customer came back',
    );
    expect(value(history, 90.9, 'stakeholders_left')).toBe(1);
    expect(value(history, 91, 'stakeholders_left')).toBe(0);
    // It was a passing fault: they write again.
    expect(value(history.from(3, CY), 4, 'stakeholders_left')).toBe(0);
  });

  it('are told by the CRM from the day on which they left, and by persona', () => {
    const contacts = [
      { address: ANN, persona: 'champion', leftAt: day(10) },
      { address: BOB, persona: 'user', leftAt: day(12) },
      { address: CY, leftAt: day(12) },
    ];
    const history = new History().from(0, ANN);
    expect(value(history, 9, 'stakeholders_left', {}, { contacts })).toBe(0);
    expect(value(history, 11, 'stakeholders_left', {}, { contacts })).toBe(1);
    expect(value(history, 13, 'stakeholders_left', {}, { contacts })).toBe(2);
    expect(value(history, 13, 'stakeholders_left', { persona: 'Champion' }, { contacts })).toBe(1);
  });
});

describe('contact that hangs on one person', () => {
  const everyone = () => new History().talk(0, 60, 10, ANN).talk(1, 60, 15, BOB).talk(2, 60, 15, CY);

  it('is told where several were in touch before and one is now', () => {
    expect(value(everyone(), 61, 'single_threaded')).toBe(0);
    const history = everyone().talk(70, 130, 10, ANN);
    expect(value(history, 131, 'single_threaded')).toBe(1);
    expect(reading(history, 131, 'single_threaded').evidence[0]?.note).toBe(
      'Word from the one person in touch within 45 days: a mail; 3 were before',
    );
    expect(value(history, 131, 'single_threaded', { least: 4 })).toBe(0);
    expect(value(history.from(132, DEE), 133, 'single_threaded')).toBe(0);
    // Long after, that is how it is with this account.
    expect(value(everyone().talk(70, 260, 10, ANN), 261, 'single_threaded')).toBe(0);
  });

  it('is not told of an account that falls silent altogether, or never had more than one', () => {
    expect(value(everyone(), 120, 'single_threaded')).toBe(0);
    expect(value(new History().talk(0, 120, 10, ANN), 121, 'single_threaded')).toBe(0);
  });

  it('does not count on one who left', () => {
    const history = everyone().talk(70, 130, 10, ANN).talk(71, 130, 10, BOB);
    expect(value(history, 131, 'single_threaded')).toBe(0);
    const contacts = [{ address: ANN }, { address: BOB, leftAt: day(131) }];
    expect(value(history, 132, 'single_threaded', {}, { contacts })).toBe(1);
  });

  it('is a share of days of contact, unknown where these are few', () => {
    const history = new History().from(1, ANN).from(2, ANN).from(3, ANN).from(4, ANN).from(5, BOB);
    expect(value(history, 6, 'contact_concentration')).toBeNull();
    history.from(5.1, BOB).from(6, CY);
    expect(value(history, 7, 'contact_concentration')).toBe(0.667);
    expect(value(history, 200, 'contact_concentration')).toBeNull();
  });
});
