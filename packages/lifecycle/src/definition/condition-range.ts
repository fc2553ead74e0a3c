import type { ComparisonOp, Condition, JourneyDefinition, Operand, SignalName } from '@waymark/journey';
import { contentDigest } from '../course/digest.ts';

/** The values that a comparison leaves a signal: from and to, the ends themselves in or out; or one text, or every text but some. */
interface Range {
  readonly from: number;
  readonly fromIn: boolean;
  readonly to: number;
  readonly toIn: boolean;
  readonly text: string | null;
  readonly notTexts: readonly string[];
}

const everything: Range = {
  from: Number.NEGATIVE_INFINITY,
  fromIn: true,
  to: Number.POSITIVE_INFINITY,
  toIn: true,
  text: null,
  notTexts: [],
};

/** What a signal can be at all. */
export function rangeOf(signal: SignalName): Pick<Range, 'from' | 'to'> {
  const to = tops[signal] ?? Number.POSITIVE_INFINITY;
  return { from: bothWays.has(signal) ? (signal === 'sentiment' ? -1 : Number.NEGATIVE_INFINITY) : 0, to };
}

/** Signals that can be below nothing: what lies ahead may lie behind, what rises may fall. */
const bothWays: ReadonlySet<SignalName> = new Set([
  'days_until_renewal',
  'days_until_contract_end',
  'days_until_date',
  'milestone_overdue',
  'engagement_drop',
  'survey_change',
  'sentiment',
  'sentiment_trend',
]);
/** The most that a signal can be, where there is one. */
const tops: Readonly<Partial<Record<SignalName, number>>> = {
  is_customer: 1,
  milestone_reached: 1,
  single_threaded: 1,
  message_balance: 1,
  contact_concentration: 1,
  sentiment: 1,
  survey_score: 100,
};

function meet(a: Range, b: Range): Range {
  const [low, high] = [
    a.from > b.from || (a.from === b.from && !a.fromIn) ? a : b,
    a.to < b.to || (a.to === b.to && !a.toIn) ? a : b,
  ];
  return {
    from: low.from,
    fromIn: low.fromIn,
    to: high.to,
    toIn: high.toIn,
    text: a.text ?? b.text,
    // Two texts that a signal should be at once leave none.
    notTexts: [
      ...a.notTexts,
      ...b.notTexts,
      ...(a.text !== null && b.text !== null && a.text !== b.text ? [a.text] : []),
    ],
  };
}

const isEmpty = ({ from, fromIn, to, toIn, text, notTexts }: Range): boolean =>
  from > to || (from === to && !(fromIn && toIn)) || (text !== null && notTexts.includes(text));

/** The least and the most that an operand can be; null where it depends on the account. */
export function boundsOf(operand: Operand, definition: JourneyDefinition): readonly [number, number] | null {
  if (typeof operand === 'number') return [operand, operand];
  if (typeof operand === 'string' || 'signal' in operand) return null;
  if ('threshold' in operand) {
    const threshold = Object.hasOwn(definition.thresholds, operand.threshold)
      ? definition.thresholds[operand.threshold]
      : undefined;
    if (!threshold) return null;
    const values = [threshold.value, ...Object.values(threshold.segments ?? {})];
    return [Math.min(...values), Math.max(...values)];
  }
  const isMax = 'max' in operand;
  const parts = (isMax ? operand.max : operand.min).map((part) => boundsOf(part, definition));
  const known = parts.filter((part) => part !== null);
  if (known.length === 0) return null;
  // What depends on the account leaves one end of the largest or smallest open.
  const isWhole = known.length === parts.length;
  const lows = known.map(([low]) => low);
  const highs = known.map(([, high]) => high);
  return isMax
    ? [Math.max(...lows), isWhole ? Math.max(...highs) : Number.POSITIVE_INFINITY]
    : [isWhole ? Math.min(...lows) : Number.NEGATIVE_INFINITY, Math.min(...highs)];
}

