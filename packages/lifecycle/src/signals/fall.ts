import { slideOf } from './slide.ts';

/** How far an account's doings are below its own usual. */
export interface Fall {
  /** In standard deviations, by how likely so little would be with an account that swings as this one does. */
  readonly drop: number;
  /** What there is as a share of the usual. */
  readonly level: number;
  /** For how many weeks it has slid, each three weeks lower than the three before. */
  readonly slid: number;
}

/** One kind of happening week by week, the latest first, back from a day. */
export interface Weeks {
  readonly sums: readonly number[];
  /** What is usual in each of them as a share of other weeks. */
  readonly levels: readonly number[];
  readonly kind: 'counts' | 'amounts';
}

/** One kind of happening against its own usual. */
export interface Stream {
  /** The weeks of the window, the latest first, as shares of the usual. */
  readonly shares: readonly number[];
  /** What a quiet season leaves of the usual in these weeks; there may be more. */
  readonly expected: readonly number[];
  /** The weeks before the window as shares of the usual, the latest first; NaN in a quiet season, so that numbers stay numbers. */
  readonly before: readonly number[];
  /** Coefficient of variation of its weeks. */
  readonly variation: number;
  readonly kind: Weeks['kind'];
}

/** Weeks that the usual is taken from, those that tell how much the rhythm swings, and how many there must be. */
export const usualWeeks = 26;
export const swingWeeks = 44;
export const fewestWeeks = 8;
/** So many weeks out of quiet seasons tell how a rhythm swings: of a young account fewer show one good stretch, and its end is no fall. */
export const fewestKnown = 12;
/** Fewer words or meetings in the weeks before than these, and a fall is chance. */
export const fewestCounts = 8;
/** Use of a product varies from week to week by at least so much of itself. */
export const leastVariation = 0.05;
/** One stream that is far above its usual hides no more than so much of what the others lack. */
const mostLevel = 1.5;

/** A stream in the latest `span` weeks against those before; null where too little is known of the usual. */
export function streamOf({ sums, levels, kind }: Weeks, span: number): Stream | null {
  const length = Math.min(swingWeeks, sums.length - span);
  if (length < fewestWeeks) return null;
  const plain: number[] = [];
  let counted = 0;
  let usual = 0;
  let usualLength = 0;
  let all = 0;
  let allLength = 0;
  for (let week = 0; week < length; week += 1) {
    const one = sums[span + week] ?? 0;
    const level = levels[span + week] ?? 1;
    counted += one;
    // A quiet season is known to a twentieth at best: weeks deep in it tell nothing of the usual.
    if (level <= 0.7) {
      plain.push(Number.NaN);
      continue;
    }
    const share = one / level;
    plain.push(share);
    all += share;
    allLength += 1;
    if (week >= usualWeeks) continue;
    usual += share;
    usualLength += 1;
  }
  if (kind === 'counts' && counted < fewestCounts) return null;
  if (usualLength < fewestWeeks || allLength < fewestKnown) return null;
  const mean = usual / usualLength;
  let levelNow = 0;
  let sumNow = 0;
  for (let week = 0; week < span; week += 1) {
    levelNow += levels[week] ?? 1;
    sumNow += sums[week] ?? 0;
  }
  const expected = mean * levelNow;
  if (mean <= 0 || expected <= 0) return null;
  const middle = all / allLength;
  let squares = 0;
  for (let week = 0; week < length; week += 1) {
    const one = plain[week] ?? Number.NaN;
    if (one === one) squares += (one - middle) ** 2;
    plain[week] = one / mean;
  }
  const variance = squares / (allLength - 1);
  const least = kind === 'counts' ? mean : (leastVariation * mean) ** 2;
  const held = Math.min(1, mostLevel / (sumNow / expected));
  const shares: number[] = [];
  for (let week = 0; week < span; week += 1) shares.push((Math.min(1, held) * (sums[week] ?? 0)) / mean);
  return { shares, expected: levels, before: plain, variation: Math.sqrt(Math.max(variance, least)) / mean, kind };
}

/** How much stretches of weeks differ beyond the chance of single weeks where nothing is known yet, and as how many stretches that counts. */
const swingAtFirst = 0.15;
const swingWeight = 1;

/**
 * Several streams as one, each weighing by the inverse of its variance, against stretches of the same length before: streams of one
 * account swing together, so that their joint past tells what is chance. The drop is the signed root of the deviance of a Poisson
 * count that carries as much information (P. McCullagh, J. A. Nelder, "Generalized Linear Models", 1989, chapter 2.4): it holds for few
 * counts too, where nothing at all is only so unlikely. How far the stretches swing is itself known from as many of them as there were,
 * and the drop is that of a normal deviation as unlikely. Null where nothing is known of the usual.
 */
