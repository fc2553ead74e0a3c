import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, parseDefinition, reduce, templateFile, templateNames } from '../src/index.ts';
import type { AccountContext } from '../src/index.ts';
import { ANN, context, day, History, lastFlag, liveCustomer, MONDAY, openRules } from './account.ts';

describe.each(templateNames)('rules about our own work: %s', (name) => {
  const journey = compileJourney(parseDefinition(readFileSync(templateFile(name), 'utf8'), `${name}.yaml`));
  const seen = (history: History, at: number, more: Partial<AccountContext> = {}) =>
    reduce(journey, { ...context, ...more }, history.facts, day(at));
  const sold = () =>
    new History()
      .from(-10, ANN)
      .to(-9.9, ANN, 't-10')
      .add('deal.won', 0, { attributes: { dealId: 'n', kind: 'new' } })
      .stage(0.1, 'customer');

  it('a new customer whom nobody takes up is told after five business days, and is over with the first word', () => {
    expect(openRules(seen(sold(), 6.9))).not.toContain('handoff_untouched');
    const answer = seen(sold(), 8);
    expect(lastFlag(answer, 'handoff_untouched')).toMatchObject({
      openedAt: day(7),
      reason: 'Deal won: the account passes on to customer success; no word of ours for 5 business days, since 5 Jan',
    });
    expect(lastFlag(seen(sold().to(8), 9), 'handoff_untouched')).toMatchObject({
      clearedAt: day(8),
      clearedBecause: 'one of ours has taken it up',
    });
    // Sooner for an enterprise; not where our mail is not seen, nor over days on which nobody works.
    expect(openRules(seen(sold(), 3.1, { tier: 'enterprise' }))).toContain('handoff_untouched');
    const unseen = [{ from: MONDAY, to: null, touchpoints: ['email' as const], reason: 'cut off' }];
    expect(openRules(seen(sold(), 8, { gaps: unseen }))).not.toContain('handoff_untouched');
    const holidays = ['2026-01-08', '2026-01-09'];
    expect(openRules(seen(sold(), 8, { holidays }))).not.toContain('handoff_untouched');
    expect(openRules(seen(sold(), 9.1, { holidays }))).toContain('handoff_untouched');
  });

  it('an owner who changes for a customer of old is not told', () => {
    const history = liveCustomer()
      .talk(100, 200, 7)
      .add('crm.owner_changed', 201, { attributes: { from: '1', owner: '2' } });
    expect(openRules(seen(history, 212))).not.toContain('handoff_untouched');
  });

  it('an expansion deal that goes out beside a severe ticket is told while the ticket is open', () => {
    const history = liveCustomer()
      .talk(40, 200, 7)
      .ticket('ticket.opened', 201, 'k', 'urgent')
      .add('deal.created', 203, { attributes: { dealId: 'x', kind: 'expansion' } });
    expect(lastFlag(seen(history, 204), 'upsell_in_trouble')).toMatchObject({
      openedAt: day(203),
      clearedAt: null,
      reason: 'Expansion deal moved on with 1 severe ticket open',
    });
    history.ticket('ticket.solved', 205, 'k', 'urgent');
    expect(lastFlag(seen(history, 206), 'upsell_in_trouble').clearedAt).toBe(day(205));
    const calm = liveCustomer()
      .talk(40, 200, 7)
      .ticket('ticket.opened', 201, 'k', 'high')
      .add('deal.created', 203, { attributes: { dealId: 'x', kind: 'expansion' } });
    expect(openRules(seen(calm, 204))).not.toContain('upsell_in_trouble');
  });
});
