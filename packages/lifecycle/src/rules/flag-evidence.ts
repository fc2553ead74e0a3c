import type { RuleDefinition } from '@waymark/journey';
import type { CompiledCondition } from './condition.ts';
import type { Moment } from '../course/moment.ts';
import type { Bind } from './operand.ts';
import { note } from '../signals/signal.ts';
import { everyTouchpoint, lastMeeting, lastWords } from '../signals/signals-engagement.ts';
import type { Evidence } from '../course/state.ts';

/** A person who is to believe a flag wants to see so many things that happened. */
const FEWEST = 3;

/**
 * Compiles what a rule shows: the events of the signals that it names, then those that its comparisons rest on, then, while these
 * are few, what last happened between both sides. Most telling first; an event may be named twice, and the first note counts.
 */
export function compileEvidence(
  rule: RuleDefinition,
  when: CompiledCondition,
  bind: Bind,
): (moment: Moment) => Evidence[] {
  const named = (rule.evidence ?? []).map((one) => bind(one.signal, one.with));
  return (moment) => {
    const found = inTurn(named.map((signal) => signal.evidence(moment)));
    for (const one of when.evidence(moment)) found.push(one);
    const seen = new Set<string>();
    for (const { eventId } of found) if (seen.add(eventId).size === FEWEST) return found;
    for (const one of background(moment)) {
      if (seen.size < FEWEST && !seen.has(one.eventId)) found.push(one);
      seen.add(one.eventId);
    }
    return found;
  };
}

/** The first of each list, then the second of each, and so on. */
function inTurn(lists: readonly (readonly Evidence[])[]): Evidence[] {
  const found: Evidence[] = [];
  for (let place = 0, before = -1; found.length > before; place += 1) {
    before = found.length;
    for (const list of lists) {
      const one = list[place];
      if (one) found.push(one);
    }
  }
  return found;
}

/** What an account's last days look like, whatever the rule is about; of a source that is silent now nobody knows what came last. */
function background(moment: Moment): Evidence[] {
  const { contact, record } = moment.tracks;
  const { lastOutbound } = contact;
  const silent = new Set<string>();
  for (const { from, to, touchpoints } of moment.around.context.gaps)
    if (from <= moment.at && (to === null || to > moment.at)) for (const one of touchpoints) silent.add(one);
  const isHeard = ({ type }: Evidence) => !silent.has(type.slice(0, type.indexOf('.')));
  const last = [
    ...lastWords(moment, everyTouchpoint),
    ...(lastOutbound ? [note(lastOutbound, 'Our last message')] : []),
    ...lastMeeting(moment),
    ...(record.crmStage ? [note(record.crmStage.mark, 'Stage changed in the CRM')] : []),
  ];
  return silent.size === 0 ? last : last.filter(isHeard);
}
