import { fold, view, type AccountContext, type CompiledJourney, type EngineState, type Fact } from '@waymark/lifecycle';
import {
  addFlags,
  addPeriods,
  changeKeptStates,
  noteRecords,
  readSettings,
  settleWakes,
  writeCheckpoints,
  type Account,
  type Checkpoint,
  type FreshAccount,
  type JudgedRecord,
  type KeptChange,
  type Tx,
} from '@waymark/store';
import { contextDigestOf, judgedRecord } from '../fold/account-context.ts';
import { flagRow, periodRow, type Folded } from '../fold/answer-changes.ts';
import { checkpointOf, keepingWhole } from '../fold/state.ts';

/** What an account that was never folded is found to be, in all journeys. */
export interface FreshAnswer {
  readonly accountId: string;
  /** Of the wake that this answers. */
  readonly wakeVersion: number;
  readonly record: JudgedRecord;
  readonly folded: readonly Folded[];
  readonly checkpoints: readonly Checkpoint[];
  readonly kept: readonly KeptChange[];
}

/** The answer as of `now`, by all that the log says of the account. */
export function freshAnswer(
  { account, wakeVersion }: FreshAccount,
  context: AccountContext,
  journeys: readonly CompiledJourney[],
  facts: readonly Fact[],
  now: number,
): FreshAnswer {
  const contextDigest = contextDigestOf(context);
  const all = journeys.map((journey) =>
    inJourney(account, context, contextDigest, journey, fold(journey, context, facts, now), now),
  );
  return {
    accountId: account.accountId,
    wakeVersion,
    record: { ...judgedRecord(account, context.timezone ?? 'UTC'), csmEmail: account.csmEmail },
    folded: all.map((one) => one.folded),
    checkpoints: all.map((one) => one.checkpoint),
    kept: all.map((one) => one.kept),
  };
}

function inJourney(
  account: Account,
  context: AccountContext,
  contextDigest: string,
  journey: CompiledJourney,
  state: EngineState,
  now: number,
): { readonly folded: Folded; readonly checkpoint: Checkpoint; readonly kept: KeptChange } {
  const answer = view(journey, context, state);
  const folded: Folded = {
    account,
    contacts: [],
    journey,
    answer,
    opened: answer.flags.filter((flag) => flag.clearedAt === null),
    cleared: [],
    withdrawn: [],
    stageBefore: null,
  };
  const checkpoint = checkpointOf(answer, { accountId: account.accountId, journey, contextDigest, now });
  return { folded, checkpoint, kept: keepingWhole({ journey, context, places: [] }, { state }) };
}

/** Stores the answers of accounts that are locked, with what follows from them, and ends their wakes. */
export async function storeFresh(
  tx: Tx,
  answers: readonly FreshAnswer[],
  now: number,
  afterFold: (tx: Tx, folded: readonly Folded[]) => Promise<void>,
): Promise<void> {
  if (answers.length === 0) return;
  const folded = answers.flatMap((one) => one.folded);
  await addPeriods(
    tx,
    folded.flatMap(({ answer }) => answer.periods.map((period) => periodRow(answer, period, now))),
  );
  await addFlags(
    tx,
    folded.flatMap(({ answer }) => answer.flags.map((flag) => flagRow(answer, flag, now))),
  );
  await writeCheckpoints(
    tx,
    answers.flatMap((one) => one.checkpoints),
    now,
  );
  await changeKeptStates(
    tx,
    answers.flatMap((one) => one.kept),
  );
  const { country } = await readSettings(tx);
  const records = answers.map(({ accountId, record }) => ({ accountId, record: { ...record, country } }));
  await noteRecords(tx, records, now);
  if (folded.length > 0) await afterFold(tx, folded);
  await settleWakes(
    tx,
    answers.map(({ accountId, wakeVersion }) => ({ accountId, version: wakeVersion })),
  );
}
