import type { JourneyDefinition } from '@waymark/journey';
import { proofsAt } from '../engine/engine.ts';
import type { CompiledJourney } from '../rules/journey.ts';
import { isIntact } from '../course/proof.ts';
import { askedWords, measureWords } from './measure-words.ts';
import { playbookLines } from './playbook-words.ts';
import type { ScoreProof } from './score-proof.ts';
import { whyNotLines } from './why-not-words.ts';
import type { WhyNot } from './why-not.ts';
import type {
  AccountContext,
  AccountJourney,
  Comparison,
  Evidence,
  Fact,
  Flag,
  Health,
  Proof,
} from '../course/state.ts';
import { zoneOf } from '../time/zone.ts';

function comparisonLine(comparison: Comparison): string {
  const { label, unit, value, holds } = comparison;
  return `  ${holds ? 'yes' : 'no '}  ${label}: ${measureWords(value, unit)}, asked for ${askedWords(comparison)}`;
}

function evidenceLine({ at, note, type, eventId }: Evidence, date: (at: number) => string): string {
  return `  ${date(at)}  ${note} (${type} ${eventId})`;
}

function proofLines(proof: Proof, date: (at: number) => string): string[] {
  return [
    ...(proof.comparisons.length > 0 ? ['Compared:', ...proof.comparisons.map(comparisonLine)] : []),
    ...(proof.evidence.length > 0 ? ['Rests on:', ...proof.evidence.map((one) => evidenceLine(one, date))] : []),
    `Rule ${proof.rule}, version ${proof.ruleVersion}, of ${proof.definition} ${proof.definitionDigest.slice(0, 12)}; proof ${proof.digest.slice(0, 12)}.`,
  ];
}

/** A score part by part: what has no input is shown, and where its weight went. */
function scoreLines(
  name: string,
  { score, parts, version }: Health,
  proofs: ReadonlyMap<string, Proof>,
  date: (at: number) => string,
): string[] {
  if (score === null && parts.length === 0) return [];
  const missing = parts.some((part) => part.score === null);
  return [
    '',
    `${name} ${score === null ? 'is not known yet' : `${score} of 100`} (version ${version} of how it is weighed):`,
    ...parts.flatMap((part) => {
      const proof = proofs.get(part.part);
      const line = `  ${part.score ?? '-'}  ${part.label} (weight ${part.weight}): ${part.why}`;
      return proof ? [line, ...proofLines(proof, date).map((each) => `      ${each}`)] : [line];
    }),
    ...(missing && score !== null ? ['  What has no input is left out, and its weight spread over the rest.'] : []),
  ];
}

function flagLines(flag: Flag, date: (at: number) => string, definition?: JourneyDefinition): string[] {
  const end =
    flag.clearedAt === null
      ? 'open'
      : `cleared on ${date(flag.clearedAt)}, because ${flag.clearedBecause ?? 'it ended'}`;
  return [
    `${flag.title} (${flag.severity} ${flag.kind}), opened on ${date(flag.openedAt)}, ${end}.`,
    `${flag.reason}.`,
    ...(flag.reasonNow && flag.reasonNow !== flag.reason ? [`By now: ${flag.reasonNow}.`] : []),
    ...proofLines(flag.proof, date),
    `What would clear it: ${flag.proof.clears}`,
    `Next step: ${flag.nextStep}`,
    ...(flag.playbook === undefined ? [] : playbookLines(definition, flag.playbook)),
  ];
}

/**
 * Says an account's answer as a person would: stage and how it came to it, health, milestones, flags with what they rest on, and why the
 * other rules raise none if `whyNot` is given; or one flag alone, by its id or its rule. Dates are those of the given time zone (IANA name), UTC without one.
 */
