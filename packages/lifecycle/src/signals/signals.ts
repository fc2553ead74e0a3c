import { signalCatalogue } from '@waymark/journey';
import type { JourneyDefinition, SignalName, SignalParams } from '@waymark/journey';
import { accountSignals } from './signals-account.ts';
import { balanceSignals } from './signals-balance.ts';
import { contractSignals } from './signals-contract.ts';
import { declineSignals } from './signals-decline.ts';
import { engagementSignals } from './signals-engagement.ts';
import { exchangeSignals } from './signals-exchange.ts';
import { happeningSignals } from './signals-happenings.ts';
import { lexiconSignals } from './signals-lexicon.ts';
import { peopleSignals } from './signals-people.ts';
import { peerSignals } from './signals-peers.ts';
import { personaSignals } from './signals-persona.ts';
import type { SignalFactory, SignalReader } from './signal.ts';
import { counted } from '../course/wording.ts';

const factories: Readonly<Record<SignalName, SignalFactory>> = {
  ...engagementSignals,
  ...peopleSignals,
  ...accountSignals,
  ...declineSignals,
  ...balanceSignals,
  ...personaSignals,
  ...exchangeSignals,
  ...happeningSignals,
  ...contractSignals,
  ...lexiconSignals,
  ...peerSignals,
};

/** A signal with its parameters, ready to be read. */
export interface BoundSignal extends SignalReader {
  readonly name: SignalName;
  readonly params: SignalParams;
  readonly unit: (typeof signalCatalogue)[SignalName]['unit'];
  readonly label: string;
}

/** Makes bound signals, one per name and parameters. */
export function signalBinder(definition: JourneyDefinition): (name: SignalName, params?: SignalParams) => BoundSignal {
  const bound = new Map<string, BoundSignal>();
  return (name, params = {}) => {
    const id = `${name} ${JSON.stringify(Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
    let found = bound.get(id);
    if (!found) {
      const { unit, label } = signalCatalogue[name];
      found = { ...factories[name](params, definition), name, params, unit, label: labelOf(label, params, definition) };
      bound.set(id, found);
    }
    return found;
  };
}

function labelOf(label: string, params: SignalParams, definition: JourneyDefinition): string {
  const parts: string[] = [];
  if (params.kind) parts.push(params.kind);
  if (params.milestone)
    parts.push(definition.milestones.find((one) => one.id === params.milestone)?.title ?? params.milestone);
  if (params.stage) parts.push(params.stage);
  if (params.property) parts.push(params.property);
  if (params.metric) parts.push(params.metric);
  if (params.words) parts.push(params.words.join(', '));
  if (params.persona) parts.push(params.persona);
  if (params.types) parts.push(params.types.join(', '));
  if (params.measure === 'total') parts.push('added up');
  if (params.latest) parts.push(`the latest ${params.latest}`);
  if (params.direction) parts.push(params.direction);
  if (params.touchpoints) parts.push(params.touchpoints.join(', '));
  if (params.days) parts.push(`${params.days} days`);
  if (params.baselineDays) parts.push(`against ${params.baselineDays} days before`);
  if (params.least) parts.push(`${params.least} people at least`);
  if (params.leastTexts) parts.push(`${params.leastTexts} texts at least`);
  if (params.leastAccounts) parts.push(`${params.leastAccounts} accounts at least`);
  if (params.withinDays) parts.push(`within ${params.withinDays} days of each other`);
  return parts.length === 0 ? label : `${label} (${parts.join('; ')})`;
}

/** A raw value in the signal's unit: days with one decimal, rounded down so that a threshold never shows as met early. */
export function shown(signal: BoundSignal, raw: number | string | null): number | string | null {
  if (typeof raw !== 'number') return raw;
  return signal.scale === 1 ? raw : Math.floor((raw / signal.scale) * 10) / 10;
}

function daysOf(signal: BoundSignal, raw: number, word: string): string {
  const days = Math.max(0, Math.floor(raw / signal.scale));
  // A usual gap of hours is a habit of daily contact.
  if (days === 0) return signal.name.endsWith('_gap') ? '1 day' : `less than a ${word}`;
  return counted(days, word, `${word}s`);
}

/** A raw value as a person says it: `34 days`, `3 business days`, `5`. Undefined if there is none. */
export function spoken(signal: BoundSignal, raw: number | string | null): string | undefined {
  if (raw === null) return undefined;
  if (typeof raw === 'string') return raw;
  switch (signal.unit) {
    case 'days':
      return daysOf(signal, raw, 'day');
    case 'business_days':
      return daysOf(signal, raw, 'business day');
    case 'ratio':
      return `${Math.round(raw * 100)} %`;
    default:
      return String(raw);
  }
}
