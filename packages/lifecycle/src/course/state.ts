import type { PeerBaseline } from '../coverage/peer-baseline.ts';
import type { Lull } from '../coverage/workspace-lull.ts';
import type { Participant, Touchpoint, Direction, EventType } from '@waymark/journey';

/** What the engine reads of an event: the projection of a JourneyEvent on one account. Times are epoch milliseconds. */
export interface Fact {
  readonly id: string;
  readonly type: EventType;
  readonly occurredAt: number;
  readonly recordedAt: number;
  readonly touchpoint: Touchpoint;
  readonly direction: Direction;
  readonly participants: readonly Participant[];
  readonly automated: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What is true of the account beside its events, as of now. Dated changes of these come as events. */
export interface AccountContext {
  readonly accountId: string;
  /** Risk rules apply to customers alone. */
  readonly isCustomer: boolean;
  /** That it is a customer nobody says: an import that tells of it made it one. */
  readonly isAssumed?: boolean;
  /** Where it is none: whether dated facts, also later ones, tell how it ended, so that what they show of before is believed. */
  readonly isEndDated?: boolean;
  readonly customerSince?: number;
  readonly renewalAt?: number;
  /** Tier and yearly value, as far as no dated event tells them. */
  readonly tier?: string;
  readonly value?: number;
  readonly timezone?: string;
  /** Public holidays where the workspace is, as dates of the zone (`2026-04-06`): nobody is expected to write on them. */
  readonly holidays?: readonly string[];
  /** Addresses of contacts by persona, so that a champion is known. */
  readonly contacts: readonly {
    readonly address: string;
    readonly persona?: string;
    readonly name?: string;
    /** What they are at their company, as the CRM has it. */
    readonly title?: string;
    readonly leftAt?: number;
  }[];
  /** Stretches of time in which a source that would have seen contact was not watched: absence proves nothing there. */
  readonly gaps: readonly CoverageGap[];
  /** Stretches in which the whole workspace was quiet: silence and falls count for less there. */
  readonly lulls?: readonly Lull[];
  /** What is usual in the tiers that the account has had, for definitions that ask. */
  readonly peers?: readonly PeerBaseline[];
  /** Before this instant nothing was watched: absence cannot be judged over a window that begins earlier. */
  readonly watchedFrom?: number;
}

export interface CoverageGap {
  readonly from: number;
  /** Infinity while it lasts is written as null. */
  readonly to: number | null;
  readonly touchpoints: readonly Touchpoint[];
  readonly reason: string;
}

/** Why something is so: enough to derive it again and to say it to a person. */
export interface Proof {
  readonly rule: string;
  readonly ruleVersion: number;
  readonly definition: string;
  readonly definitionDigest: string;
  readonly at: number;
  /** The events it rests on, most telling first, at most 20. */
  readonly evidence: readonly Evidence[];
  readonly comparisons: readonly Comparison[];
  /** In words: what would clear it. */
  readonly clears: string;
  /** SHA-256 over the canonical JSON (RFC 8785) of all the above. */
  readonly digest: string;
}

export interface Evidence {
  readonly eventId: string;
  readonly type: EventType;
  readonly at: number;
  /** One plain sentence without names or subjects: `Customer mail without a reply`. */
  readonly note: string;
}

export interface Comparison {
  readonly signal: string;
  readonly label: string;
  readonly unit: 'days' | 'business_days' | 'count' | 'ratio' | 'score' | 'instant' | 'none';
  readonly value: number | string | null;
  readonly op: '>=' | '>' | '<=' | '<' | '==' | '!=';
  readonly threshold: number | string;
  readonly holds: boolean;
}

export interface StagePeriod {
  readonly stage: string;
  readonly enteredAt: number;
  /** Null while it lasts. */
  readonly exitedAt: number | null;
  readonly move: 'entry' | 'allowed' | 'unusual' | 'forbidden';
  readonly direction: 'entry' | 'forward' | 'skip' | 'regress' | 're-entry';
  readonly proof: Proof;
}

/** A time in a segment. Epoch milliseconds; `to` is null while it lasts. */
export interface SegmentSpell {
  readonly segment: string;
  readonly from: number;
  readonly to: number | null;
}

export interface MilestoneState {
  readonly milestone: string;
  readonly side: 'customer' | 'us';
  readonly dueAt: number | null;
  readonly reachedAt: number | null;
  readonly status: 'waiting' | 'on_track' | 'behind' | 'stuck' | 'reached' | 'reached_late';
  readonly proof: Proof | null;
}

export type Severity = 'low' | 'medium' | 'high' | 'critical';

export interface Flag {
  /** Content uuid of account, journey, rule and opening time. */
  readonly flagId: string;
  readonly rule: string;
  readonly ruleVersion: number;
  readonly kind: 'risk' | 'opportunity' | 'data_gap';
  readonly severity: Severity;
  readonly title: string;
  /** One line: what and by how much, e.g. `No word from the customer for 34 days; usual gap 6 days`. */
  readonly reason: string;
  /** The same line with the values as of the answer's `asOf`, while the flag is open. Not part of the digest. */
  readonly reasonNow?: string;
  /** What it rests on as of the answer's `asOf`, while the flag is open, in the form of the proof's evidence. Not part of the digest. */
  readonly evidenceNow?: readonly Evidence[];
  readonly nextStep: string;
  readonly playbook?: string;
  readonly openedAt: number;
  readonly clearedAt: number | null;
  readonly clearedBecause?: string;
  readonly proof: Proof;
}

export interface HealthPart {
  readonly part: string;
  readonly label: string;
  readonly weight: number;
  /** 0 to 100; null where the input is missing, and its weight is spread over the rest. */
  readonly score: number | null;
  readonly why: string;
}

export interface Health {
  readonly score: number | null;
  readonly parts: readonly HealthPart[];
  readonly version: number;
}

/** The answer about one account in one journey at `asOf`. */
export interface AccountJourney {
  readonly accountId: string;
  readonly journey: string;
  readonly definitionDigest: string;
  readonly engineVersion: number;
  readonly asOf: number;
  readonly stage: string | null;
  readonly periods: readonly StagePeriod[];
  readonly milestones: readonly MilestoneState[];
  /** Open and past flags, oldest first. */
  readonly flags: readonly Flag[];
  readonly health: Health;
  /** How well the journey goes; only where the definition says what its success is. */
  readonly success?: Health;
  /** The segments it was in, oldest first; only where the definition's segments rest on conditions. */
  readonly segments?: readonly SegmentSpell[];
  /**
   * The next instant at which the answer can change without a new event: a condition that time turns, or a known event that is
   * dated ahead, such as a meeting to be held. Null if never.
   */
  readonly nextChangeAt: number | null;
  /** SHA-256 over canonical JSON of stages, milestones, flags, health and the definition's digest, valid time only. */
  readonly digest: string;
}
