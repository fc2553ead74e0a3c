import { isEventDraft } from '@waymark/journey';
import type { z } from 'zod';
import type { MapContext, Mapped } from '../contract.ts';

/** A stream as far as one record needs it. */
interface RecordMapper<Raw> {
  readonly raw: z.ZodType<Raw>;
  map(raw: Raw, context: MapContext): Mapped;
  withoutBody?(raw: unknown): unknown;
}

/** How a record ended, as the runner would end it: it never throws, and it never leaves a record without an outcome. */
export type Settled =
  | { readonly outcome: 'stored' | 'ignored'; readonly mapped: Mapped }
  /** Kept and set aside, with what is told of it and what is kept. */
  | { readonly outcome: 'rejected'; readonly detail: string; readonly aside: string };

/** Parses and maps one record. Throws only what breaks the contract: something thrown that is no Error, or a `withoutBody` that throws. */
export function settle<Raw>(stream: RecordMapper<Raw>, raw: unknown, context: MapContext): Settled {
  const parsed = stream.raw.safeParse(raw);
  if (!parsed.success) return rejected(stream, raw, 'schema');
  try {
    const mapped = stream.map(parsed.data, context);
    if (mapped.outcome === 'stored' && !mapped.events.every((draft) => isEventDraft(draft)))
      return rejected(stream, raw, 'event');
    return { outcome: mapped.outcome, mapped };
  } catch (error) {
    if (!(error instanceof Error))
      throw new TypeError('The mapper threw something that is no Error.', { cause: error });
    return rejected(stream, raw, error.message);
  }
}

function rejected(stream: Pick<RecordMapper<unknown>, 'withoutBody'>, raw: unknown, detail: string): Settled {
  const aside = JSON.stringify(stream.withoutBody === undefined ? raw : stream.withoutBody(raw)) ?? 'null';
  return { outcome: 'rejected', detail, aside };
}
