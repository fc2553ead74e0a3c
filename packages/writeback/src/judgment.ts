import type { StageValue } from '@waymark/connector-kit';
import type { WritebackItem, WritebackStep } from '@waymark/store';

/** What to do with an item after a look at the CRM: go on with it, or journal how it ended. */
export type Judgment = { readonly go: true } | { readonly go: false; readonly step: WritebackStep };

/** What is judged of an item. */
export type JudgedItem = Pick<WritebackItem, 'itemId' | 'before' | 'after' | 'writtenAt'>;

const go: Judgment = { go: true };
const end = (step: WritebackStep): Judgment => ({ go: false, step });

const gone = (item: JudgedItem): Judgment =>
  end({
    itemId: item.itemId,
    state: 'failed',
    conflict: 'record_gone',
    error: 'The CRM has no such record any more.',
  });

const edited = (item: JudgedItem, current: StageValue): Judgment =>
  end({
    itemId: item.itemId,
    state: 'skipped',
    conflict: 'edited',
    readBack: current.value,
    error: `The record holds ${quoted(current.value)} by now, written by another${current.source === undefined ? '' : ` (${current.source})`}: left as it is.`,
  });

const verified = (item: JudgedItem, at: number, sent: boolean): Judgment =>
  end({
    itemId: item.itemId,
    state: 'verified',
    readBack: item.after,
    verifiedAt: at,
    ...(sent && item.writtenAt === null && { writtenAt: at }),
  });

/** Before a value is sent: only over the value that was planned over. What is there already needs no write. */
export function judgeBefore(item: JudgedItem, current: StageValue | undefined, at: number): Judgment {
  if (current === undefined) return gone(item);
  if (current.value === item.after) return verified(item, at, false);
  return current.value === item.before ? go : edited(item, current);
}

/**
 * After a value was sent, by what the CRM holds. `accepted` is what the CRM said; undefined where the answer was lost, so that an
 * unchanged record may be written once more, later.
 */
export function judgeSent(
  item: JudgedItem & { readonly cleared: boolean },
  current: StageValue | undefined,
  answer: { readonly accepted: boolean; readonly message?: string } | undefined,
  at: number,
): Judgment {
  if (current === undefined) return gone(item);
  if (current.value === item.after) return verified(item, at, true);
  const basis = item.cleared ? '' : item.before;
  if (current.value !== basis) return edited(item, current);
  if (answer === undefined) return end({ itemId: item.itemId, state: item.cleared ? 'cleared' : 'planned' });
  const error = answer.accepted
    ? `The CRM accepted ${quoted(item.after)} and still holds ${quoted(current.value)}.`
    : (answer.message ?? 'The CRM refused the value.');
  return end({ itemId: item.itemId, state: 'failed', readBack: current.value, error });
}

/** After a clear that goes before an earlier value; the same three endings as a set. */
export function judgeClearing(
  item: JudgedItem,
  current: StageValue | undefined,
  answer: { readonly accepted: boolean; readonly message?: string } | undefined,
  at: number,
): Judgment {
  if (current === undefined) return gone(item);
  if (current.value === '') return end({ itemId: item.itemId, state: 'cleared' });
  if (current.value === item.after) return verified(item, at, true);
  if (current.value !== item.before) return edited(item, current);
  if (answer === undefined) return end({ itemId: item.itemId, state: 'planned' });
  return end({
    itemId: item.itemId,
    state: 'failed',
    readBack: current.value,
    error: answer.message ?? 'The CRM did not clear the value, so that the earlier one cannot be set.',
  });
}

/** A record that was blanked by us: the earlier value may be set only while it is still blank. */
export function judgeCleared(item: JudgedItem, current: StageValue | undefined, at: number): Judgment {
  if (current === undefined) return gone(item);
  if (current.value === item.after) return verified(item, at, true);
  return current.value === '' ? go : edited(item, current);
}

const quoted = (value: string): string => (value === '' ? 'no value' : `“${value}”`);
