import { ConnectorFault } from '@waymark/connector-kit';

const HOUR = 3_600_000;
const HOURS = 24;
/** How long what Salesforce said of its counter is believed: after it one call may find out anew. */
const BELIEVED_MS = 30 * 60_000;

/** What an installation may take of the org's calls of a day. */
export interface DailyShare {
  /** Our own part of the org's limit, 0 to 1. */
  readonly share: number;
  /** The part of the limit, all users and tools together, above which reading waits. */
  readonly stopAbove: number;
}

/**
 * The calls that this process has made to one org within a day, by the hour, and what the org last said of its own counter. The
 * limit is the org's, rolls over 24 hours and is shared with every other tool (failure D10).
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm
 */
export class DailyBudget {
  readonly #byHour = new Map<number, number>();
  #told: { readonly used: number; readonly limit: number; readonly at: number } | undefined;

  /** Counts a call that was sent. */
  count(now: number): void {
    const hour = Math.floor(now / HOUR);
    this.#byHour.set(hour, (this.#byHour.get(hour) ?? 0) + 1);
    for (const old of this.#byHour.keys()) if (old <= hour - HOURS) this.#byHour.delete(old);
  }

  /** Reads `Sforce-Limit-Info: api-usage=10018/100000`. */
  learn(header: string | undefined, now: number): void {
    const found = /(?:^|;)\s*api-usage=(\d{1,12})\/(\d{1,12})/.exec(header ?? '');
    if (found !== null) this.#told = { used: Number(found[1]), limit: Number(found[2]), at: now };
  }

  /** Throws `quota-exhausted` where reading has to wait, with the time at which to look again. */
  holdBack(share: DailyShare, now: number): void {
    const told = this.#told;
    if (told === undefined || told.limit <= 0) return;
    const own = this.own(now);
    if (own >= share.share * told.limit) {
      const resumeAt = this.#oldestEnds(now);
      throw quota(`Waymark has used its share of this org's daily API calls (${own} of ${told.limit}).`, resumeAt);
    }
    if (now - told.at < BELIEVED_MS && told.used > share.stopAbove * told.limit) {
      const message = `This org has used ${told.used} of its ${told.limit} daily API calls: reading waits so that others can go on.`;
      throw quota(message, told.at + BELIEVED_MS);
    }
  }

  /** Calls of the last 24 hours. */
  own(now: number): number {
    const first = Math.floor(now / HOUR) - HOURS;
    return [...this.#byHour].reduce((sum, [hour, calls]) => (hour > first ? sum + calls : sum), 0);
  }

  #oldestEnds(now: number): number {
    const oldest = Math.min(...this.#byHour.keys(), Math.floor(now / HOUR));
    return Math.max((oldest + HOURS) * HOUR, now + BELIEVED_MS);
  }
}

function quota(message: string, resumeAt: number): ConnectorFault {
  return new ConnectorFault({ kind: 'quota-exhausted', message, resumeAt });
}