/** The widest range that a comparison may leave, whatever segment the account is in. */
function rangeLeft(op: ComparisonOp, value: Operand, definition: JourneyDefinition): Range {
  if (typeof value === 'string')
    return op === '=='
      ? { ...everything, text: value }
      : op === '!='
        ? { ...everything, notTexts: [value] }
        : everything;
  const bounds = boundsOf(value, definition);
  if (bounds === null || op === '!=') return everything;
  const [low, high] = bounds;
  if (op === '==') return { ...everything, from: low, to: high };
  if (op === '>=' || op === '>') return { ...everything, from: low, fromIn: op === '>=' };
  return { ...everything, to: high, toIn: op === '<=' };
}

/** One way in which a condition can hold: what it leaves each signal, and which must have a value and which none. */
interface Way {
  readonly ranges: ReadonlyMap<string, Range>;
  readonly known: ReadonlySet<string>;
  readonly unknown: ReadonlySet<string>;
}

const MOST_WAYS = 64;
const anyWay: Way = { ranges: new Map(), known: new Set(), unknown: new Set() };

function both(a: Way, b: Way): Way | null {
  const ranges = new Map(a.ranges);
  for (const [key, range] of b.ranges) {
    const met = meet(ranges.get(key) ?? everything, range);
    if (isEmpty(met)) return null;
    ranges.set(key, met);
  }
  const known = new Set([...a.known, ...b.known]);
  const unknown = new Set([...a.unknown, ...b.unknown]);
  for (const key of unknown) if (known.has(key)) return null;
  return { ranges, known, unknown };
}

const contrary: Readonly<Record<ComparisonOp, ComparisonOp>> = {
  '>=': '<',
  '>': '<=',
  '<=': '>',
  '<': '>=',
  '==': '!=',
  '!=': '==',
};

/** The ways in which a condition can hold, as far as the file alone tells; null where there are too many to look at. */
function waysOf(node: Condition, definition: JourneyDefinition, negated = false): readonly Way[] | null {
  if ('not' in node) return waysOf(node.not, definition, !negated);
  if ('all' in node || 'any' in node) {
    const parts = ('all' in node ? node.all : node.any).map((part) => waysOf(part, definition, negated));
    const known = parts.filter((part) => part !== null);
    if ('all' in node === negated) return known.length < parts.length ? null : limited(known.flat());
    let ways: readonly Way[] = [anyWay];
    for (const part of known) {
      const crossed = limited(ways.flatMap((way) => part.flatMap((other) => both(way, other) ?? [])));
      if (crossed === null) return null;
      ways = crossed;
    }
    return ways;
  }
  if ('watched' in node) return [anyWay];
  if ('known' in node || 'unknown' in node) {
    const key = keyOf('known' in node ? node.known : node.unknown, node.with);
    const wanted = 'known' in node !== negated;
    return [{ ...anyWay, [wanted ? 'known' : 'unknown']: new Set([key]) }];
  }
  const key = keyOf(node.signal, node.with);
  const range = meet(
    { ...everything, ...rangeOf(node.signal) },
    rangeLeft(negated ? contrary[node.op] : node.op, node.value, definition),
  );
  // A comparison of a signal without value is false, so that its contrary holds.
  const without = negated ? [{ ...anyWay, unknown: new Set([key]) }] : [];
  if (isEmpty(range)) return without;
  return [{ ranges: new Map([[key, range]]), known: new Set([key]), unknown: new Set() }, ...without];
}

const limited = (ways: readonly Way[]): readonly Way[] | null => (ways.length > MOST_WAYS ? null : ways);

const keyOf = (signal: SignalName, params: unknown): string => `${signal} ${contentDigest(params ?? {})}`;

/** Whether all of these conditions can hold at the same time, as far as the file alone tells: true where it does not. */
export function canHold(conditions: readonly Condition[], definition: JourneyDefinition): boolean {
  const [first, ...others] = conditions;
  if (!first) return true;
  const ways = waysOf(others.length === 0 ? first : { all: [...conditions] }, definition);
  return ways === null || ways.length > 0;
}