export function explain(
  answer: AccountJourney,
  options: {
    readonly flagId?: string;
    readonly timezone?: string;
    readonly whyNot?: readonly WhyNot[];
    readonly scoreProofs?: readonly ScoreProof[];
    /** What the answer goes by, for the steps of its playbooks. */
    readonly definition?: JourneyDefinition;
  } = {},
): string {
  const { date } = zoneOf(options.timezone);
  if (options.flagId !== undefined) {
    const flag = answer.flags.findLast((one) => one.flagId === options.flagId || one.rule === options.flagId);
    const shut = options.whyNot?.find((one) => one.rule === (flag?.rule ?? options.flagId));
    if (!flag && !shut) return `There is no flag ${options.flagId} as of ${date(answer.asOf)}.`;
    return [
      ...(flag ? flagLines(flag, date, options.definition) : []),
      ...(flag && shut ? [''] : []),
      ...(shut ? [`Why ${flag ? 'it is not open now' : 'there is none'}:`, ...whyNotLines(shut, date)] : []),
    ].join('\n');
  }
  const lines: string[] = [];
  const now = answer.periods.at(-1);
  lines.push(
    now
      ? `As of ${date(answer.asOf)}: ${now.stage}, since ${date(now.enteredAt)}.`
      : `As of ${date(answer.asOf)}: no stage yet.`,
  );
  const [entry] = answer.periods;
  if (entry) lines.push(`It came in at ${entry.stage}, on ${date(entry.enteredAt)}.`);
  for (const { segment, from, to } of answer.segments ?? [])
    lines.push(`In the segment ${segment} from ${date(from)}${to === null ? ' on' : ` to ${date(to)}`}.`);
  lines.push('', 'How it came to this:');
  for (const period of answer.periods) {
    lines.push(
      `${date(period.enteredAt)}  ${period.stage} (${period.direction}, ${period.move})`,
      ...proofLines(period.proof, date),
    );
  }
  const provenBy = (score: ScoreProof['score']) =>
    new Map(
      (options.scoreProofs ?? []).flatMap((one) => (one.score === score ? [[one.part, one.proof] as const] : [])),
    );
  lines.push(...scoreLines('Health', answer.health, provenBy('health'), date));
  if (answer.success) lines.push(...scoreLines('Success of the journey', answer.success, provenBy('success'), date));
  if (answer.milestones.length > 0) lines.push('', 'Milestones:');
  for (const { milestone, side, status, reachedAt, dueAt, proof } of answer.milestones) {
    const when = reachedAt !== null ? `, on ${date(reachedAt)}` : dueAt !== null ? `, due ${date(dueAt)}` : '';
    lines.push(`  ${milestone} (${side}): ${status.replaceAll('_', ' ')}${when}`);
    if (proof) lines.push(...proofLines(proof, date).map((line) => `    ${line}`));
  }
  const open = answer.flags.filter((flag) => flag.clearedAt === null);
  lines.push('', open.length === 0 ? 'No open flags.' : `Open flags: ${open.length}`);
  for (const flag of open) lines.push('', ...flagLines(flag, date, options.definition));
  const past = answer.flags.filter((flag) => flag.clearedAt !== null);
  if (past.length > 0) lines.push('', 'Past flags:');
  for (const flag of past)
    lines.push(`  ${date(flag.openedAt)} to ${date(flag.clearedAt ?? flag.openedAt)}  ${flag.title}: ${flag.reason}`);
  if (options.whyNot && options.whyNot.length > 0)
    lines.push('', 'Why the other rules raise nothing:', ...options.whyNot.flatMap((one) => whyNotLines(one, date)));
  return lines.join('\n');
}

/** Whether the log still says what a proof says. */
export interface Verdict {
  readonly agrees: boolean;
  /** What the log gives for the same rule at the same instant; null if nothing. */
  readonly derived: Proof | null;
  readonly because: 'same' | 'proof_altered' | 'other_definition' | 'not_derived' | 'differs';
}

/** Derives a proof again from the facts, as of its own instant, and compares digests. */
export function verifyProof(
  journey: CompiledJourney,
  context: AccountContext,
  facts: readonly Fact[],
  proof: Proof,
): Verdict {
  if (!isIntact(proof)) return { agrees: false, derived: null, because: 'proof_altered' };
  if (proof.definitionDigest !== journey.digest) return { agrees: false, derived: null, because: 'other_definition' };
  const derived =
    proofsAt(journey, context, facts, proof.at).find((one) => one.rule === proof.rule && one.at === proof.at) ?? null;
  if (!derived) return { agrees: false, derived: null, because: 'not_derived' };
  return derived.digest === proof.digest
    ? { agrees: true, derived, because: 'same' }
    : { agrees: false, derived, because: 'differs' };
}
