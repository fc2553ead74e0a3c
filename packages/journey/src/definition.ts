import { z } from 'zod';
import { touchpoint } from './event.ts';
import { condition, eventMatcher, operand, signalName, signalParams, slug } from './definition-condition.ts';

const text = z.string().min(1).max(2000);

/** The six questions that every journey should answer; texts for people, the engine does not read them. */
const questions = z
  .strictObject({
    customerWants: text.optional(),
    expectedOfCustomer: text.optional(),
    expectedOfUs: text.optional(),
    success: text.optional(),
    leverage: text.optional(),
    failure: text.optional(),
  })
  .meta({ description: 'What the customer wants, what is expected of both sides, success, leverage and failure.' });

/** `none` stands for an account that has no stage yet. */
const stageOrNone = z.union([z.literal('none'), slug]);

/** One way into a stage: from where, on which event (if any), under which condition (if any). */
export const stageRoute = z
  .strictObject({
    from: z.array(stageOrNone).min(1).optional(),
    on: eventMatcher.optional(),
    when: condition.optional(),
  })
  .meta({ id: 'StageRoute' });
export type StageRoute = z.infer<typeof stageRoute>;

export const stageDefinition = z.strictObject({
  id: slug,
  title: text,
  objective: text.optional(),
  kpi: text.optional(),
  ownerRole: z.string().max(100).optional(),
  expectedDays: z.number().positive().optional(),
  /** Place on the path; the position in the file if left out. */
  order: z.number().int().min(1).max(1000).optional(),
  enter: z.array(stageRoute).default([]),
  /** Only where leaving is not told by another stage's `enter`. */
  exit: z.array(z.strictObject({ to: slug, on: eventMatcher.optional(), when: condition.optional() })).optional(),
});
export type StageDefinition = z.infer<typeof stageDefinition>;

export const moveDefinition = z.strictObject({
  from: z.union([slug, z.literal('*')]),
  to: z.union([slug, z.literal('*')]),
  as: z.enum(['allowed', 'unusual', 'forbidden']),
});

export const milestoneDefinition = z.strictObject({
  id: slug,
  title: text,
  side: z.enum(['customer', 'us']),
  /** What the customer wants of it, what is expected of both sides, and so on; texts for people. */
  questions: questions.optional(),
  due: z.strictObject({
    days: z.number().min(0).max(3650),
    after: z.union([z.literal('customerSince'), z.strictObject({ stage: slug })]),
    /** Days after it was due from which it counts as stuck, no longer as behind; 30 if left out. */
    stuckAfterDays: z.number().min(0).max(3650).optional(),
  }),
  /** The events that prove it, any of them; `milestone.reached` with its id always does. */
  proof: z.array(eventMatcher).default([]),
  /** The stages in which it is owed; elsewhere it is not counted as behind. */
  stages: z.array(slug).min(1).optional(),
});
export type MilestoneDefinition = z.infer<typeof milestoneDefinition>;

const severity = z.enum(['low', 'medium', 'high', 'critical']);

