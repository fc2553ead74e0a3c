import type { Flag, Severity } from '@waymark/lifecycle';

const rank: Readonly<Record<Severity, number>> = { critical: 0, high: 1, medium: 2, low: 3 };
const kindRank: Readonly<Record<Flag['kind'], number>> = { risk: 0, opportunity: 1, data_gap: 2 };

/** Orders by how bad alone: risks before opportunities, then by severity. Equals stay equal. */
export function severityOrder(a: Pick<Flag, 'kind' | 'severity'>, b: Pick<Flag, 'kind' | 'severity'>): number {
  return kindRank[a.kind] - kindRank[b.kind] || rank[a.severity] - rank[b.severity];
}

/** Orders flags worst first: risks before opportunities, then by severity, the longest open first. Total: ties go by id. */
export function worstFirst(
  a: Pick<Flag, 'flagId' | 'kind' | 'severity' | 'openedAt'>,
  b: Pick<Flag, 'flagId' | 'kind' | 'severity' | 'openedAt'>,
): number {
  return severityOrder(a, b) || a.openedAt - b.openedAt || (a.flagId < b.flagId ? -1 : 1);
}

/** Whether the first is worse than the second. */
export function isWorse(a: Severity, b: Severity): boolean {
  return rank[a] < rank[b];
}
