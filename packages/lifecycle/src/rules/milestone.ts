import type { MilestoneDefinition } from '@waymark/journey';
import { dueOf, type Moment } from '../course/moment.ts';
import { NEVER } from '../signals/signal.ts';
import type { MilestoneState } from '../course/state.ts';
import { DAY } from '../time/zone.ts';

/** Days past its due date from which a milestone is stuck, where the definition does not say. */
const STUCK_AFTER = 30;

/** From when on a milestone that was due at an instant is stuck. */
function stuckFrom({ due }: MilestoneDefinition, dueAt: number): number {
  return dueAt + Math.round((due.stuckAfterDays ?? STUCK_AFTER) * DAY);
}

/** How a milestone stands at the moment. */
export function milestoneAt(moment: Moment, definition: MilestoneDefinition): MilestoneState {
  const reached = moment.course.milestones[definition.id];
  const dueAt = dueOf(moment, definition);
  const { at } = moment;
  const open =
    dueAt === null ? 'waiting' : at < dueAt ? 'on_track' : at < stuckFrom(definition, dueAt) ? 'behind' : 'stuck';
  return {
    milestone: definition.id,
    side: definition.side,
    dueAt,
    reachedAt: reached?.at ?? null,
    status: reached ? (dueAt !== null && reached.at > dueAt ? 'reached_late' : 'reached') : open,
    proof: reached?.proof ?? null,
  };
}

/** The next instant at which time alone changes how a milestone stands; Infinity if never. */
export function milestoneTurn(moment: Moment, definition: MilestoneDefinition): number {
  if (moment.course.milestones[definition.id]) return NEVER;
  const dueAt = dueOf(moment, definition);
  if (dueAt === null) return NEVER;
  if (dueAt > moment.at) return dueAt;
  const stuckAt = stuckFrom(definition, dueAt);
  return stuckAt > moment.at ? stuckAt : NEVER;
}
