import type { StageValue } from '@waymark/connector-kit';
import { isBackward, type Conflict } from './conflict.ts';

/** An account with a stage and the record that stands for it in the CRM. */
export interface PlannedAccount {
  readonly accountId: string;
  readonly externalId: string;
  readonly stage: string;
  /** The stage period with its proof. */
  readonly why: Readonly<Record<string, unknown>>;
}

export interface PlanInput {
  readonly property: string;
  /** Our stage to the CRM's value; null where it is deliberately not written. */
  readonly values: Readonly<Record<string, string | null>>;
  readonly allowBackward: boolean;
  /** In `review` a person will see every value that is replaced; in `automatic` nobody does. */
  readonly mode: 'review' | 'automatic';
  /** The property's options in the CRM's order; empty for free text, null where the property is still to be made. */
  readonly options: readonly string[] | null;
  readonly accounts: readonly PlannedAccount[];
  /** What the CRM holds now, by record; a record that it does not have is missing. */
  readonly current: ReadonlyMap<string, StageValue>;
  /** What we wrote last, by record, read back. */
  readonly written: ReadonlyMap<string, { readonly value: string }>;
}

/** One difference. Values are the CRM's; '' is none. Times are epoch milliseconds. */
export interface PlannedWrite {
  readonly accountId: string;
  readonly externalId: string;
  readonly property: string;
  readonly before: string;
  readonly beforeChangedAt: number | null;
  readonly after: string;
  readonly why: Readonly<Record<string, unknown>>;
  readonly conflict: Conflict | null;
  readonly backward: boolean;
}

/** The difference between the stages of accounts and what the CRM holds, with what stands against each write. Pure. */
export function planWrites(input: PlanInput): { readonly writes: readonly PlannedWrite[]; readonly inSync: number } {
  const writes: PlannedWrite[] = [];
  let inSync = 0;
  const accounts = input.accounts.toSorted((a, b) => (a.externalId < b.externalId ? -1 : 1));
  for (const account of accounts) {
    const mapped = Object.hasOwn(input.values, account.stage) ? input.values[account.stage] : undefined;
    if (mapped === null) continue;
    const current = input.options === null ? { value: '' } : input.current.get(account.externalId);
    const before = current?.value ?? '';
    const after = mapped ?? before;
    if (mapped !== undefined && current !== undefined && before === after) {
      inSync += 1;
      continue;
    }
    const backward = isBackward(input.options ?? [], before, after);
    writes.push({
      accountId: account.accountId,
      externalId: account.externalId,
      property: input.property,
      before,
      beforeChangedAt: current?.changedAt ?? null,
      after,
      why: { ...account.why, ...(current?.source !== undefined && { lastWriter: current.source }) },
      conflict: conflictOf(input, { externalId: account.externalId, mapped, current, backward }),
      backward,
    });
  }
  return { writes, inSync };
}

function conflictOf(
  input: PlanInput,
  one: {
    readonly externalId: string;
    readonly mapped: string | undefined;
    readonly current: StageValue | undefined;
    readonly backward: boolean;
  },
): Conflict | null {
  if (one.current === undefined) return 'record_gone';
  if (one.mapped === undefined) return 'unmapped_stage';
  if (input.options !== null && input.options.length > 0 && !input.options.includes(one.mapped))
    return 'option_missing';
  const ours = input.written.get(one.externalId);
  // Of a record that we never wrote, a person who reviews the plan sees the value; nobody sees it in an automatic one.
  const foreign =
    ours === undefined ? input.mode === 'automatic' && one.current.value !== '' : ours.value !== one.current.value;
  if (foreign) return 'edited';
  return one.backward && !input.allowBackward ? 'backward' : null;
}

/** What a person should know before approving. */
export function planWarnings(plan: {
  readonly writes: readonly { readonly backward: boolean; readonly after: string; readonly conflict: string | null }[];
  /** Whether the CRM wants an earlier value to be preceded by a blank. */
  readonly clearsFirst: boolean;
  readonly property: string;
}): readonly string[] {
  const blanks = plan.writes.some((write) => write.after === '' || (write.backward && plan.clearsFirst));
  const warnings: string[] = [];
  if (blanks) {
    warnings.push(
      `Some records will have no value in ${plan.property} for a moment or for good: workflows and webhooks of the CRM that watch it will fire on the blank.`,
    );
  }
  if (plan.clearsFirst && plan.writes.length > 0) {
    warnings.push(
      `The CRM may copy a company's ${plan.property} to its contacts, where its setting for syncing lifecycle stages is on; expect a burst of changes.`,
    );
  }
  return warnings;
}
