import type { SignalName, SignalParams } from '@waymark/journey';
import { renewalAt, type Moment } from '../course/moment.ts';
import { elapsed, latestFirst, MOST_SHOWN, NEVER, note, remaining, steady, type SignalFactory } from './signal.ts';
import type { Evidence } from '../course/state.ts';
import type { DealMoves } from '../tracks/track-deal-moves.ts';
import { dateIn } from '../tracks/track-work.ts';
import type { DealState, SurveyAnswer } from '../tracks/tracks.ts';
import { key } from '../tracks/tracks.ts';
import { span } from '../course/wording.ts';
import { DAY } from '../time/zone.ts';

interface MovedDeal extends DealState {
  readonly moves: DealMoves;
}

const isMoved = (deal: DealState): deal is MovedDeal => deal.moves !== null;

/** Open deals of a kind, the one that moved last first. */
function openDeals({ tracks }: Moment, { kind }: SignalParams): MovedDeal[] {
  return Object.values(tracks.deals.open)
    .filter((deal) => kind === undefined || deal.kind === kind)
    .filter(isMoved)
    .toSorted((a, b) => b.moves.since - a.moves.since || latestFirst(a.mark, b.mark));
}

type StepBack = DealMoves['back'][number];

function stepsBack(moment: Moment, params: SignalParams): StepBack[] {
  const window = params.days === undefined ? NEVER : params.days * DAY;
  return openDeals(moment, params)
    .flatMap(({ moves }) => moves.back)
    .filter((one) => moment.at - one.at < window)
    .toSorted(latestFirst);
}

function stepWords({ stage, loweredBy }: StepBack): string {
  const lowered = loweredBy > 0 ? `lowered by ${Math.max(1, Math.round(loweredBy * 100))} %` : '';
  if (!stage) return `Open deal ${lowered}`;
  return `Open deal went back to an earlier stage${lowered ? ` and was ${lowered}` : ''}`;
}

/** By the last renewal that says until when it runs, and by the renewal date of the CRM: what was said later counts. */
function contractEnd(moment: Moment): number | null {
  const { contract, renewal } = moment.tracks.record;
  const dated = renewalAt(moment);
  if (contract === null) return dated;
  const until = moment.around.zone.civil(contract.until);
  if (renewal !== null) return renewal.mark.at > contract.mark.at ? dated : until;
  // The CRM's date has no date of its own; a renewal only ever puts the end off.
  return dated === null ? until : Math.max(dated, until);
}

/** A number as CRMs write it: digits with one decimal point. */
function amountIn(text: string | undefined): number | null {
  const value = (text ?? '').trim();
  const amount = /^\d{1,15}(\.\d{1,9})?$/.test(value) ? Number(value) : 0;
  return amount > 0 ? amount : null;
}

/** What is licensed or planned: by the property that is named, else as the events of use say. */
function planOf({ tracks: { record } }: Moment, { metric = '', property }: SignalParams): number | null {
  if (property !== undefined) return amountIn(record.properties[key(property)]?.value);
  const limit = record.levels[key(metric)]?.limit ?? null;
  return limit !== null && limit > 0 ? limit : null;
}

/** Days (UTC) and amounts of a metric in the window. */
function usedDays({ at, tracks }: Moment, { metric = '' }: SignalParams, days: number): (readonly [number, number])[] {
  const today = Math.floor(at / DAY);
  return (tracks.record.usage[key(metric)] ?? []).filter(([day]) => day > today - days && day <= today);
}

/** The last answer and the one before it of the same kind: by the same person if they answered before. */
function lastTwo({ at, tracks }: Moment, window: number): { last: SurveyAnswer; before: SurveyAnswer } | null {
  const { surveys } = tracks.record;
  const last = surveys.at(-1);
  if (!last || at - last.mark.at >= window) return null;
  const alike = surveys.slice(0, -1).filter((one) => one.kind === last.kind);
  const before = alike.findLast((one) => one.person !== null && one.person === last.person) ?? alike.at(-1);
  return before ? { last, before } : null;
}

