import { ConnectorFault, type Fault, type StageValue, type StageWriteResult } from '@waymark/connector-kit';
import { contentUuid } from '@waymark/journey';
import {
  claimWritebackItems,
  forgetOwnWrites,
  holdWritebackLease,
  noteOwnWrites,
  recordWritebackSteps,
  type OwnWrite,
  type Tx,
  type WritebackItem,
  type WritebackItemState,
  type WritebackMapping,
  type WritebackStep,
} from '@waymark/store';
import type { OpenWriter, WritebackDependencies } from './dependencies.ts';
import { WritebackError } from './error.ts';
import { judgeBefore, judgeCleared, judgeClearing, judgeSent, type Judgment } from './judgment.ts';

/** How long a mapping stays with a worker that says nothing, ms; twice what one call to a CRM may take. */
export const leaseMs = 120_000;

/** Thrown where a fault ends an application for now; the plan goes on at `resumeAt`. */
export class ApplicationStopped extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, options?: { readonly cause?: unknown }) {
    super(fault.message, options);
    this.name = 'ApplicationStopped';
    this.fault = fault;
  }
}

/** What the steps of one application share. */
export interface Application {
  readonly deps: WritebackDependencies;
  readonly workspaceId: string;
  readonly mapping: WritebackMapping;
  readonly opened: OpenWriter;
  readonly fence: number;
}

type Answer = { readonly accepted: boolean; readonly message?: string };

/** Whether an item is blanked before its value is set. */
function clearsFirst({ mapping, opened }: Application, item: WritebackItem): boolean {
  const wanted = item.backward && item.before !== '' && item.after !== '';
  return wanted && opened.writer.backwardNeedsClear(mapping.property);
}

/**
 * Goes on with items that an earlier run left between two steps: reads each back before anything else, so that a value whose answer
 * was lost is never sent again unseen.
 */
export async function recover(run: Application, items: readonly WritebackItem[]): Promise<void> {
  for (const batch of batches(run, items)) {
    const current = await look(run, batch);
    const at = run.deps.now();
    const steps = batch.flatMap((item) => {
      const value = current.get(item.externalId);
      return ended(
        item.state === 'clearing'
          ? judgeClearing(item, value, undefined, at)
          : judgeSent({ ...item, cleared: clearsFirst(run, item) }, value, answerBefore(item), at),
      );
    });
    await journal(run, steps);
  }
}

/** An item that stands as written was accepted; of one that stands as writing nothing is known. */
const answerBefore = (item: WritebackItem): Answer | undefined =>
  item.state === 'written' ? { accepted: true } : undefined;

/** Writes planned items, a batch at a time: look, claim, send, read back, journal. */
export async function writePlanned(run: Application, items: readonly WritebackItem[]): Promise<void> {
  for (const batch of batches(run, items)) {
    const current = await look(run, batch);
    const at = run.deps.now();
    const judged = batch.map((item) => ({ item, judgment: judgeBefore(item, current.get(item.externalId), at) }));
    await journal(
      run,
      judged.flatMap(({ judgment }) => ended(judgment)),
    );
    const due = judged.filter(({ judgment }) => judgment.go).map(({ item }) => item);
    await set(
      run,
      due.filter((item) => !clearsFirst(run, item)),
      'planned',
    );
    await clear(
      run,
      due.filter((item) => clearsFirst(run, item)),
    );
  }
}

/** Sets the earlier value of records that were blanked, as long as they are still blank. */
export async function writeCleared(run: Application, items: readonly WritebackItem[]): Promise<void> {
  for (const batch of batches(run, items)) {
    const current = await look(run, batch);
    const at = run.deps.now();
    const judged = batch.map((item) => ({ item, judgment: judgeCleared(item, current.get(item.externalId), at) }));
    await journal(
      run,
      judged.flatMap(({ judgment }) => ended(judgment)),
    );
    await set(
      run,
      judged.filter(({ judgment }) => judgment.go).map(({ item }) => item),
      'cleared',
    );
  }
}

