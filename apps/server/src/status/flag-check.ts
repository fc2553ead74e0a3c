import { verifyProof } from '@waymark/lifecycle';
import { account as readAccount, flags, readSettings, type Account, type Tx } from '@waymark/store';
import { activeJourneys } from '@waymark/sync';
import { accountDossier, derivedFlag, engineInput } from './account-dossier.ts';
import { flagRecords, type FlagRecord } from './flag-record.ts';
import type { Check } from './flag-page.ts';

/** A flag with what the log says of its proof now. */
export interface CheckedFlag {
  readonly flag: FlagRecord;
  readonly account: Account;
  readonly check: Check;
  /** The reason with today's values; undefined where the flag is over or no longer derived. */
  readonly reasonNow: string | undefined;
  readonly timezone: string;
}

/** Reads a flag and derives its proof again from the log. Undefined where there is none. */
export async function checkedFlag(tx: Tx, flagId: string, now: number): Promise<CheckedFlag | undefined> {
  const [stored] = await flags(tx, { flagId });
  const account = stored && (await readAccount(tx, stored.accountId));
  if (!stored || !account) return undefined;
  const [flag] = await flagRecords(tx, [stored]);
  if (!flag) return undefined;
  const dossier = await accountDossier(tx, flag.accountId, now);
  return {
    flag,
    account,
    check: await checkFlag(tx, flag, account),
    reasonNow: dossier && derivedFlag(dossier, flag)?.reasonNow,
    timezone: dossier?.timezone ?? (await readSettings(tx)).timezone,
  };
}

async function checkFlag(tx: Tx, flag: FlagRecord, account: Account): Promise<Check> {
  const journey = (await activeJourneys(tx)).find((one) => one.definition.id === flag.journey);
  if (!journey) return { agrees: false, because: 'other_definition' };
  const { context, facts } = await engineInput(tx, account);
  const { agrees, because } = verifyProof(journey, context, facts, flag.proof);
  return { agrees, because };
}