export const ruleDefinition = z.strictObject({
  id: slug,
  /** Raised by its author with every change of meaning. */
  version: z.number().int().min(1).default(1),
  kind: z.enum(['risk', 'opportunity']),
  severity,
  title: text,
  /** Whether it is about losing the customer, or about work of ours that is due: a backtest holds only the former against churns. */
  about: z.enum(['churn', 'service']).default('churn'),
  appliesTo: z
    .strictObject({
      /** True by default: risks and opportunities are for customers. */
      customers: z.boolean().default(true),
      stages: z.array(slug).min(1).optional(),
      exceptStages: z.array(slug).min(1).optional(),
      segments: z.array(slug).min(1).optional(),
    })
    .prefault({}),
  when: condition,
  /** The condition must hold for so many days before the flag opens. */
  holdForDays: z.number().min(0).max(365).default(0),
  /**
   * The signals whose events are shown first, most telling first; then follow those that the comparisons of `when` rest on. The
   * first piece of each signal comes before the second of any.
   */
  evidence: z
    .array(z.strictObject({ signal: signalName, with: signalParams.optional() }))
    .max(10)
    .optional(),
  /** What clears it; without it, the end of `when`. */
  clear: condition.optional(),
  /** Days after a clearing in which it does not open again. */
  cooldownDays: z.number().min(0).max(365).default(0),
  /** Rules whose open flag keeps this one shut; `any_risk` for every risk. */
  suppressedBy: z.array(z.union([z.literal('any_risk'), slug])).default([]),
  /** Present on a rule that rests on absence: what must have been watched, and for how long. */
  absence: z.strictObject({ touchpoints: z.array(touchpoint).min(1), days: operand }).optional(),
  /**
   * One line for the person who gets the alert, or several of which the first whose values are all known is taken.
   * `{signal}` is its value with unit, `{signal.since}` the date it counts from, `{signal.what}` what it is about,
   * `{signal.in}` a time to come or gone by, `{signal.over}` a time that is passed, `{signal.times}` how often, and
   * `{signal:ticket|tickets}` how many of what; a part in square brackets is left out if a value in it is unknown or nothing.
   */
  reason: z.union([text, z.array(text).min(1)]),
  /** One line, or several as with `reason`: why it is over, where its end was met by the account and not by an answer. */
  cleared: z.union([text, z.array(text).min(1)]).optional(),
  clears: text,
  nextStep: text,
  playbook: slug.optional(),
});
export type RuleDefinition = z.infer<typeof ruleDefinition>;

export const healthPartDefinition = z.strictObject({
  id: slug,
  label: text,
  weight: z.number().positive().max(100),
  /** The first band whose condition holds gives the score; if none does, the part has no input. */
  bands: z.array(z.strictObject({ when: condition, score: z.number().min(0).max(100), why: text })).min(1),
});
export type HealthPartDefinition = z.infer<typeof healthPartDefinition>;

/**
 * How well the journey goes for an account, beside its health: milestones, signals and outcome, by weight. What has no input yet is left
 * out and its weight spread over the rest.
 */
export const successDefinition = z.strictObject({
  /** Raised by its author with every change of meaning. */
  version: z.number().int().min(1),
  /** Milestones that are reached or due: 100 in time, 60 late, 30 behind, 0 stuck; their mean. */
  milestones: z.strictObject({ weight: z.number().positive().max(100) }).optional(),
  /** The last outcome by `outcomes`: 100 renewed, 0 churned. */
  outcome: z.strictObject({ weight: z.number().positive().max(100) }).optional(),
  /** Signals, in bands as in `health`. */
  parts: z.array(healthPartDefinition).max(50).optional(),
});
export type SuccessDefinition = z.infer<typeof successDefinition>;

/**
 * A part that people at the customer play, told by their record; the first that fits counts, and goes before what the CRM calls it.
 * All that is given must fit; any entry of a list does.
 */
export const personaDefinition = z.strictObject({
  /** As signals name it: `champion`. */
  id: slug,
  title: text.optional(),
  /** Job titles: words with `*` for any letters, without regard to case, as in `*head of*`. */
  titles: z.array(z.string().min(1).max(200)).min(1).max(100).optional(),
  /** Domains of the mail address, and those below them. */
  domains: z.array(z.string().min(1).max(253)).min(1).max(100).optional(),
  /** What the field that the CRM installation declares for the persona says, without regard to case. */
  crm: z.array(z.string().min(1).max(100)).min(1).max(100).optional(),
});
export type PersonaDefinition = z.infer<typeof personaDefinition>;

/** Groups of accounts by their record, and by conditions if `when` is given; the first that fits counts. */
export const segmentDefinition = z.strictObject({
  id: slug,
  title: text,
  /** Compared without regard to case. */
  tiers: z.array(z.string().max(100)).min(1).optional(),
  valueAtLeast: z.number().optional(),
  /** By stage and signals: then membership changes with time, and every change is kept. */
  when: condition.optional(),
});

/** What people do about a flag, step by step; rules name one. */
const playbookDefinition = z.strictObject({
  id: slug,
  title: text,
  steps: z
    .array(
      z.strictObject({
        id: slug,
        title: text,
        ownerRole: z.string().max(100).optional(),
        /** Days after the flag opened. */
        dueDays: z.number().min(0).max(365).optional(),
      }),
    )
    .min(1)
    .max(50),
});

