import {
  account as readAccount,
  accounts,
  flags as readFlags,
  sightingsOf,
  type Account,
  type Tx,
} from '@waymark/store';
import { z } from 'zod';
import { engineFlag } from './plan/stored-flag.ts';

const Match = z.looseObject({ lost: z.array(z.looseObject({ accountId: z.string() })).default([]) });
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Accounts that a flag's events may belong to: first those that lost when they were matched, then all others by name. */
export async function likelyAccounts(tx: Tx, flagId: string): Promise<readonly Account[]> {
  if (!uuid.test(flagId)) return (await accounts(tx)).slice(0, 50);
  const [flag] = await readFlags(tx, { flagId });
  const events = flag ? engineFlag(flag).proof.evidence.map((one) => one.eventId) : [];
  const lost = (await sightingsOf(tx, events)).flatMap((row) => {
    const match = Match.safeParse(row.match);
    return match.success ? match.data.lost.map((one) => one.accountId) : [];
  });
  const first: Account[] = [];
  for (const accountId of new Set(lost)) {
    const one = await readAccount(tx, accountId);
    if (one && one.mergedInto === null) first.push(one);
  }
  const named = new Set(first.map((one) => one.accountId));
  const others = (await accounts(tx)).filter((one) => !named.has(one.accountId));
  return [...first, ...others].filter((one) => one.accountId !== flag?.accountId).slice(0, 50);
}
