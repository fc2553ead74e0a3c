import { z } from 'zod';

/** What can go wrong on demand; see {@link FaultPlan}. */
const faultKinds = [
  'unauthorized',
  'forbidden-rate-limit',
  'cursor-lost',
  'too-many',
  'server-error',
  'hang',
  'reset-mid-body',
  'truncated-json',
  'html-200',
  'lost-answer',
] as const;

/** Kinds whose answer is a status with a body in the vendor's own shape. */
export type StatusFaultKind = 'unauthorized' | 'forbidden-rate-limit' | 'cursor-lost' | 'too-many' | 'server-error';

export const faultSpecSchema = z.strictObject({
  kind: z.enum(faultKinds),
  match: z
    .strictObject({
      /** HTTP method, any case. */
      method: z.string().optional(),
      /** Source of a regular expression, tested against path and query. */
      path: z.string().optional(),
      /** What the service calls a tenant: a Google user, a HubSpot portal, a Slack team. */
      tenant: z.string().optional(),
    })
    .optional(),
  /** How many matching calls it hits; without `times` and `share` it hits every one until cleared. */
  times: z.int().positive().optional(),
  /** Share of the matching calls that it hits, 0 to 1, drawn from the plan's seeded sequence. */
  share: z.number().min(0).max(1).optional(),
  params: z
    .strictObject({
      /** Seconds, or `date` for an HTTP date five seconds ahead, or `none` for no header. */
      retryAfter: z.union([z.number().nonnegative(), z.literal('date'), z.literal('none')]).optional(),
      /** Milliseconds after which a hang ends in a reset; without it the client has to give up. */
      hangMs: z.number().positive().optional(),
      /** Bytes of the body that are sent before a reset or a cut; half of it without. */
      afterBytes: z.int().nonnegative().optional(),
      /** Status of a server error, 500 without. */
      status: z.int().min(500).max(599).optional(),
    })
    .optional(),
});

/** A fault to inject, as a test or the control server writes it. */
export type FaultSpec = z.infer<typeof faultSpecSchema>;

/** A fault in the plan, with how often it has hit. */
export interface PlannedFault extends FaultSpec {
  readonly id: number;
  readonly hits: number;
}

/** What a fault is matched against. `path` includes the query. */
export interface FaultTarget {
  readonly method: string;
  readonly path: string;
  readonly tenant?: string | undefined;
}

/** A seeded sequence of numbers in [0, 1) (mulberry32), so that a run with faults by share can be repeated. */
const seededSequence = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
};

interface Entry {
  readonly id: number;
  readonly spec: FaultSpec;
  readonly path: RegExp | undefined;
  hits: number;
}

/**
 * The faults that a service is told to produce, in order: the first one that matches a call and is due hits it.
 * A plan is not part of the emulator's state: a restart starts without faults.
 */
export class FaultPlan {
  readonly #random: () => number;
  #entries: Entry[] = [];
  #nextId = 1;

  constructor(options: { readonly seed?: number } = {}) {
    this.#random = seededSequence(options.seed ?? 1);
  }

  /** Adds a fault and returns its id. Throws a ZodError or SyntaxError when the spec or its pattern is invalid. */
  add(spec: FaultSpec): number {
    const parsed = faultSpecSchema.parse(spec);
    const path = parsed.match?.path === undefined ? undefined : new RegExp(parsed.match.path, 'u');
    const id = this.#nextId++;
    this.#entries.push({ id, spec: parsed, path, hits: 0 });
    return id;
  }

  /** Removes all faults, or the one with this id. */
  clear(id?: number): void {
    this.#entries = id === undefined ? [] : this.#entries.filter((entry) => entry.id !== id);
  }

  /** The faults still in force, oldest first. */
  list(): PlannedFault[] {
    return this.#entries.filter(isDue).map((entry) => ({ ...entry.spec, id: entry.id, hits: entry.hits }));
  }

  /** How often the fault with this id has hit. */
  hits(id: number): number {
    return this.#entries.find((entry) => entry.id === id)?.hits ?? 0;
  }

  /**
   * The fault that hits this call, or undefined. `applies` lets the service decline a kind for a call (a cursor cannot
   * be lost on a call without one); a declined fault is not used up.
   */
  take(target: FaultTarget, applies: (spec: FaultSpec) => boolean = () => true): FaultSpec | undefined {
    for (const entry of this.#entries) {
      if (!isDue(entry) || !matches(entry, target) || !applies(entry.spec)) continue;
      if (entry.spec.share !== undefined && this.#random() >= entry.spec.share) continue;
      entry.hits += 1;
      return entry.spec;
    }
    return undefined;
  }
}

const isDue = (entry: Entry): boolean => entry.spec.times === undefined || entry.hits < entry.spec.times;

const matches = (entry: Entry, target: FaultTarget): boolean => {
  const { method, tenant } = entry.spec.match ?? {};
  if (method !== undefined && method.toUpperCase() !== target.method.toUpperCase()) return false;
  if (tenant !== undefined && tenant !== target.tenant) return false;
  return entry.path === undefined || entry.path.test(target.path);
};