/** Signals of what was agreed and is at stake: deals on their way, dates of the contract, use against plan, what surveys say. */
export const contractSignals = {
  deal_stage: (params) =>
    steady((moment) => openDeals(moment, params)[0]?.moves.stage ?? null, {
      evidence: (moment) => {
        const deal = openDeals(moment, params)[0];
        return deal ? [note(deal.mark, 'Open deal')] : [];
      },
    }),
  days_in_deal_stage: (params) =>
    elapsed((moment) => openDeals(moment, params).at(-1)?.moves.since ?? null, {
      evidence: (moment) => {
        const deal = openDeals(moment, params).at(-1);
        return deal ? [note(deal.mark, 'The open deal that has stood longest in its stage')] : [];
      },
      what: (moment) => openDeals(moment, params).at(-1)?.moves.stage ?? null,
    }),
  deal_steps_back: (params) =>
    steady((moment) => stepsBack(moment, params).length, {
      turns: (moment) => {
        const oldest = stepsBack(moment, params).at(-1);
        return oldest && params.days !== undefined ? oldest.at + params.days * DAY : NEVER;
      },
      evidence: (moment) =>
        stepsBack(moment, params)
          .slice(0, MOST_SHOWN)
          .map((one) => note(one, stepWords(one))),
    }),
  days_until_contract_end: () =>
    remaining(contractEnd, {
      evidence: (moment) => {
        const { contract, renewal } = moment.tracks.record;
        const end = contractEnd(moment);
        if (end === null) return [];
        const { zone } = moment.around;
        const mark = contract && zone.civil(contract.until) === end ? contract.mark : renewal?.mark;
        return mark ? [note(mark, `Contract runs until ${zone.shortDate(end, moment.at)}`)] : [];
      },
    }),
  days_until_date: ({ property = '' }) => {
    const told = ({ tracks: { record } }: Moment) => record.properties[key(property)];
    const dateOf = (moment: Moment) => {
      const found = told(moment);
      const date = found ? dateIn(found.value) : null;
      return date === null ? null : moment.around.zone.civil(date);
    };
    return remaining(dateOf, {
      evidence: (moment): Evidence[] => {
        const found = told(moment);
        const date = dateOf(moment);
        if (!found || date === null) return [];
        return [note(found.mark, `${property} set to ${moment.around.zone.shortDate(date, moment.at)} in the CRM`)];
      },
      what: () => property,
    });
  },
  usage_of_plan: (params) => {
    const days = params.days ?? 30;
    const level = ({ at, tracks }: Moment): number | null => {
      const found = tracks.record.levels[key(params.metric ?? '')];
      return found && at - found.mark.at < days * DAY ? found.value : null;
    };
    const used = (moment: Moment): number | null => {
      if (params.measure !== 'total') return level(moment);
      const all = usedDays(moment, params, days);
      return all.length === 0 ? null : all.reduce((total, [, amount]) => total + amount, 0);
    };
    return steady(
      (moment) => {
        const plan = planOf(moment, params);
        const amount = used(moment);
        return plan === null || amount === null ? null : Math.round((amount / plan) * 1000) / 1000;
      },
      {
        turns: (moment) => {
          if (params.measure === 'total') {
            const first = usedDays(moment, params, days)[0]?.[0];
            return first === undefined ? NEVER : (first + days) * DAY;
          }
          const found = moment.tracks.record.levels[key(params.metric ?? '')];
          return found && level(moment) !== null ? found.mark.at + days * DAY : NEVER;
        },
        evidence: (moment) => {
          const found = moment.tracks.record.levels[key(params.metric ?? '')];
          const plan = planOf(moment, params);
          const amount = used(moment);
          return found && plan !== null && amount !== null
            ? [note(found.mark, `Use of ${params.metric}: ${amount} of ${plan}`)]
            : [];
        },
      },
    );
  },
  survey_change: (params) => {
    const window = (params.days ?? 90) * DAY;
    return steady(
      (moment) => {
        const found = lastTwo(moment, window);
        return found ? found.last.score - found.before.score : null;
      },
      {
        turns: (moment) => {
          const found = lastTwo(moment, window);
          return found ? found.last.mark.at + window : NEVER;
        },
        evidence: (moment) => {
          const found = lastTwo(moment, window);
          if (!found) return [];
          const { last, before } = found;
          const whose = last.person !== null && last.person === before.person ? 'of the same person' : 'before it';
          return [
            note(last.mark, `Last survey answer: ${last.score} of 100`),
            note(before.mark, `The answer ${whose}, ${span(last.mark.at - before.mark.at)} earlier: ${before.score}`),
          ];
        },
      },
    );
  },
} satisfies Partial<Record<SignalName, SignalFactory>>;
