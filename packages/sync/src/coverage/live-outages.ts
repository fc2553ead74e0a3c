import { liveOutages, type LiveSource } from '@waymark/lifecycle';
import {
  heardInstallations,
  heardSources,
  liveCheck,
  noteLiveCheck,
  readSettings,
  sourceOutagesInForce,
  streamStates,
  wakeAllAccounts,
  writeLiveOutages,
  type StreamState,
  type Tx,
} from '@waymark/store';
import { DateTime } from 'luxon';
import { publicHolidays } from '../fold/public-holidays.ts';
import { touchpointsOf } from './coverage.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Looks which installations are read without an error and tell nothing of anybody for far longer than is usual with them, and has every
 * account judged with it where that changed. Looks when one has been silent for so long, while one is, so that the first that comes
 * ends it, and once a day, for what comes late. Says whether it changed.
 */
export async function keepLiveOutages(
  tx: Tx,
  now: number,
  options: { readonly again?: boolean } = {},
): Promise<boolean> {
  const isDue = async () => {
    const check = await liveCheck(tx);
    if (check === undefined || options.again === true || now - check.checkedAt >= DAY) return true;
    if (check.nextAt !== null && check.nextAt <= now) return true;
    return (await sourceOutagesInForce(tx)).some((one) => one.installationId !== null && one.to === null);
  };
  if (!(await isDue())) return false;
  // Others wait here, and find what this one wrote.
  await noteLiveCheck(tx, now, null);
  const sources = await liveSources(tx, now);
  const { outages, nextAt } = liveOutages(sources, {
    others: sources.length === 0 ? [] : await heardSources(tx, now),
    now,
    isAway: await holidayHours(tx),
  });
  const changed = await writeLiveOutages(tx, outages, now);
  await noteLiveCheck(tx, now, nextAt);
  if (changed) await wakeAllAccounts(tx, now);
  return changed;
}

/** What each installation told of each touchpoint that its streams see, where their histories have been read. */
async function liveSources(tx: Tx, now: number): Promise<readonly LiveSource[]> {
  const watching = Map.groupBy(
    (await streamStates(tx)).flatMap((state) =>
      touchpointsOf(state).map((touchpoint) => ({ state, key: `${touchpoint} ${state.installationId}` })),
    ),
    ({ key }) => key,
  );
  if (watching.size === 0) return [];
  return (await heardInstallations(tx, now)).flatMap((heard): LiveSource[] => {
    const streams = watching.get(`${heard.touchpoint} ${heard.source}`) ?? [];
    const times = streams.map(({ state }) => readTimes(state));
    if (times.length === 0 || times.includes(null)) return [];
    const read = times.filter((one) => one !== null);
    return [
      { ...heard, since: Math.max(...read.map((one) => one.since)), until: Math.min(...read.map((one) => one.until)) },
    ];
  });
}

/** From when on a partition was watched as things happened, and up to when it was read; null where its history is yet to be read. */
const readTimes = ({ backfillDoneAt: since, lastSuccessAt: until }: StreamState) =>
  since === null || until === null ? null : { since, until };

/** Tells the hours of public holidays, by the workspace's country and zone. */
async function holidayHours(tx: Tx): Promise<(at: number) => boolean> {
  const { country, timezone } = await readSettings(tx);
  if (country === null) return () => false;
  const hours = new Set<number>();
  for (const date of await publicHolidays(country)) {
    const begin = DateTime.fromISO(date, { zone: timezone });
    const end = begin.plus({ days: 1 }).toMillis();
    for (let at = begin.toMillis(); at < end; at += HOUR) hours.add(Math.floor(at / HOUR));
  }
  return (at) => hours.has(Math.floor(at / HOUR));
}
