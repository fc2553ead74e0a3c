import { describe, expect, it } from 'vitest';
import { compileJourney, explain, isIntact, parseDefinition, reduce, scoreProofs } from '../src/index.ts';
import type { AccountContext, AccountJourney } from '../src/index.ts';
import { advance, fold, view } from '../src/engine/engine.ts';
import { BOB, context, day, History, openRules } from './account.ts';

const head = `id: j
version: 1
title: J
type: cyclical
`;
const stages = `stages:
  - { id: start, title: Start, enter: [{ from: [none] }] }
  - { id: live, title: Live, enter: [{ from: [start], on: { type: crm.stage_changed, where: { to: live } } }] }
`;
const compiled = (text: string) => compileJourney(parseDefinition(text, 'j.yaml'));
const seen = (text: string, history: History, days: number, more: Partial<AccountContext> = {}): AccountJourney =>
  reduce(compiled(text), { ...context, ...more }, history.facts, day(days));

describe('milestones', () => {
  const text = `${head}${stages}milestones:
  - id: go_live
    title: Go-live
    side: customer
    questions: { customerWants: To work with it., success: Ten users a day. }
    due: { days: 30, after: customerSince, stuckAfterDays: 10 }
    proof: [{ type: crm.property_changed, where: { to: live } }]
`;
  const status = (history: History, days: number) => seen(text, history, days).milestones[0]?.status;

  it('are on track, behind, then stuck, each from the very instant on', () => {
    const nothing = new History().stage(1, 'lead');
    expect(status(nothing, 29.999)).toBe('on_track');
    expect(status(nothing, 30)).toBe('behind');
    expect(status(nothing, 39.999)).toBe('behind');
    expect(status(nothing, 40)).toBe('stuck');
    expect(status(new History().onboarding(45, 'live'), 50)).toBe('reached_late');
    expect(seen(text, nothing, 10).nextChangeAt).toBe(day(30));
    expect(seen(text, nothing, 31).nextChangeAt).toBe(day(40));
    expect(seen(text, nothing, 41).nextChangeAt).toBeNull();
  });
});

describe('success', () => {
  const text = `${head}${stages}milestones:
  - { id: kickoff, title: Kickoff, side: us, due: { days: 10, after: customerSince }, proof: [{ type: crm.property_changed, where: { to: kickoff } }] }
  - { id: go_live, title: Go-live, side: customer, due: { days: 30, after: customerSince }, proof: [{ type: crm.property_changed, where: { to: live } }] }
outcomes:
  churned: [{ type: account.churned }]
  renewed: [{ type: account.renewed }]
success:
  version: 3
  milestones: { weight: 2 }
  outcome: { weight: 4 }
  parts:
    - id: contact
      label: Contact
      weight: 1
      bands:
        - { when: { signal: days_since_inbound, op: '<', value: 14 }, score: 80, why: 'in touch {days_since_inbound} ago' }
        - { when: { known: days_since_inbound }, score: 20, why: 'last in touch {days_since_inbound} ago' }
`;
  const parts = (answer: AccountJourney) => answer.success?.parts.map(({ part, score }) => [part, score]);

  it('weighs milestones, signals and outcome; what has no input is shown and left out', () => {
    const early = seen(text, new History().stage(0, 'customer').from(4), 5);
    expect(parts(early)).toEqual([
      ['milestones', null],
      ['contact', 80],
      ['outcome', null],
    ]);
    expect(early.success).toMatchObject({ score: 80, version: 3 });
    const late = seen(text, new History().stage(0, 'customer').onboarding(12, 'kickoff').from(30), 40);
    // Kickoff late 60, go-live behind 30, contact 80.
    expect(parts(late)).toEqual([
      ['milestones', 45],
      ['contact', 80],
      ['outcome', null],
    ]);
    expect(late.success?.score).toBe(Math.round((45 * 2 + 80) / 3));
    expect(late.success?.parts[0]?.why).toBe('Of 2 milestones: 1 reached late, 1 behind');
    const renewed = seen(text, new History().stage(0, 'customer').from(36).add('account.renewed', 38), 40);
    expect(renewed.success?.parts[2]).toMatchObject({ score: 100, why: 'Renewed on 12 Feb' });
    const gone = seen(
      text,
      new History().stage(0, 'customer').add('account.renewed', 38).add('account.churned', 39),
      40,
    );
    expect(gone.success?.parts[2]).toMatchObject({ score: 0 });
  });

  it('has no score while the account is in no stage', () => {
    const outside = text.replace('enter: [{ from: [none] }]', 'enter: [{ from: [none], on: { type: deal.won } }]');
    expect(seen(outside, new History().from(4), 5).success).toEqual({ score: null, parts: [], version: 3 });
    expect(seen(outside, new History().from(4).add('deal.won', 4), 5).success?.score).toBe(80);
  });

  it('says when time alone changes it, is the same step by step, and is explained', () => {
    const history = new History().stage(0, 'customer').from(4).onboarding(12, 'kickoff').add('account.renewed', 20);
    expect(seen(text, history, 5).nextChangeAt).toBe(day(10));
    const journey = compiled(text);
    let state = fold(journey, context, [], day(0));
    for (let at = 0; at <= 70; at += 0.5) {
      const due = history.facts.filter((fact) => fact.occurredAt <= day(at) && fact.occurredAt > day(at - 0.5));
      const next = advance(journey, context, state, due, day(at));
      if (next.kind === 'late') throw new Error('late');
      state = next.state;
      expect(view(journey, context, state).digest).toBe(reduce(journey, context, history.facts, day(at)).digest);
    }
    expect(explain(seen(text, history, 40))).toContain('Success of the journey');
  });

  it('proves each part: the compared values and the events, and of a part without input what was asked for', () => {
    const history = new History().stage(0, 'customer').onboarding(12, 'kickoff').from(36).add('account.renewed', 38);
    const proofs = scoreProofs(compiled(text), context, history.facts, day(40));
    const of = (part: string) => proofs.find((one) => one.part === part)?.proof;
    expect(proofs.every(({ proof }) => isIntact(proof))).toBe(true);
    expect(of('contact')).toMatchObject({
      rule: 'success:contact',
      ruleVersion: 3,
      comparisons: [{ signal: 'days_since_inbound', value: 4, holds: true }],
      evidence: [{ type: 'email.received' }],
    });
    expect(of('milestones')?.evidence).toMatchObject([{ type: 'crm.property_changed', note: 'Proves: Kickoff' }]);
    expect(of('outcome')?.evidence).toMatchObject([{ type: 'account.renewed', note: 'Counts as renewed' }]);
    const silent = scoreProofs(compiled(text), context, new History().stage(0, 'customer').facts, day(5));
    const asked = silent.find((one) => one.part === 'contact')?.proof;
    expect(asked?.comparisons.map((one) => one.holds)).toEqual([false, false]);
    const answer = seen(text, history, 40);
    expect(explain(answer, { scoreProofs: proofs })).toMatch(/In touch 4 days ago\n {6}Compared:\n/);
  });

  it('is part of the digest only where the definition has it', () => {
    const without = seen(text.slice(0, text.indexOf('success:')), new History().stage(0, 'customer'), 5);
    expect(without).not.toHaveProperty('success');
    expect(seen(text, new History().stage(0, 'customer'), 5).digest).not.toBe(without.digest);
  });
});