async function set(run: Application, items: readonly WritebackItem[], from: 'planned' | 'cleared'): Promise<void> {
  const claimed = await claim(run, items, from, 'set');
  if (claimed.length === 0) return;
  const { answers, stop } = await send(run, claimed, 'set');
  const at = run.deps.now();
  const accepted = claimed.filter((item) => answers.get(item.itemId)?.accepted);
  await journal(
    run,
    accepted.map((item) => ({ itemId: item.itemId, state: 'written', writtenAt: at })),
  );
  const current = await lookAfter(run, claimed, stop);
  const steps = claimed.flatMap((item) => {
    const sent = { ...item, cleared: from === 'cleared', writtenAt: accepted.includes(item) ? at : item.writtenAt };
    return ended(judgeSent(sent, current.get(item.externalId), answers.get(item.itemId), run.deps.now()));
  });
  await restore(run, from === 'cleared' ? claimed.filter((item) => isBlankAfterRefusal(item, steps)) : []);
  await journal(run, steps, 'set');
  if (stop) throw stop;
}

async function clear(run: Application, items: readonly WritebackItem[]): Promise<void> {
  const claimed = await claim(run, items, 'planned', 'clear');
  if (claimed.length === 0) return;
  const { answers, stop } = await send(run, claimed, 'clear');
  const current = await lookAfter(run, claimed, stop);
  const at = run.deps.now();
  const steps = claimed.flatMap((item) =>
    ended(judgeClearing(item, current.get(item.externalId), answers.get(item.itemId), at)),
  );
  await journal(run, steps, 'clear');
  await run.deps.point('write-cleared');
  if (stop) throw stop;
}

const isBlankAfterRefusal = (item: WritebackItem, steps: readonly WritebackStep[]): boolean =>
  steps.some((step) => step.itemId === item.itemId && step.state === 'failed' && step.readBack === '');

/** Gives records that were blanked for a value that the CRM then refused what they held before. */
async function restore(run: Application, items: readonly WritebackItem[]): Promise<void> {
  if (items.length === 0) return;
  await held(run, (tx) =>
    noteOwnWrites(
      tx,
      items.map((item) => ownWrite(run, item, 'restore')),
    ),
  );
  await run.opened.writer.write(
    run.opened.client,
    items.map((item) => stageWrite(item, 'restore')),
  );
}

/** Claims items in a transaction of its own and notes the values in the ledger, before anything is sent. */
async function claim(
  run: Application,
  items: readonly WritebackItem[],
  from: WritebackItemState,
  act: 'set' | 'clear',
): Promise<readonly WritebackItem[]> {
  if (items.length === 0) return [];
  const claimed = await held(run, async (tx) => {
    const ids = await claimWritebackItems(
      tx,
      items.map((item) => item.itemId),
      from,
      act === 'set' ? 'writing' : 'clearing',
    );
    const mine = items.filter((item) => ids.has(item.itemId));
    await noteOwnWrites(
      tx,
      mine.map((item) => ownWrite(run, item, act)),
    );
    return mine;
  });
  await run.deps.point('write-claimed');
  return claimed;
}

/** Sends one batch. What the CRM said is by item; an item without an answer may or may not have been written. */
async function send(
  run: Application,
  items: readonly WritebackItem[],
  act: 'set' | 'clear',
): Promise<{ readonly answers: ReadonlyMap<string, Answer>; readonly stop: ApplicationStopped | undefined }> {
  const { writer, client } = run.opened;
  try {
    const results = await writer.write(
      client,
      items.map((item) => stageWrite(item, act)),
    );
    await run.deps.point('write-sent');
    return { answers: new Map(results.flatMap(answerOf)), stop: stopOf(results) };
  } catch (error) {
    if (!(error instanceof ConnectorFault)) throw error;
    const { fault } = error;
    // The provider refused the batch as one, such as for a property that is gone: no record of it was written.
    if (isFinal(fault)) {
      const answer: Answer = { accepted: false, message: fault.message };
      return { answers: new Map(items.map((item) => [item.itemId, answer])), stop: undefined };
    }
    return { answers: new Map(), stop: new ApplicationStopped(fault, { cause: error }) };
  }
}

