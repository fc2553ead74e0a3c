import type { MapContext, Mapped, Page, PullContext, Stream } from '@waymark/connector-kit';
import { collect } from '@waymark/connector-kit/testing/session';
import type { EventDraft } from '@waymark/journey';
import { expect } from 'vitest';

export const MINUTE = 60_000;
export const DAY = 1440 * MINUTE;

export type Pages = readonly Page<unknown>[];

/** How a stream is pulled; the rest follows from the clock. */
export interface PullOptions<Client> {
  readonly mode?: PullContext['mode'];
  readonly ids?: readonly string[];
  readonly client?: Client;
  readonly since?: number;
  readonly expired?: unknown;
}

/** The streams of a connector as tests use them, by name. */
export interface TestStreams<Client> {
  readonly streamOf: (name: string) => Stream<Client, unknown, unknown>;
  /** All pages from a cursor on; from none a history of 800 days. */
  readonly pull: (
    name: string,
    from: unknown,
    on: { readonly client: Client; readonly now: number },
    options: PullOptions<Client>,
  ) => Promise<Page<unknown>[]>;
  /** What the records of pages say. */
  readonly map: (name: string, pages: Pages, context: Omit<MapContext, 'keepSubjects'>) => Mapped[];
}

export function streamsOf<Client>(connector: {
  readonly streams: readonly Stream<Client, unknown, unknown>[];
}): TestStreams<Client> {
  const streamOf = (name: string) =>
    connector.streams.find((each) => each.name === name) ?? expect.fail(`no stream ${name}`);
  return {
    streamOf,
    pull: (name, from, { client, now }, options) => {
      const { ids, expired } = options;
      const mode = options.mode ?? (from === null ? 'backfill' : 'live');
      const since = options.since ?? now - 800 * DAY;
      const context = { mode, since, until: now, ...(ids && { ids }), ...(expired !== undefined && { expired }) };
      return collect(streamOf(name).pull(client, from, '', context));
    },
    map: (name, pages, context) => {
      const { raw, map } = streamOf(name);
      const records = pages.flatMap((page) => page.records);
      return records.map((record) => map(raw.parse(record.raw), { ...context, keepSubjects: false }));
    },
  };
}

export const ids = (pages: Pages): string[] => pages.flatMap((page) => page.records).map((record) => record.id);

export const last = (pages: Pages): Page<unknown> => pages.at(-1) ?? expect.fail('no page');

export const eventsOf = (mapped: readonly Mapped[]): EventDraft[] =>
  mapped.flatMap((each) => (each.outcome === 'stored' ? each.events : []));