describe('personas by rule', () => {
  const text = `${head}${stages}personas:
  - { id: champion, titles: ['*head of*', 'vp *'], domains: [acme.example] }
  - { id: buyer, crm: [Budget Holder] }
rules:
  - { id: champion_silent, kind: risk, severity: high, title: T, when: { signal: champion_silent_days, op: '>=', value: 20 }, reason: r, clears: c, nextStep: n }
`;
  const quiet = new History().stage(0, 'customer').talk(1, 10, 2, BOB);
  const rules = (contact: Partial<AccountContext['contacts'][number]>) =>
    openRules(seen(text, quiet, 60, { contacts: [{ address: BOB, ...contact }] }));

  it('make a champion of whom the title says so, before what the CRM calls them', () => {
    expect(rules({})).toEqual([]);
    expect(rules({ title: 'Head  of Operations' })).toEqual(['champion_silent']);
    expect(rules({ title: 'Senior Head of Operations', persona: 'user' })).toEqual(['champion_silent']);
    expect(rules({ title: 'VP of Sales' })).toEqual(['champion_silent']);
    expect(rules({ title: 'SVP of Sales' })).toEqual([]);
    expect(rules({ title: 'Clerk', persona: 'champion' })).toEqual(['champion_silent']);
    expect(rules({ persona: 'budget holder ' })).toEqual([]);
  });

  it('hold for their domains alone, and take no longer for hostile patterns', () => {
    const other = text.replace('[acme.example]', '[other.example]');
    const contacts = [{ address: BOB, title: 'Head of Operations' }];
    expect(openRules(seen(other, quiet, 60, { contacts }))).toEqual([]);
    const hostile = text.replace("'*head of*'", `'${'*a'.repeat(90)}*b'`);
    expect(openRules(seen(hostile, quiet, 60, { contacts: [{ address: BOB, title: 'a'.repeat(5000) }] }))).toEqual([]);
  });
});