const isFinal = (fault: Fault): boolean =>
  fault.kind === 'rejected' || fault.kind === 'record-gone' || fault.kind === 'cursor-expired';

/** A record that failed for a passing reason has no answer: it is tried again in a later run, after a look. */
function answerOf(result: StageWriteResult): readonly (readonly [string, Answer])[] {
  if (result.outcome === 'written') return [[result.traceId, { accepted: true }]];
  return isFinal(result.fault) ? [[result.traceId, { accepted: false, message: result.fault.message }]] : [];
}

function stopOf(results: readonly StageWriteResult[]): ApplicationStopped | undefined {
  const passing = results.find((result) => result.outcome === 'failed' && !isFinal(result.fault));
  return passing?.outcome === 'failed' ? new ApplicationStopped(passing.fault) : undefined;
}

/** Reads back after a send; where the send was cut and the look fails too, the items stay claimed for the next run to judge. */
async function lookAfter(
  run: Application,
  items: readonly WritebackItem[],
  stop: ApplicationStopped | undefined,
): Promise<ReadonlyMap<string, StageValue>> {
  return look(run, items).catch((error: unknown) => {
    throw stop ?? error;
  });
}

async function look(run: Application, items: readonly WritebackItem[]): Promise<ReadonlyMap<string, StageValue>> {
  const { writer, client } = run.opened;
  try {
    return await writer.read(
      client,
      run.mapping.property,
      items.map((item) => item.externalId),
    );
  } catch (error) {
    if (error instanceof ConnectorFault) throw new ApplicationStopped(error.fault, { cause: error });
    throw error;
  }
}

/** Journals how items stand; where a value was sent and not taken, the ledger forgets it. */
async function journal(run: Application, steps: readonly WritebackStep[], sent?: 'set' | 'clear'): Promise<void> {
  if (steps.length === 0) return;
  const untaken = sent === undefined ? [] : steps.filter((step) => step.state === 'failed');
  await held(run, async (tx) => {
    await recordWritebackSteps(tx, steps);
    await forgetOwnWrites(
      tx,
      untaken.map((step) => writeId(step.itemId, sent ?? 'set')),
    );
  });
}

/** Runs a transaction only while the mapping is still ours, so that a worker that was paused records and sends nothing. */
async function held<T>(run: Application, work: (tx: Tx) => Promise<T>): Promise<T> {
  return run.deps.database.inWorkspace(run.workspaceId, async (tx) => {
    const ours = await holdWritebackLease(tx, run.mapping.mappingId, run.fence, run.deps.now(), leaseMs);
    if (!ours)
      throw new WritebackError('lease_lost', 'Another worker writes for this mapping by now; it goes on there.');
    return work(tx);
  });
}

const writeId = (itemId: string, act: 'set' | 'clear' | 'restore'): string => contentUuid('write', itemId, act);

function ownWrite(run: Application, item: WritebackItem, act: 'set' | 'clear' | 'restore'): OwnWrite {
  return {
    writeId: writeId(item.itemId, act),
    installationId: run.mapping.installationId,
    externalId: item.externalId,
    property: item.property,
    value: valueOf(item, act),
    writtenAt: run.deps.now(),
  };
}

const valueOf = (item: WritebackItem, act: 'set' | 'clear' | 'restore'): string =>
  act === 'set' ? item.after : act === 'clear' ? '' : item.before;

const stageWrite = (item: WritebackItem, act: 'set' | 'clear' | 'restore') => ({
  externalId: item.externalId,
  property: item.property,
  value: valueOf(item, act),
  traceId: item.itemId,
});

const ended = (judgment: Judgment): readonly WritebackStep[] => (judgment.go ? [] : [judgment.step]);

/** The items in the writer's batches, until the process is asked to stop. */
function* batches(run: Application, items: readonly WritebackItem[]): Generator<readonly WritebackItem[]> {
  const { batchSize } = run.opened.writer;
  for (let start = 0; start < items.length; start += batchSize) {
    if (run.deps.signal?.aborted)
      throw new ApplicationStopped({ kind: 'transient', message: 'The process was stopped.', retryAfterMs: 0 });
    yield items.slice(start, start + batchSize);
  }
}
