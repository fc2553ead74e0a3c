import type { JourneyDefinition } from '@waymark/journey';
import { compileMatcher } from './matcher.ts';
import type { Fact } from './state.ts';
import type { RecordTrack } from '../tracks/tracks.ts';

type Meaning = 'prospect' | 'ended' | 'other';

const compiled = new WeakMap<JourneyDefinition, (stage: string) => Meaning>();

/** What a stage of the CRM says of an account by a definition's outcomes; each spelling is looked at once. */
function meaningOf(definition: JourneyDefinition): (stage: string) => Meaning {
  const ready = compiled.get(definition);
  if (ready) return ready;
  const { prospects = [], churned = [] } = definition.outcomes ?? {};
  const [isOfProspects, isEnd] = [prospects.map(compileMatcher), churned.map(compileMatcher)];
  const known = new Map<string, Meaning>();
  const made = (stage: string): Meaning => {
    const before = known.get(stage);
    if (before) return before;
    const fact = toldStage(stage);
    const meaning = isOfProspects.some((fits) => fits(fact))
      ? 'prospect'
      : isEnd.some((fits) => fits(fact))
        ? 'ended'
        : 'other';
    known.set(stage, meaning);
    return meaning;
  };
  compiled.set(definition, made);
  return made;
}

const toldStage = (to: string): Fact => ({
  id: '',
  type: 'crm.stage_changed',
  occurredAt: 0,
  recordedAt: 0,
  touchpoint: 'crm',
  direction: 'none',
  participants: [],
  automated: false,
  attributes: { to },
});

/**
 * Whether nothing but a sale has been told of an account so far: stages that the definition counts as those of prospects, and how these
 * ended, or, with `byDeals`, a deal for new business that was not won. Of a record that says itself that it is a customer's, a deal says
 * nothing: customers of old buy a second product.
 */
export function isInSale(definition: JourneyDefinition, { sale }: RecordTrack, byDeals: boolean): boolean {
  if (!sale) return false;
  const meaning = meaningOf(definition);
  const meanings = sale.stages.map(meaning);
  if (meanings.includes('other')) return false;
  return meanings.includes('prospect') || (byDeals && sale.deal);
}
