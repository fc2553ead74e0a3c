import { servedFor, type StoredOutage } from './source-outages.ts';

/** Who told of an event, and when that was. */
export interface Told {
  readonly eventId: string;
  /** Epoch milliseconds. */
  readonly occurredAt: number;
  readonly touchpoint: string;
  /** What an import's line named, else the connector. */
  readonly source: string;
  readonly imported: boolean;
}

/** What `outagesOfAccount` tells, from what an account's own log says. */
export function outagesAmong(log: readonly Told[], outages: readonly StoredOutage[]): ReadonlySet<string> {
  const first = Math.min(...outages.map(({ from }) => from)) - servedFor;
  const last = Math.max(...outages.map(({ from }) => from));
  const told = log.filter(({ occurredAt }) => occurredAt > first && occurredAt < last);
  const byEvent = Map.groupBy(told, ({ eventId }) => eventId);
  const isSilent = (other: Told, during: StoredOutage): boolean =>
    other.imported &&
    outages.some(
      (one) =>
        one.source === other.source &&
        one.touchpoint === during.touchpoint &&
        one.from <= (during.to ?? Infinity) &&
        (one.to ?? Infinity) >= during.from,
    );
  const concerns = (outage: StoredOutage): boolean =>
    told.some(
      (one) =>
        one.imported &&
        one.source === outage.source &&
        one.touchpoint === outage.touchpoint &&
        one.occurredAt < outage.from &&
        one.occurredAt > outage.from - servedFor &&
        !byEvent.get(one.eventId)?.some((other) => other.source !== one.source && !isSilent(other, outage)),
    );
  return new Set(outages.filter(concerns).map(({ outageId }) => outageId));
}