export function fallOf(streams: readonly (Stream | null)[]): Fall | null {
  const known: Stream[] = [];
  const weights: number[] = [];
  let length = 0;
  for (const one of streams) {
    if (one === null) continue;
    known.push(one);
    weights.push(1 / one.variation ** 2);
    if (one.before.length > length) length = one.before.length;
  }
  const [first] = known;
  if (!first) return null;
  const window: Week[] = [];
  for (let week = 0; week < first.shares.length; week += 1) window.push(weekOf(known, weights, week));
  const whole = sum(weights);
  const before: number[] = [];
  for (let back = 0; back < length; back += 1) {
    let total = 0;
    let of = 0;
    for (let index = 0; index < known.length; index += 1) {
      const one = known[index]?.before[back] ?? Number.NaN;
      if (one !== one) continue;
      const weight = weights[index] ?? 0;
      total += one * weight;
      of += weight;
    }
    // A week of which the heavier streams tell nothing is no week to compare with.
    if (of >= whole / 2) before.push(total / of);
  }
  const level = levelOf(window) ?? 1;
  const judged = withoutAbsence(window, before[0] ?? 1);
  const lasting = judged.length < 2 || before.length < fewestWeeks ? null : levelOf(judged);
  const slid = slideOf(sharesOf(window), before);
  if (lasting === null) return { drop: 0, level, slid };
  return { drop: dropOf(lasting, spreadOf(before, judged, whole)), level, slid };
}

/** Who turns away does so more and more: what a week of a window weighs grows evenly from the first to the latest. */
const weightOf = (week: number, weeks: number): number => weeks - week;

/** As how many weeks of equal weight those of a window count. */
const evenWeeks = (weeks: number): number => (3 * weeks * (weeks + 1)) / (2 * (2 * weeks + 1));

function levelOf(weeks: readonly Week[]): number | null {
  let expected = 0;
  let shares = 0;
  for (let week = 0; week < weeks.length; week += 1) {
    const weight = weightOf(week, weeks.length);
    expected += weight * (weeks[week]?.expected ?? 0);
    shares += weight * (weeks[week]?.share ?? 0);
  }
  return expected <= 0 ? null : Math.min(mostLevel, shares / expected);
}

interface Week {
  readonly share: number;
  readonly expected: number;
  /** The share of the expected by which it is told whether they were there; 1 where hardly anything is expected. */
  readonly there: number;
  /** Words and meetings that were due by the use there was, where these alone tell of it; no bound otherwise. */
  readonly due: number;
}

/** With so much of the usual use somebody carries on; who is away then shows in words and meetings. */
const carriedOn = 0.5;
/** Only where so many were due by the use there was: none at all is then by chance but once in ten times. */
const fewestDue = 2.3;
/** Where less than so much is expected nobody can be said to be away. */
const leastExpected = 0.25;

/** The weeks as shares of what is expected; one in which hardly anything is, is left out as it is before the window. */
function sharesOf(window: readonly Week[]): number[] {
  const shares: number[] = [];
  for (const { share, expected } of window) if (expected > leastExpected) shares.push(share / expected);
  return shares;
}

/** A week of several streams as one. */
function weekOf(known: readonly Stream[], weights: readonly number[], week: number): Week {
  let words = 0;
  let wordsExpected = 0;
  let ofWords = 0;
  let use = 0;
  let useExpected = 0;
  let ofUse = 0;
  for (let index = 0; index < known.length; index += 1) {
    const one = known[index];
    const weight = weights[index] ?? 0;
    const share = (one?.shares[week] ?? 0) * weight;
    const expected = (one?.expected[week] ?? 1) * weight;
    if (one?.kind === 'counts') {
      words += share;
      wordsExpected += expected;
      ofWords += weight;
    } else {
      use += share;
      useExpected += expected;
      ofUse += weight;
    }
  }
  const of = ofWords + ofUse;
  if (of === 0) return { share: 0, expected: 1, there: 0, due: Infinity };
  const share = (words + use) / of;
  const expected = (wordsExpected + useExpected) / of;
  if (expected <= leastExpected) return { share, expected, there: 1, due: Infinity };
  const isUsed = useExpected > 0 && use >= carriedOn * useExpected && wordsExpected > leastExpected * ofWords;
  if (!isUsed || share <= absent * expected) return { share, expected, there: share / expected, due: Infinity };
  // What a stream of counts weighs is about how many are usual in a week.
  return { share, expected, there: words / wordsExpected, due: wordsExpected * Math.min(1, use / useExpected) };
}

/** Under it a week is next to nothing, and under that one with a part of an absence in it. */
const absent = 0.2;
const partly = 0.75;
/** Weeks of next to nothing, with what is cut off at either end, that are a holiday of theirs as long as they do not last. */
const longestAbsence = 2;

