import { journeyMap, type JourneyMap, type StagePath, type StageStay } from '@waymark/analytics';
import { accounts, stagePeriods, type StoredPeriod, type Tx } from '@waymark/store';
import { activeJourneys } from '@waymark/sync';

/** The map of each active journey over all accounts, or over those named. */
export async function journeyMaps(tx: Tx, now: number, only?: ReadonlySet<string>): Promise<readonly JourneyMap[]> {
  // A merged account's stages live on in the account that it was merged into.
  const own = new Set((await accounts(tx)).map((account) => account.accountId));
  const maps: JourneyMap[] = [];
  for (const { definition } of await activeJourneys(tx)) {
    const periods = (await stagePeriods(tx, { journey: definition.id })).filter(
      (one) => own.has(one.accountId) && (only === undefined || only.has(one.accountId)),
    );
    const paths = [...Map.groupBy(periods, (one) => one.accountId)].map(([accountId, stays]): StagePath => ({
      accountId,
      stays: stays.map(stayOf),
    }));
    maps.push(journeyMap(definition, paths, now));
  }
  return maps;
}

function stayOf(period: StoredPeriod): StageStay {
  const { move } = period.detail;
  return {
    stage: period.stage,
    enteredAt: period.enteredAt,
    exitedAt: period.exitedAt,
    ...((move === 'allowed' || move === 'unusual' || move === 'forbidden' || move === 'entry') && { move }),
  };
}
