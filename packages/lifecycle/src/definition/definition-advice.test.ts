import { describe, expect, it } from 'vitest';
import { small } from '../../test/small-definition.ts';
import { reviewDefinition } from './definition-file.ts';

const risk = (when: string, more = '') =>
  `${small}rules:\n  - { id: a, kind: risk, severity: low, title: T, when: ${when}, reason: r, clears: c, nextStep: n${more} }\n`;

const circle = (back: string) =>
  `id: c\nversion: 1\ntitle: C\ntype: cyclical\nstages:\n` +
  `  - { id: a, title: A, enter: [{ from: [none] }, { from: [b], when: ${back} }] }\n` +
  `  - { id: b, title: B, enter: [{ from: [a], when: { signal: open_tickets, op: '>=', value: 1 } }] }\n`;

describe('advice', () => {
  const adviceOf = (text: string) =>
    reviewDefinition(text, 'j.yaml').advice.filter((one) => !/^(questions|outcomes)/.test(one.path));

  it.each([
    [
      'parts that exclude one another',
      risk(
        "{ all: [{ signal: days_since_inbound, op: '>=', value: 30 }, { signal: days_since_inbound, op: '<', value: 10 }] }",
      ),
      /can never hold/,
    ],
    ['a count below nothing', risk("{ signal: open_tickets, op: '<', value: 0 }"), /can never hold/],
    [
      'days below nothing',
      risk("{ signal: days_since_inbound, op: '>=', value: -21 }"),
      /days_since_inbound is never less than 0, so that >= -21 holds whenever it is known; give at least 0/,
    ],
    [
      'a threshold below nothing',
      risk("{ any: [{ signal: champion_silent_days, op: '>', value: { threshold: quiet } }] }").concat(
        'thresholds: { quiet: { value: -21, segments: {} } }\n',
      ),
      /champion_silent_days is never less than 0, so that > -21 holds/,
    ],
    [
      'a share beyond the whole',
      risk("{ signal: message_balance, op: '>', value: 2 }"),
      /never more than 1, so that > 2 never holds; give at most 1/,
    ],
    [
      'a time that was to be watched and is none',
      risk("{ signal: days_since_inbound, op: '>=', value: 21 }", ', absence: { touchpoints: [email], days: -21 }'),
      /-21 days ask for nothing to be watched; give at least one day/,
    ],
    [
      'two stages at once',
      risk("{ all: [{ signal: stage, op: '==', value: start }, { signal: stage, op: '==', value: live }] }"),
      /can never hold/,
    ],
    ['known and unknown', risk('{ all: [{ known: crm_stage }, { not: { known: crm_stage } }] }'), /can never hold/],
    [
      'a rule that clears what it raises',
      risk(
        "{ signal: days_since_inbound, op: '>=', value: 30 }",
        ", clear: { signal: days_since_inbound, op: '>=', value: 20 }",
      ),
      /never raised/,
    ],
    ['percent', risk("{ signal: usage_level, op: '<', value: 50 }"), /50 times/],
    [
      'a stage that is compared and not there',
      risk("{ any: [{ signal: stage, op: '==', value: lvie }] }"),
      /there is no stage "lvie", so that this never holds; did you mean live\?/,
    ],
    [
      'a stage that is ruled out and not there',
      risk("{ signal: stage, op: '!=', value: begin }"),
      /no stage "begin", so that this holds in every stage; use one of: start, live/,
    ],
    [
      'days held against a count',
      risk("{ signal: days_since_inbound, op: '>=', value: { max: [3, { signal: open_tickets }] } }"),
      /days_since_inbound is a number of days, open_tickets is a number of the kind count/,
    ],
    [
      'stages that lead to one another alone',
      `${small}  - { id: x, title: X, enter: [{ from: [y] }] }\n  - { id: y, title: Y, enter: [{ from: [x], when: { known: crm_stage } }] }\n`,
      /"x" is never reached/,
    ],
    ['no way in', small.replace('[none]', '[live]'), /no account ever/],
    ['a circle', circle("{ signal: open_tickets, op: '>=', value: 1 }"), /go round/],
    ['a circle of things apart', circle("{ signal: days_since_inbound, op: '>=', value: 9 }"), /go round/],
  ])('names %s', (_what, text, message) => {
    expect(
      adviceOf(text)
        .map((one) => `${one.message}; ${one.remedy}`)
        .join(),
    ).toMatch(message);
  });

  it.each([
    ['ways that exclude one another', circle("{ signal: open_tickets, op: '<', value: 1 }")],
    ['a way that waits in the stage', circle("{ signal: days_in_stage, op: '>=', value: 1 }")],
    ['days that are gone by', risk("{ signal: days_until_renewal, op: '>=', value: -30 }")],
    [
      'a threshold that differs by segment',
      risk(
        "{ all: [{ signal: open_tickets, op: '>=', value: { threshold: t } }, { signal: open_tickets, op: '<=', value: 3 }] }",
        ', appliesTo: { segments: [s] }',
      ).concat('segments: [{ id: s, title: S }]\nthresholds: { t: { value: 5, segments: { s: 2 } } }\n'),
    ],
  ])('leaves %s alone', (_what, text) => {
    expect(adviceOf(text)).toEqual([]);
  });
});
