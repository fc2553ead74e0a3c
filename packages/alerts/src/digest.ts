import type { DigestAccount, DigestContent } from './content.ts';
import { worstFirst } from './severity.ts';

/** Orders accounts for a digest: the one with the worst flag first, then the dearer, then by name. */
export function digestOrder(a: DigestAccount, b: DigestAccount): number {
  const [worstA] = a.flags;
  const [worstB] = b.flags;
  if (!worstA || !worstB) return worstA ? -1 : worstB ? 1 : a.account.name.localeCompare(b.account.name);
  const bySeverity = worstFirst({ ...worstA, flagId: '', openedAt: 0 }, { ...worstB, flagId: '', openedAt: 0 });
  const same = worstA.kind === worstB.kind && worstA.severity === worstB.severity;
  return same
    ? (b.account.value ?? 0) - (a.account.value ?? 0) || a.account.name.localeCompare(b.account.name)
    : bySeverity;
}

/** One message for all that a person has to know at once, worst first. */
export function digestContent(input: Omit<DigestContent, 'kind'>): DigestContent {
  return {
    ...input,
    kind: 'digest',
    accounts: input.accounts.map((one) => ({ ...one, flags: one.flags.toSorted(worstFirst) })).toSorted(digestOrder),
  };
}
