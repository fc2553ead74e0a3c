/**
 * When a process is killed: at the n-th passing of a named instant, or some time after its start; then perhaps the embedded database with
 * it, as when a machine goes down.
 */
export type Kill =
  | { readonly at: 'point'; readonly name: string; readonly nth: number; readonly stage: Stage }
  | { readonly at: 'moment'; readonly afterMs: number; readonly stage: Stage; readonly database: boolean };

/** What happens around it: nothing new while it reads, new events, or access tokens that have just run out. */
export type Stage = 'backfill' | 'live' | 'token';

/** A seeded sequence in [0, 1) (mulberry32), so that a run can be repeated from its seed (I13). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Every named instant of an ordinary life once, in the order of a workspace's life, so that each is still to come when it is waited for. Passings of what
 * happens often are drawn, so that not only the first is hit. `write-cleared` comes only where a stage of HubSpot's own moves back: test/writeback kills there.
 */
export function pointKills(random: () => number): readonly Kill[] {
  const point = (stage: Stage, name: string, most = 1): Kill => ({
    at: 'point',
    name,
    nth: 1 + Math.floor(random() * most),
    stage,
  });
  return [
    point('backfill', 'page-read', 5),
    point('token', 'before-token-exchange'),
    point('token', 'token-stored'),
    point('backfill', 'page-stored', 4),
    point('backfill', 'page-committed', 3),
    point('backfill', 'fold-stored', 5),
    point('backfill', 'fold-committed', 5),
    point('backfill', 'post-claimed'),
    point('backfill', 'post-sent', 2),
    point('backfill', 'post-recorded'),
    point('backfill', 'write-claimed'),
    point('backfill', 'write-sent'),
    point('live', 'hint-stored', 2),
    point('live', 'page-stored', 3),
    point('live', 'fold-stored', 3),
  ];
}

/** Random moments, spread over the first reading and the life after it. */
export function momentKills(random: () => number, count: number): readonly Kill[] {
  return Array.from({ length: count }, (_, index): Kill => {
    const stage: Stage = index < count / 2 ? 'backfill' : 'live';
    return { at: 'moment', afterMs: Math.round(300 + random() * 6000), stage, database: index % 4 === 3 };
  });
}

export const describeKill = (kill: Kill): string =>
  kill.at === 'point'
    ? `${kill.stage}: ${kill.name}:${kill.nth}`
    : `${kill.stage}: after ${kill.afterMs} ms${kill.database ? ', the database too' : ''}`;
