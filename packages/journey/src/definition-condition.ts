import { z } from 'zod';
import { eventTypes, touchpoint } from './event.ts';
import type { EventType, Touchpoint } from './event.ts';
import { signalNames } from './definition-signal.ts';

/** An id in a definition: lower case, digits and underscores, so that it can stand in a reason, a CRM value or a URL. */
export const slug = z
  .string()
  .regex(
    /^(?!constructor$)[a-z][a-z0-9_]{0,63}$/,
    'use lower case letters, digits and underscores, starting with a letter; "constructor" is taken',
  );

const eventTypeName = z.enum(eventTypes as [EventType, ...EventType[]]);
const attributeValue = z.union([z.string(), z.number(), z.boolean()]);

const wording = z
  .string()
  .max(200)
  .regex(/[^\s*_-]/, 'write a word, as in closed lost or *renewal*');

/** Which events are meant: by type, and by the values of their attributes. */
export const eventMatcher = z
  .strictObject({
    type: z.union([eventTypeName, z.array(eventTypeName).min(1)]),
    /** Compared letter by letter. */
    where: z.record(z.string(), z.union([attributeValue, z.array(attributeValue).min(1)])).optional(),
    /** Names and values without regard to case, spaces and marks; `*` stands for any letters, as in `*renewal*`. */
    like: z.record(wording, z.union([wording, z.array(wording).min(1)])).optional(),
  })
  .meta({ id: 'EventMatcher', description: 'Events by type and by attribute values; a list means any of them.' });
export type EventMatcher = z.infer<typeof eventMatcher>;

/** What narrows a signal. Each signal takes only some of these; see docs/journey-definition.md. */
export const signalParams = z
  .strictObject({
    touchpoints: z.array(touchpoint).min(1).optional(),
    direction: z.enum(['inbound', 'outbound']).optional(),
    /** Length of the window in days. */
    days: z.number().int().min(1).max(180).optional(),
    /** Length of the window before it that serves as the usual, in days. */
    baselineDays: z.number().int().min(7).max(180).optional(),
    /** 0.5 for the median, 0.75 for the third quartile; above 0.99 `usual_inbound_gap` alone, read off the tail of the gaps. */
    percentile: z.number().min(0.05).max(0.9999).optional(),
    kind: z.enum(['new', 'renewal', 'expansion']).optional(),
    milestone: slug.optional(),
    stage: slug.optional(),
    metric: z.string().max(200).optional(),
    property: z.string().max(200).optional(),
    /** Part that a contact plays, as the CRM says it: `champion`, `decision maker`. Case, spaces, `-` and `_` do not matter. */
    persona: z.string().min(1).max(100).optional(),
    /** Event types, any of them. */
    types: z.array(eventTypeName).min(1).max(40).optional(),
    /** Words or phrases as subjects have them, without regard to case; with `*` at the end for any ending: `cancel*`. */
    words: z.array(z.string().min(2).max(60)).min(1).max(100).optional(),
    /** So many of the latest. */
    latest: z.number().int().min(3).max(40).optional(),
    /** So many people at least. */
    least: z.number().int().min(2).max(100).optional(),
    /** So many texts with a tone at least. */
    leastTexts: z.number().int().min(1).max(50).optional(),
    /** So many accounts at least, this one among them. */
    leastAccounts: z.number().int().min(2).max(10_000).optional(),
    /** How soon one thing has to follow the other, in days. */
    withinDays: z.number().int().min(1).max(14).optional(),
    /** `level` for amounts that stand (seats in use), `total` for those that add up (calls a month). */
    measure: z.enum(['level', 'total']).optional(),
  })
  .meta({ id: 'SignalParams', description: 'What narrows a signal.' });
export type SignalParams = z.infer<typeof signalParams>;

export const signalName = z.enum(signalNames);

/** What a signal is compared with. Times are in the signal's own unit. */
export type Operand =
  | number
  | string
  | { threshold: string }
  | {
      signal: (typeof signalNames)[number];
      with?: SignalParams | undefined;
      times?: number | undefined;
      plus?: number | undefined;
    }
  | { max: Operand[] }
  | { min: Operand[] };

export const operand: z.ZodType<Operand> = z
  .lazy(() =>
    z.union([
      z.number(),
      z.string(),
      z.strictObject({ threshold: slug }),
      z.strictObject({
        signal: signalName,
        with: signalParams.optional(),
        times: z.number().positive().max(100).optional(),
        plus: z.number().optional(),
      }),
      z.strictObject({ max: z.array(operand).min(1) }),
      z.strictObject({ min: z.array(operand).min(1) }),
    ]),
  )
  .meta({
    id: 'Operand',
    description: 'A value, a named threshold, another signal (times, plus), or the largest or smallest of several.',
  });

export const comparisonOp = z.enum(['>=', '>', '<=', '<', '==', '!=']);
export type ComparisonOp = z.infer<typeof comparisonOp>;

/** One comparison. A signal without a value (no renewal date, no champion) makes every comparison false. */
export interface ComparisonNode {
  signal: (typeof signalNames)[number];
  with?: SignalParams | undefined;
  op: ComparisonOp;
  value: Operand;
}

/** A tree of comparisons. `known` and `unknown` ask whether a signal has a value at all. */
export type Condition =
  | ComparisonNode
  | { known: (typeof signalNames)[number]; with?: SignalParams | undefined }
  | { unknown: (typeof signalNames)[number]; with?: SignalParams | undefined }
  /** Whether these touchpoints were watched without a gap for the last so many days: what absence needs in order to mean anything. */
  | { watched: Touchpoint[]; days: Operand }
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition };

export const condition: z.ZodType<Condition> = z
  .lazy(() =>
    z.union([
      z.strictObject({ signal: signalName, with: signalParams.optional(), op: comparisonOp, value: operand }),
      z.strictObject({ known: signalName, with: signalParams.optional() }),
      z.strictObject({ unknown: signalName, with: signalParams.optional() }),
      z.strictObject({ watched: z.array(touchpoint).min(1), days: operand }),
      z.strictObject({ all: z.array(condition).min(1) }),
      z.strictObject({ any: z.array(condition).min(1) }),
      z.strictObject({ not: condition }),
    ]),
  )
  .meta({ id: 'Condition', description: 'A comparison, or all / any / not of conditions.' });
