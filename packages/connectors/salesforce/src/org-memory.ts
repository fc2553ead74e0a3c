import { DailyBudget } from './daily-budget.ts';

/** How long a description of an object is believed. It costs a call, and a run begins every few minutes. */
const BELIEVED_MS = 3_600_000;

/** What this process knows of one org beyond a run: the calls of the day, and the objects as each token sees them. */
export class OrgMemory {
  readonly budget = new DailyBudget();
  readonly #kept = new Map<string, { readonly value: unknown; readonly at: number }>();

  /** A value that was kept within the last hour. */
  recall(key: string, now: number): { readonly value: unknown } | undefined {
    const kept = this.#kept.get(key);
    return kept !== undefined && now - kept.at < BELIEVED_MS && now >= kept.at ? kept : undefined;
  }

  keep(key: string, value: unknown, now: number): void {
    for (const [known, { at }] of this.#kept) if (now - at >= BELIEVED_MS) this.#kept.delete(known);
    this.#kept.set(key, { value, at: now });
  }

  /** Forgets what begins with a prefix, so that it is read anew. */
  forget(prefix: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(prefix)) this.#kept.delete(key);
  }
}

const orgs = new Map<string, OrgMemory>();

/** The memory of an org, by its own host: installations of one org share its daily limit. */
export function orgMemory(instanceUrl: string): OrgMemory {
  const known = orgs.get(instanceUrl) ?? new OrgMemory();
  orgs.set(instanceUrl, known);
  return known;
}
