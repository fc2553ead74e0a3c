import { closeDateMoves, crmBase, valueAt, type MapContext, type Mapped } from '@waymark/connector-kit';
import type { Attributes, EventDraft } from '@waymark/journey';
import { stageProperties } from './directory.ts';
import { transitions, versions, type Transition, type Version } from './history.ts';
import { createdAt, value, type GatheredRecord, type StageSnapshot } from './record.ts';
import { declarationOf, type DealKind, type Declaration } from './settings.ts';
import { parseTime } from './time.ts';

type DealAttributes = Attributes<'deal.created'>;

/** The past of a deal's values, each with what held when. */
interface Past {
  readonly pipeline: readonly Version[];
  readonly amount: readonly Version[];
  readonly closeDate: readonly Version[];
}

/** A deal: when it was made, each move through its pipeline, and each time its close date moved. */
export function mapDeal(record: GatheredRecord, context: MapContext): Mapped {
  const declaration = declarationOf(context.settings);
  const past: Past = {
    pipeline: versions(record, stageProperties.deals.pipeline),
    amount: versions(record, 'amount'),
    closeDate: versions(record, 'closedate'),
  };
  const moves = transitions(record, stageProperties.deals.stage).filter((move) => move.value !== '');
  const made = createdAt(record);
  const describe = (at: number, stage: string | undefined): DealAttributes =>
    attributesAt(record, past, declaration, at, stage);
  const origin = {
    externalAccountId: context.account.externalAccountId,
    object: 'deals',
    id: record.id,
    accountId: record.gathered.companies[0],
  };
  const base = (property: string, at: number) => crmBase(origin, property, at);

  const events: EventDraft[] = [
    {
      ...base('createdate', made),
      type: 'deal.created',
      attributes: describe(made, moves[0]?.value ?? value(record, stageProperties.deals.stage)),
    },
  ];
  for (const [index, move] of moves.entries()) {
    const type = outcomeOf(record, stageAt(record, past, move));
    // The first stage is the deal's making, told already, unless it was made closed.
    if (index === 0 && type === 'deal.stage_changed') continue;
    const from = move.from === undefined ? {} : { from: move.from };
    events.push({
      ...base(stageProperties.deals.stage, move.at),
      type,
      attributes: { ...describe(move.at, move.value), ...from },
    });
  }
  const closings = moves.filter((move) => stageAt(record, past, move)?.closed === true).map((move) => move.at);
  for (const change of closeDateMoves(past.closeDate, closings, parseTime)) {
    const stage = valueAt(versions(record, stageProperties.deals.stage), change.at);
    events.push({
      ...base('closedate', change.at),
      type: 'deal.close_date_changed',
      attributes: { ...describe(change.at, stage), closeAt: change.to, previousCloseAt: change.from },
    });
  }
  return { outcome: 'stored', events, url: record.gathered.url };
}

function stageAt(record: GatheredRecord, past: Past, move: Transition): StageSnapshot | undefined {
  return record.gathered.stages[`${pipelineAt(record, past, move.at)}/${move.value}`];
}

/** A stage's id is unique only within its pipeline, so each move is read with the pipeline of its time. */
function pipelineAt(record: GatheredRecord, past: Past, at: number): string | undefined {
  return valueAt(past.pipeline, at) ?? past.pipeline[0]?.value ?? value(record, stageProperties.deals.pipeline);
}

function outcomeOf(
  record: GatheredRecord,
  stage: StageSnapshot | undefined,
): 'deal.won' | 'deal.lost' | 'deal.stage_changed' {
  if (stage === undefined || !stage.closed) return 'deal.stage_changed';
  const won = stage.probability === undefined ? value(record, 'hs_is_closed_won') === 'true' : stage.probability === 1;
  return won ? 'deal.won' : 'deal.lost';
}

function attributesAt(
  record: GatheredRecord,
  past: Past,
  declaration: Declaration,
  at: number,
  stage: string | undefined,
): DealAttributes {
  const pipeline = pipelineAt(record, past, at);
  const snapshot = record.gathered.stages[`${pipeline}/${stage}`];
  const amount = Number((valueAt(past.amount, at) ?? past.amount[0]?.value ?? value(record, 'amount')) || Number.NaN);
  const closeAt = parseTime(valueAt(past.closeDate, at) ?? past.closeDate[0]?.value ?? value(record, 'closedate'));
  const currency = value(record, 'deal_currency_code');
  const name = value(record, 'dealname');
  const kind = kindOf(record, declaration, pipeline, snapshot?.pipelineLabel);
  return {
    dealId: record.id,
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(stage === undefined ? {} : { stage }),
    ...(snapshot === undefined ? {} : { stageLabel: snapshot.label.slice(0, 200) }),
    // Tells a step back from one on: labels say nothing of the order.
    ...(snapshot?.probability === undefined ? {} : { probability: snapshot.probability }),
    ...(Number.isFinite(amount) ? { amount } : {}),
    ...(currency === undefined ? {} : { currency: currency.slice(0, 10) }),
    ...(name === undefined ? {} : { name: name.slice(0, 1000) }),
    ...(kind === undefined ? {} : { kind }),
    ...(closeAt === undefined ? {} : { closeAt }),
  };
}

/** What a deal is about: as declared, else as its pipeline's label or HubSpot's deal type tells; undefined where nothing does. */
function kindOf(
  record: GatheredRecord,
  declaration: Declaration,
  pipeline: string | undefined,
  label: string | undefined,
): DealKind | undefined {
  const kinds = new Map(Object.entries(declaration.deals.pipelineKinds));
  const declared = kinds.get(pipeline ?? '') ?? kinds.get(label ?? '');
  if (declared !== undefined) return declared;
  const text = (label ?? '').toLowerCase();
  if (text.includes('renew')) return 'renewal';
  if (/expan|upsell|cross-?sell/.test(text)) return 'expansion';
  const type = value(record, 'dealtype');
  if (type === 'existingbusiness') return 'expansion';
  return type === 'newbusiness' || text.includes('new') || text.includes('sales') ? 'new' : undefined;
}