/** A day of every year: month and day. The 29th of February is not one of every year. */
const yearDay = z
  .string()
  .regex(
    /^(?!02-(29|30|31)|(04|06|09|11)-31)(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
    'write month and day, as in 12-24',
  );

/** What counts as the end of a customer relation or its renewal, for backtests. */
const outcome = z
  .array(
    eventMatcher.extend({
      /** What ends a sale too: it counts of no account that is one of `prospects`. */
      notOf: z.literal('prospects').optional(),
    }),
  )
  .min(1);

/** A contract's end that passes without a renewal is a churn, one that is put off for long a renewal. */
const contractOutcome = z
  .strictObject({
    /** The CRM's property that tells the end, by its name or its role; `until` of a renewal tells it as well. */
    date: z.string().min(1).max(200).default('renewalDate'),
    /** Days after the end in which a renewal is still one of this contract. */
    graceDays: z.number().min(0).max(365).default(30),
    /** Days before the end from which on a renewal is one of this contract. */
    earlyDays: z.number().min(0).max(730).default(120),
    /** An end that is put off by at least so many days is a renewal; by fewer, a delay. */
    renewedByDays: z.number().min(1).max(3650).default(90),
  })
  .meta({ id: 'ContractOutcome' });

/** A journey: the file that RevOps writes. */
export const journeyDefinition = z
  .strictObject({
    id: slug,
    version: z.number().int().min(1),
    title: text,
    type: z.enum(['linear', 'cyclical']),
    questions: questions.optional(),
    stages: z.array(stageDefinition).min(1).max(100),
    moves: z.array(moveDefinition).default([]),
    /** CRM stage value to stage: entering the value in the CRM enters the stage. */
    crmStageMap: z.record(z.string(), slug).optional(),
    /** CRM stage values that deliberately mean no stage. With `crmStageMap`, any value that is named nowhere is flagged. */
    crmStagesIgnored: z.array(z.string().min(1).max(200)).max(500).optional(),
    milestones: z.array(milestoneDefinition).max(200).default([]),
    /**
     * Days on which nobody is expected to write, both included, in the account's time zone: silence and waiting do not grow.
     * `to` before `from` ends in the next year.
     */
    quietDays: z
      .array(z.strictObject({ from: yearDay, to: yearDay }))
      .max(20)
      .default([]),
    /**
     * Single days on which nobody is expected to write: feasts that move from year to year. The public holidays of the workspace's country
     * count anyway.
     */
    holidays: z.array(z.iso.date('write a date, as in 2026-04-06')).max(1000).optional(),
    segments: z.array(segmentDefinition).max(50).default([]),
    personas: z.array(personaDefinition).max(50).optional(),
    thresholds: z
      .record(
        slug,
        z.strictObject({ value: z.number(), segments: z.record(slug, z.number()).optional(), note: text.optional() }),
      )
      .default({}),
    rules: z.array(ruleDefinition).max(200).default([]),
    /** Where it is given, every playbook that a rule names has to be in it. */
    playbooks: z.array(playbookDefinition).max(100).optional(),
    health: z
      .strictObject({ version: z.number().int().min(1), parts: z.array(healthPartDefinition).min(1).max(50) })
      .optional(),
    success: successDefinition.optional(),
    outcomes: z
      .strictObject({
        churned: outcome.optional(),
        renewed: outcome.optional(),
        contract: contractOutcome.optional(),
        /** What is told of accounts that have not bought; one of these until another stage, a won deal or a renewal is told. */
        prospects: z.array(eventMatcher).min(1).optional(),
      })
      .optional(),
  })
  .meta({ id: 'JourneyDefinition', title: 'Waymark journey definition' });

export type JourneyDefinition = z.infer<typeof journeyDefinition>;

/** The JSON Schema (draft 2020-12) of a definition file, for editors. */
export function journeyDefinitionJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(journeyDefinition, { io: 'input' }) };
}
