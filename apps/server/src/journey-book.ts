import { journeyActivations, journeyShadows, keptDefinitions } from '@waymark/store';
import type { Waymark } from './waymark.ts';

/** The definitions of a workspace with their history and shadows, as the API and the commands give them. Times are RFC 3339. */
export interface JourneyBook {
  /** All that were ever in force, the latest first. */
  readonly definitions: readonly {
    readonly journey: string;
    readonly version: number;
    readonly digest: string;
    readonly state: 'in_force' | 'retired';
    readonly activatedAt: string | null;
    readonly activatedBy: string | null;
    readonly retiredAt: string | null;
  }[];
  /** Who switched what when, the earliest first. */
  readonly history: readonly {
    readonly journey: string;
    readonly change: string;
    readonly digest: string | null;
    readonly formerDigest: string | null;
    readonly at: string;
    readonly by: string;
    readonly settledAt: string | null;
  }[];
  readonly shadows: readonly {
    readonly journey: string;
    readonly version: number;
    readonly digest: string;
    readonly since: string;
    readonly by: string;
  }[];
}

export async function journeyBook(waymark: Waymark, workspaceId: string): Promise<JourneyBook> {
  return waymark.database.inWorkspace(workspaceId, async (tx) => ({
    definitions: (await keptDefinitions(tx)).map((one) => ({
      journey: one.journey,
      version: one.version,
      digest: one.digest,
      state: one.activatedAt !== null && one.retiredAt === null ? ('in_force' as const) : ('retired' as const),
      activatedAt: isoOrNull(one.activatedAt),
      activatedBy: one.activatedBy,
      retiredAt: isoOrNull(one.retiredAt),
    })),
    history: (await journeyActivations(tx)).map((one) => ({
      journey: one.journey,
      change: one.kind,
      digest: one.digest,
      formerDigest: one.formerDigest,
      at: iso(one.at),
      by: one.by,
      settledAt: isoOrNull(one.settledAt),
    })),
    shadows: (await journeyShadows(tx)).map((one) => ({
      journey: one.journey,
      version: one.version,
      digest: one.digest,
      since: iso(one.startedAt),
      by: one.startedBy,
    })),
  }));
}

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));
