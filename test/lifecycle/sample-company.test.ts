import { readFileSync } from 'node:fs';
import {
  compileJourney,
  isIntact,
  parseDefinition,
  reduce,
  scoreProofs,
  templateFile,
  verifyProof,
} from '@waymark/lifecycle';
import type { AccountJourney, Proof, TemplateName } from '@waymark/lifecycle';
import { describe, expect, it } from 'vitest';
import { generateWorld } from '../../apps/sandbox/src/company/generate.ts';
import { contextOf, factsOf } from './sample-facts.ts';

const compiled = (name: TemplateName) =>
  compileJourney(parseDefinition(readFileSync(templateFile(name), 'utf8'), name));
const journey = compiled('nine-stages');
const csmJourney = compiled('onboarding-adoption-expansion-renewal');

const DAY = 86_400_000;
const proofsOf = (answer: AccountJourney): Proof[] => [
  ...[...answer.periods, ...answer.flags].map(({ proof }) => proof),
  ...answer.milestones.flatMap(({ proof }) => proof ?? []),
];

/** A weekday, a weekend, the turn of the year. */
const anchors = ['2026-06-10T16:00:00Z', '2026-11-21T20:48:00Z', '2027-01-04T08:00:00Z'].map((text) =>
  Date.parse(text),
);

describe.each(anchors)('the sample company that ends at %d', (anchor) => {
  const world = generateWorld({ seed: 7, anchor });
  const answers = world.accounts.map((account) => {
    const context = contextOf(world, account);
    const facts = factsOf(world, account);
    const answer = reduce(journey, context, facts, anchor);
    const story = world.manifest.find((one) => one.account === account.key);
    const open = answer.flags.filter((flag) => flag.clearedAt === null);
    return { account, context, facts, answer, story, open };
  });

  it('flags every story by its rule', () => {
    const missed = answers.flatMap(({ story, open }) =>
      story?.rule !== undefined && !open.some((flag) => flag.rule === story.rule)
        ? [
            `${story.name} (${story.summary}): wants ${story.rule}, has ${open.map((flag) => flag.rule).join() || 'nothing'}`,
          ]
        : [],
    );
    expect(missed).toEqual([]);
  });

  it('raises no risk on a healthy account', () => {
    const wrong = answers.flatMap(({ story, open }) =>
      story?.healthy
        ? open
            .filter((flag) => flag.kind === 'risk')
            .map((flag) => `${story.name}, ${story.story}: ${flag.rule}: ${flag.reason}`)
        : [],
    );
    expect(wrong).toEqual([]);
  });

  it('raises the opportunity where the company is made to be one, and nowhere else', () => {
    const raised = answers.filter(({ answer }) => answer.flags.some((flag) => flag.rule === 'ready_to_expand'));
    expect(new Set(raised.map(({ story }) => story?.story))).toEqual(new Set(['ready-to-expand']));
  });

  it('shows three pieces of evidence with every flag', () => {
    const thin = answers.flatMap(({ account, answer }) =>
      answer.flags
        .filter((flag) => flag.proof.evidence.length < 3)
        .map((flag) => `${account.key}: ${flag.rule}, ${flag.proof.evidence.map((one) => one.note).join('; ')}`),
    );
    expect(thin).toEqual([]);
  });

  it('places accounts where the CRM and the log put them', () => {
    const stage = (story: string) =>
      new Set(answers.filter((one) => one.story?.story === story).map((one) => one.answer.stage));
    expect(stage('churned')).toEqual(new Set(['churn']));
    expect([...stage('prospect')].every((one) => one === 'awareness' || one === 'acquisition')).toBe(true);
    expect(stage('onboarding-stuck')).toEqual(new Set(['onboarding']));
    const wonBack = answers.filter((one) => one.story?.story === 'won-back');
    for (const { answer } of wonBack) expect(answer.periods.map((period) => period.stage)).toContain('winback');
  });

  it("is judged alike by the CSM's journey, which leaves prospects alone", () => {
    for (const { context, facts, story, open } of answers) {
      const answer = reduce(csmJourney, context, facts, anchor);
      const risks = (flags: typeof open) => flags.filter((flag) => flag.kind === 'risk').map((flag) => flag.rule);
      expect(risks(answer.flags.filter((flag) => flag.clearedAt === null))).toEqual(risks(open));
      if (story?.story === 'prospect') expect(answer.stage).toBeNull();
    }
  });

  it('derives every stage change, milestone, flag and health part again from the log, now and at earlier instants', () => {
    const bad: string[] = [];
    let proven = 0;
    for (const { account, context, facts, answer: latest } of answers) {
      for (const at of [anchor, anchor - 40 * DAY, anchor - 150 * DAY]) {
        const answer = at === anchor ? latest : reduce(journey, context, facts, at);
        // Of what earlier instants tell only what is no longer told is derived once more.
        const told = new Set(at === anchor ? [] : proofsOf(latest).map((proof) => proof.digest));
        for (const proof of proofsOf(answer)) {
          if (told.has(proof.digest)) continue;
          proven += 1;
          const verdict = verifyProof(journey, context, facts, proof);
          if (!verdict.agrees) bad.push(`${account.key} ${proof.rule}: ${verdict.because}`);
        }
        // What came later changes nothing of what is said of an earlier instant.
        const known = facts.filter((fact) => fact.occurredAt <= at);
        const again = reduce(journey, context, known, at);
        if (again.digest !== answer.digest || again.health.score !== answer.health.score)
          bad.push(`${account.key}: another answer at ${new Date(at).toISOString()}`);
      }
    }
    expect(bad).toEqual([]);
    expect(proven).toBeGreaterThan(answers.length);
  });

  it('proves every part of health and success', () => {
    const bad = answers.flatMap(({ account, context, facts, answer }) => {
      const proofs = scoreProofs(journey, context, facts, anchor);
      const parts = [...answer.health.parts, ...(answer.success?.parts ?? [])].map(({ part }) => part);
      const proven = proofs.map(({ part }) => part);
      const altered = proofs.filter(({ proof }) => !isIntact(proof));
      return proven.join() === parts.join() && altered.length === 0 ? [] : [`${account.key}: ${proven.join()}`];
    });
    expect(bad).toEqual([]);
  });

  it('needs no notice of its own making: every move is one that the journey names', () => {
    const odd = answers.flatMap(({ account, answer }) =>
      answer.flags.filter((flag) => flag.kind === 'data_gap').map((flag) => `${account.key}: ${flag.rule}`),
    );
    expect(odd).toEqual([]);
  });
});
