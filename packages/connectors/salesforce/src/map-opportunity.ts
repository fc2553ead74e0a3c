import { closeDateMoves, crmBase, valueAt, type MapContext, type Mapped } from '@waymark/connector-kit';
import type { Attributes, EventDraft } from '@waymark/journey';
import { transitions, versions } from './history.ts';
import { chance, createdAt, value, type GatheredRecord, type StageSnapshot } from './record.ts';
import { declarationOf, type DealKind, type Declaration } from './settings.ts';
import { parseTime } from './time.ts';

type DealAttributes = Attributes<'deal.created'>;

/** An opportunity as a deal: when it was made, each move of its stage, and each time its close date moved. */
export function mapOpportunity(record: GatheredRecord, context: MapContext): Mapped {
  const declaration = declarationOf(context.settings);
  const moves = transitions(record, 'StageName').filter((move) => move.value !== '');
  const made = createdAt(record);
  const origin = {
    externalAccountId: context.account.externalAccountId,
    object: 'opportunities',
    id: record.id,
    accountId: record.gathered.accounts[0],
  };
  const base = (field: string, at: number) => crmBase(origin, field, at);
  const describe = (at: number, stage: string | undefined): DealAttributes =>
    attributesAt(record, declaration, at, stage);

  const events: EventDraft[] = [
    {
      ...base('CreatedDate', made),
      type: 'deal.created',
      attributes: describe(made, moves[0]?.value ?? value(record, 'StageName')),
    },
  ];
  for (const [index, move] of moves.entries()) {
    const type = outcomeOf(record, move.value);
    // The first stage is the deal's making, told already, unless it was made closed.
    if (index === 0 && type === 'deal.stage_changed') continue;
    const from = move.from === undefined ? {} : { from: move.from.slice(0, 200) };
    events.push({ ...base('StageName', move.at), type, attributes: { ...describe(move.at, move.value), ...from } });
  }
  const closings = moves.filter((move) => stageOf(record, move.value)?.closed === true).map((move) => move.at);
  for (const change of closeDateMoves(versions(record, 'CloseDate'), closings, parseTime)) {
    const stage = valueAt(versions(record, 'StageName'), change.at);
    events.push({
      ...base('CloseDate', change.at),
      type: 'deal.close_date_changed',
      attributes: { ...describe(change.at, stage), closeAt: change.to, previousCloseAt: change.from },
    });
  }
  return { outcome: 'stored', events, url: record.gathered.url };
}

/** A stage that was deleted since is known from the opportunity itself where it is the last one. Never by its words. */
function stageOf(record: GatheredRecord, stage: string): StageSnapshot | undefined {
  if (Object.hasOwn(record.gathered.stages, stage)) return record.gathered.stages[stage];
  if (stage !== value(record, 'StageName')) return undefined;
  return {
    label: stage,
    closed: value(record, 'IsClosed') === 'true',
    won: value(record, 'IsWon') === 'true',
    ...chance(value(record, 'Probability')),
  };
}

function outcomeOf(record: GatheredRecord, stage: string): 'deal.won' | 'deal.lost' | 'deal.stage_changed' {
  const snapshot = stageOf(record, stage);
  if (snapshot === undefined || !snapshot.closed) return 'deal.stage_changed';
  return snapshot.won ? 'deal.won' : 'deal.lost';
}

function attributesAt(
  record: GatheredRecord,
  declaration: Declaration,
  at: number,
  stage: string | undefined,
): DealAttributes {
  const past = (field: string): string | undefined =>
    valueAt(versions(record, field), at) ?? versions(record, field)[0]?.value ?? value(record, field);
  const { label, probability } = (stage === undefined ? undefined : stageOf(record, stage)) ?? {};
  const amount = Number(past('Amount') || Number.NaN);
  const closeAt = parseTime(past('CloseDate'));
  const currency = value(record, 'CurrencyIsoCode');
  const name = value(record, 'Name');
  const kind = kindOf(record, declaration);
  const pipeline = record.gathered.recordType?.developerName;
  return {
    dealId: record.id,
    ...(pipeline === undefined ? {} : { pipeline: pipeline.slice(0, 200) }),
    ...(stage === undefined ? {} : { stage: stage.slice(0, 200) }),
    ...(label === undefined ? {} : { stageLabel: label.slice(0, 200) }),
    // Of the stage: people set an opportunity's own as they hope, and labels say nothing of the order.
    ...(probability === undefined ? {} : { probability }),
    ...(Number.isFinite(amount) ? { amount } : {}),
    ...(currency === undefined ? {} : { currency: currency.slice(0, 10) }),
    ...(name === undefined ? {} : { name: name.slice(0, 1000) }),
    ...(kind === undefined ? {} : { kind }),
    ...(closeAt === undefined ? {} : { closeAt }),
  };
}

/** What a deal is about: as declared for its record type or type, else as the words of these tell; undefined where nothing does. */
function kindOf(record: GatheredRecord, declaration: Declaration): DealKind | undefined {
  const { recordType } = record.gathered;
  const type = value(record, 'Type');
  const kinds = new Map(Object.entries(declaration.deals.pipelineKinds));
  const names = [recordType?.id, recordType?.developerName, recordType?.name, type];
  const declared = names.flatMap((name) => kinds.get(name ?? '') ?? [])[0];
  if (declared !== undefined) return declared;
  const text = `${recordType?.name ?? ''} ${type ?? ''}`.toLowerCase();
  if (text.includes('renew')) return 'renewal';
  if (/expan|upsell|cross-?sell|upgrade|existing/.test(text)) return 'expansion';
  return /\bnew\b|new business|new customer|sales/.test(text) ? 'new' : undefined;
}
