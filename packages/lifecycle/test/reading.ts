import type { JourneyDefinition, SignalName, SignalParams } from '@waymark/journey';
import { fold, momentOf } from '../src/engine/engine.ts';
import { compileJourney, rememberingFor } from '../src/rules/journey.ts';
import { shown, signalBinder } from '../src/signals/signals.ts';
import type { AccountContext, Evidence } from '../src/course/state.ts';
import { ANN, BOB, day, type History } from './account.ts';
import { plain } from './plain.ts';

const customer: AccountContext = {
  accountId: '5d0f2a10-0000-8000-8000-000000000001',
  isCustomer: true,
  contacts: [{ address: ANN }, { address: BOB }],
  gaps: [],
};

/** What a signal says of a history at a day, in its unit, and what it shows for it. */
export function reading(
  history: History,
  at: number,
  name: SignalName,
  params: SignalParams = {},
  {
    context = customer,
    definition = plain,
  }: { context?: Partial<AccountContext>; definition?: JourneyDefinition } = {},
): { readonly value: number | string | null; readonly evidence: readonly Evidence[] } {
  const journey = rememberingFor(compileJourney(definition), [name]);
  const around = { ...customer, ...context };
  const moment = momentOf(journey, around, fold(journey, around, history.facts, day(at)));
  const signal = signalBinder(definition)(name, params);
  return { value: shown(signal, signal.read(moment)), evidence: signal.evidence(moment) };
}
