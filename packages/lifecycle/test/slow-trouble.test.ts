import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, parseDefinition, reduce, templateFile } from '../src/index.ts';
import type { AccountJourney } from '../src/index.ts';
import { context, day, History, lastFlag as flag, liveCustomer, openRules as open } from './account.ts';

const source = readFileSync(templateFile('nine-stages'), 'utf8');
const compiled = (text: string) => compileJourney(parseDefinition(text, 'nine-stages.yaml'));
const journey = compiled(source);
const seen = (history: History, days: number, by = journey): AccountJourney =>
  reduce(by, context, history.facts, day(days));

describe('engagement_falling where use falls slowly', () => {
  const begins = 380;
  /** Users a day, in slow swings of a fifth, then less and less until five months later nobody is left. */
  const sliding = (falls: boolean) => {
    const history = liveCustomer().talk(2, 560, 21);
    for (let at = 1; at < 540; at += 1) {
      const swing = 1 + 0.2 * Math.sin(at / 30) + 0.05 * Math.sin(at * 7);
      const left = falls && at > begins ? 1 - (at - begins) / 160 : 1;
      history.add('usage.recorded', at, {
        direction: 'none',
        attributes: { metric: 'daily_users', value: Math.round(400 * swing * left) },
      });
    }
    return history;
  };

  it('opens once they have slid for nine weeks to about half, though they swing so that the depth alone proves little', () => {
    const fallen = seen(sliding(true), 500);
    expect(open(fallen)).toEqual(['engagement_falling']);
    expect(flag(fallen, 'engagement_falling').openedAt).toBeGreaterThan(day(begins + 63));
    const byDepthAlone = compiled(source.replace(/\n *# A slow fall is no swing[^]*?op: '>=', value: 63 \}/, ''));
    expect(open(seen(sliding(true), 500, byDepthAlone))).toEqual([]);
  });

  it('stays shut over swings alone', () => {
    expect(seen(sliding(false), 530).flags.filter(({ rule }) => rule === 'engagement_falling')).toEqual([]);
  });
});

describe('support_trouble', () => {
  const busy = (every: number, score: number) => {
    const history = liveCustomer().talk(2, 290, 7);
    const opened = (at: number): void => {
      history.ticket('ticket.opened', at, `k${at}`).ticket('ticket.solved', at + 0.5, `k${at}`);
    };
    for (let at = 10; at < 240; at += 14) opened(at);
    for (let at = 240; at < 270; at += every) opened(at);
    return history.add('survey.responded', 262, {
      direction: 'inbound',
      attributes: { kind: 'csat', score, scale: 5 },
    });
  };

  it('opens with many more tickets than usual and a low score, and says both', () => {
    const answer = seen(busy(4, 2), 266);
    expect(open(answer)).toEqual(['support_trouble']);
    expect(flag(answer, 'support_trouble').reason).toMatch(
      /^\d tickets in four weeks, \d+ % of what is usual with them, and 40 of 100 in their last survey$/,
    );
  });

  it('asks for both: neither many tickets nor a low score alone is one', () => {
    expect(open(seen(busy(4, 5), 266))).toEqual([]);
    expect(open(seen(busy(14, 2), 266))).toEqual([]);
  });

  it('clears when tickets are as usual again', () => {
    const answer = seen(busy(4, 2), 300);
    expect(flag(answer, 'support_trouble').clearedBecause).toMatch(/^tickets are back at \d+ % of what is usual/);
  });
});