/** The weeks of a window but for an absence that set in from one week to the next: silence has its own, longer patience. */
function withoutAbsence(window: readonly Week[], weekBefore: number): readonly Week[] {
  const shares = window.map(({ there }) => there);
  if (!shares.some((one) => one <= absent)) return window;
  const away = new Set<number>();
  for (let from = 0; from < shares.length; from += 1) {
    if ((shares[from] ?? 1) > absent) continue;
    let to = from;
    while (to < shares.length && (shares[to] ?? 1) <= absent) to += 1;
    const begins = to < shares.length && (shares[to] ?? 1) < partly ? to + 1 : to;
    const before = shares[begins] ?? weekBefore;
    let due = 0;
    for (let week = from; week < to; week += 1) due += window[week]?.due ?? 0;
    if (to - from <= longestAbsence && before >= partly && due >= fewestDue) {
      const ends = from > 0 && (shares[from - 1] ?? 1) < partly ? from - 1 : from;
      for (let week = ends; week < begins; week += 1) away.add(week);
    }
    from = to;
  }
  return window.filter((_, week) => !away.has(week));
}

/** How far a stretch of weeks lies from the usual by chance, and on how many free terms that rests. */
interface Spread {
  readonly variance: number;
  readonly freedom: number;
}

/** By the weeks before; what is to be told apart is chance and a fall. */
function spreadOf(before: readonly number[], judged: readonly Week[], information: number): Spread {
  const weeks = judged.length;
  // A quiet season leaves less to judge by than as many full weeks.
  let weighed = 0;
  let squared = 0;
  for (let week = 0; week < weeks; week += 1) {
    const weight = weightOf(week, weeks);
    const { expected = 0 } = judged[week] ?? {};
    weighed += weight * expected;
    squared += weight * weight * expected;
  }
  const full = weighed ** 2 / squared;
  const even = evenWeeks(weeks);
  const middle = average(before);
  let apart = 0;
  for (const one of before) apart += (one - middle) ** 2;
  const single = Math.max(1 / information, apart / Math.max(1, before.length - 1));
  // Stretches from every week on: how far they differ must not rest on where the first of them happens to begin.
  const all = (weeks * (weeks + 1)) / 2;
  let squares = 0;
  let plain = 0;
  let stretch = 0;
  for (let week = 0; week < before.length; week += 1) {
    const leaves = week < weeks ? 0 : (before[week - weeks] ?? 0);
    plain += (before[week] ?? 0) - leaves;
    // With each week on those within weigh one more than before, and the one that leaves has weighed all.
    stretch += plain - weeks * leaves;
    if (week + 1 >= weeks) squares += (stretch / all - middle) ** 2;
  }
  const stretches = before.length / even;
  const free = Math.max(0, stretches - 1);
  const swings = (squares / Math.max(1, before.length + 1 - weeks)) * stretches;
  const beyond = Math.max(0, swings - (single / even) * free);
  const swing = (beyond + swingWeight * swingAtFirst ** 2) / (free + swingWeight);
  // What is usual is itself known from few weeks only.
  const chance = (single / full) * (1 + even / Math.min(usualWeeks, before.length));
  return {
    variance: chance + swing,
    freedom: (chance + swing) ** 2 / (chance ** 2 / (before.length - 1) + swing ** 2 / (free + swingWeight)),
  };
}

const mostDrop = 20;
/** What they do is held against a fall to so much at most: nothing at all tells no more, since with few words it is chance. */
const deepest = 0.3;
/** What no drop over so many weeks exceeds where the streams together weigh no more than so much: even nothing at all is only so unlikely with few words. */
export function mostDropWith(information: number, mostWeeks: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let weeks = 2; weeks <= mostWeeks; weeks += 1) {
    const even = evenWeeks(weeks);
    const chance = 1 / information / even;
    const swing = (swingWeight * swingAtFirst ** 2) / (swingWeeks / even - 1 + swingWeight);
    least = Math.min(least, chance * (1 + even / usualWeeks) + swing);
  }
  return Math.min(mostDrop, Math.sqrt((2 * (1 - deepest)) / least));
}

function dropOf(level: number, { variance, freedom }: Spread): number {
  const held = Math.max(deepest, level);
  const root = asNormal(Math.sqrt(Math.max(0, (2 * (level * Math.log(held) - held + 1)) / variance)), freedom);
  return Math.max(-mostDrop, Math.min(mostDrop, level > 1 ? -root : root));
}

/**
 * The standard normal deviation as unlikely as one of Student's t, never more than that: D. L. Wallace, "Bounds on Normal Approximations to
 * Student's and the Chi-Square Distributions", Annals of Mathematical Statistics 30 (1959), 1121–1130.
 */
function asNormal(deviation: number, freedom: number): number {
  const shrunk = Math.sqrt(freedom * Math.log(1 + deviation ** 2 / freedom));
  return ((8 * freedom + 1) / (8 * freedom + 3)) * shrunk;
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const one of values) total += one;
  return total;
}
const average = (values: readonly number[]): number => sum(values) / values.length;