describe('what the definition does not know', () => {
  const mapped = `${head}${stages}crmStageMap: { Kunde: live }
crmStagesIgnored: [lead]
moves:
  - { from: live, to: start, as: forbidden }
`;
  it('a stage value of the CRM that is named nowhere is kept and flagged until it says one that is', () => {
    const history = new History().stage(0, 'lead').stage(5, 'Kunde').stage(10, 'Kunde (gold) 🎉').stage(20, 'live');
    expect(openRules(seen(mapped, history, 4))).toEqual([]);
    const answer = seen(mapped, history, 15);
    expect(openRules(answer)).toEqual(['unknown-stage']);
    expect(answer.stage).toBe('live');
    expect(answer.flags[0]).toMatchObject({ kind: 'data_gap', openedAt: day(10) });
    expect(answer.flags[0]?.reason).toContain('"Kunde (gold) 🎉"');
    expect(answer.flags[0]?.proof.evidence).toHaveLength(1);
    expect(openRules(seen(mapped, history, 21))).toEqual([]);
    // Without a map the definition claims to know none, so none is unknown.
    expect(openRules(seen(`${head}${stages}`, history, 15))).toEqual([]);
  });

  it('a move that is named nowhere is made and flagged, where the definition names moves', () => {
    const text = `${head}stages:
  - { id: a, title: A, enter: [{ from: [none] }] }
  - { id: b, title: B, enter: [{ on: { type: crm.stage_changed, where: { to: b } } }] }
  - { id: c, title: C, enter: [{ on: { type: crm.stage_changed, where: { to: c } } }] }
`;
    const skip = new History().stage(0, 'x').stage(5, 'c');
    expect(openRules(seen(text, skip, 6))).toEqual([]);
    const moves = `${text}moves: [{ from: c, to: b, as: unusual }]\n`;
    const answer = seen(moves, skip, 6);
    expect(answer.periods.at(-1)).toMatchObject({ stage: 'c', move: 'unusual', direction: 'skip' });
    expect(openRules(answer)).toEqual(['unknown-move']);
    expect(answer.flags[0]?.reason).toBe('Went from A to C, which the journey does not name');
    const on = skip.stage(9, 'b');
    expect(openRules(seen(moves, on, 10))).toEqual([]);
    expect(seen(moves, on, 10).flags[0]).toMatchObject({ clearedAt: day(9) });
  });
});

describe('rules that lead round', () => {
  const circle = `${head}stages:
  - { id: a, title: A, enter: [{ from: [none] }, { from: [b], when: { signal: days_since_inbound, op: '>=', value: 10 } }] }
  - { id: b, title: B, enter: [{ from: [a], when: { signal: open_tickets, op: '>=', value: 1 } }] }
`;
  const flips = `${head}stages:
  - { id: healthy, title: Healthy, enter: [{ from: [none] }, { from: [at_risk], when: { signal: open_risks, op: '<', value: 1 } }] }
  - { id: at_risk, title: At risk, enter: [{ from: [healthy], when: { signal: open_risks, op: '>=', value: 1 } }] }
rules:
  - { id: tickets, kind: risk, severity: low, title: T, appliesTo: { stages: [healthy] }, when: { signal: open_tickets, op: '>=', value: 1 }, reason: r, clears: c, nextStep: n }
  - { id: alone, kind: risk, severity: low, title: T, when: { all: [{ signal: open_risks, op: '<', value: 1 }, { signal: open_tickets, op: '>=', value: 2 }] }, reason: r, clears: c, nextStep: n }
`;
  const history = new History()
    .stage(0, 'customer')
    .from(1)
    .ticket('ticket.opened', 5, '1')
    .from(6)
    .ticket('ticket.opened', 12.5, '2')
    .from(30)
    .ticket('ticket.solved', 40, '1')
    .ticket('ticket.solved', 41, '2')
    .from(50);

  it.each([
    ['stages', circle],
    ['flags and stages', flips],
  ])('%s: end in a flag and in one answer, however often it is looked at', (_what, text) => {
    const journey = compiled(text);
    let state = fold(journey, context, [], day(0));
    let noticed = false;
    for (let at = 0; at <= 60; at += 0.25) {
      const due = history.facts.filter((fact) => fact.occurredAt <= day(at) && fact.occurredAt > day(at - 0.25));
      const next = advance(journey, context, state, due, day(at));
      if (next.kind === 'late') throw new Error('late');
      state = next.state;
      const answer = view(journey, context, state);
      expect(answer.digest).toBe(reduce(journey, context, history.facts, day(at)).digest);
      expect(new Set(answer.flags.map((flag) => flag.flagId)).size).toBe(answer.flags.length);
      noticed ||= openRules(answer).includes('going-round');
    }
    expect(noticed).toBe(true);
    const end = seen(text, history, 60);
    expect(end.stage).toBe(text === circle ? 'a' : 'healthy');
    expect(end.flags.find((flag) => flag.rule === 'going-round')).toMatchObject({ kind: 'data_gap' });
    expect(openRules(end)).toEqual([]);
  });

  it('leaves rules alone that turn once', () => {
    expect(seen(circle.replace('open_tickets', 'days_in_stage'), new History().from(1), 3).flags).toEqual([]);
  });
});
