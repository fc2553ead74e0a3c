import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, explain, parseDefinition, reduce, scoreProofs, templateFile, whyNot } from '../src/index.ts';
import type { AccountContext, WhyNot } from '../src/index.ts';
import { ANN, context, day, History, liveCustomer } from './account.ts';

const shipped = readFileSync(templateFile('nine-stages'), 'utf8');
const journey = compileJourney(parseDefinition(shipped, 'nine-stages.yaml'));

const asked = (history: History, days: number, rule: string, more: Partial<AccountContext> = {}): WhyNot | undefined =>
  whyNot(journey, { ...context, ...more }, history.facts, day(days)).find((one) => one.rule === rule);

const weekly = () => liveCustomer().talk(2, 100, 7);

describe('why a rule raises nothing', () => {
  it('names the condition that fails, by how much, and when time alone would turn it', () => {
    const why = asked(weekly(), 114, 'gone_quiet');
    expect(why?.because).toBe('condition');
    const [none] = why?.unmet ?? [];
    if (none?.kind !== 'none_of') throw new Error('an any was expected');
    // The nearest way first: seven of the twenty-one days are missing.
    const [nearest] = none.ways;
    expect(nearest).toMatchObject([
      {
        kind: 'comparison',
        comparison: { signal: 'days_since_inbound', value: 14, op: '>=', threshold: 21, holds: false },
        by: 7,
        turnsAt: day(121),
      },
    ]);
    const answer = reduce(journey, context, weekly().facts, day(121));
    expect(answer.flags.find((flag) => flag.rule === 'gone_quiet')?.openedAt).toBe(day(121));
  });

  it('leaves out rules whose flag is open, and says who is not meant', () => {
    expect(asked(weekly(), 130, 'gone_quiet')).toBeUndefined();
    expect(asked(weekly(), 130, 'gone_quiet', { isCustomer: false })?.because).toBe('not_a_customer');
    expect(asked(weekly(), 130, 'onboarding_behind')?.because).toBe('other_stage');
  });

  it('names the source that was not watched', () => {
    const gap = { from: day(105), to: day(112), touchpoints: ['email' as const], reason: 'The mailbox was out.' };
    expect(asked(weekly(), 130, 'gone_quiet', { gaps: [gap] })).toMatchObject({
      because: 'not_watched',
      gap: 'The mailbox was out.',
    });
  });

  it('says until when a rule waits: hold, cool-down, an answer, another flag', () => {
    const changed = (more: string) => {
      const text = shipped.replace('    playbook: reengage\n', `    playbook: reengage\n${more}`);
      return compileJourney(parseDefinition(text, 'changed.yaml'));
    };
    const ask = (more: string, history: History, days: number) =>
      whyNot(changed(more), context, history.facts, day(days)).find((one) => one.rule === 'gone_quiet');
    expect(ask('    holdForDays: 5\n', weekly(), 123)).toMatchObject({ because: 'not_long_enough', until: day(126) });
    const again = weekly().from(125).to(125.1, ANN, 't125');
    expect(ask('    cooldownDays: 90\n', again, 210)).toMatchObject({ because: 'cooling_down', until: day(215) });
    const muted = weekly().add('flag.answered', 122, { attributes: { rule: 'gone_quiet', answer: 'not_a_risk' } });
    expect(ask('', muted, 130)).toMatchObject({ because: 'answered_not_a_risk', until: day(152) });
  });

  it('is said as a person would, with the rest or for one rule alone', () => {
    const history = weekly();
    const answer = reduce(journey, context, history.facts, day(114));
    const why = whyNot(journey, context, history.facts, day(114));
    const text = explain(answer, { whyNot: why });
    expect(text).toContain('Why the other rules raise nothing:');
    expect(text).toContain(
      'time since the customer was last in touch is 14 days, asked for at least 21 days; 7 days short of it',
    );
    const alone = explain(answer, { whyNot: why, flagId: 'ticket_load' });
    expect(alone).toMatch(/^Why there is none:\n {2}Many or severe tickets/);
    expect(explain(answer, { whyNot: why, flagId: 'nothing' })).toMatch(/There is no flag nothing/);
  });

  it('names the instant at which time alone makes a comparison true, not one at which its value merely changes', () => {
    const history = weekly();
    for (const [at, id] of [
      [80, 'a'],
      [90, 'b'],
      [100, 'c'],
      [105, 'd'],
    ] as const)
      history.ticket('ticket.opened', at, id);
    const unmet = asked(history, 110, 'ready_to_expand')?.unmet ?? [];
    const of = (signal: string) =>
      unmet.find((one) => one.kind === 'comparison' && one.comparison.signal === signal) ?? null;
    // At most one: the first two tickets have to grow old, not the first alone.
    expect(of('open_tickets')).toMatchObject({ by: 3, turnsAt: day(160) });
    // People in touch become fewer by time alone, never more.
    expect(of('active_stakeholders')).toMatchObject({ turnsAt: null });
    const text = explain(reduce(journey, context, history.facts, day(110)), {
      flagId: 'ready_to_expand',
      whyNot: whyNot(journey, context, history.facts, day(110)),
    });
    expect(text).toMatch(/open tickets .* is 4, asked for at most 1; 3 above it; by time alone it holds from/);
  });

  it('says of a value what it is asked to be in words, with units as people write them', () => {
    const history = weekly();
    const answer = reduce(journey, context, history.facts, day(114));
    const proofs = scoreProofs(journey, context, history.facts, day(114));
    const text = explain(answer, { whyNot: whyNot(journey, context, history.facts, day(114)), scoreProofs: proofs });
    expect(text).toContain('asked for a known value');
    expect(text).not.toMatch(/other than unknown|\b1 (points|days|business days)\b|of the usual/);
  });

  it('tells the playbook of a flag step by step, where the definition has it, else its name', () => {
    const history = weekly();
    const without = shipped.replace(/\nplaybooks:\n[\s\S]*?(?=\n#|\nrules:\n)/, '');
    const told = (by: typeof journey) =>
      explain(reduce(by, context, history.facts, day(130)), { flagId: 'gone_quiet', definition: by.definition });
    expect(told(journey)).toContain(
      'Playbook: Get back in touch\n  1. Call the champion (csm, within a day)\n  2. Write to a second contact (csm, within 3 days)\n',
    );
    expect(told(compileJourney(parseDefinition(without, 'without.yaml')))).toMatch(/Playbook: reengage$/m);
  });
});
