import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, explain, parseDefinition, reduce, templateFile, whyNot } from '../src/index.ts';
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
});
