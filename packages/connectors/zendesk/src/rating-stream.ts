import type { Page, PullContext, RawRecord, Stream } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api.ts';
import type { ZendeskClient } from './client.ts';
import { ratingCursorSpec, type RatingCursor } from './cursor.ts';
import { READ } from './manifest.ts';
import { keptRating, mapRating, ratingRow, type RatingRow } from './map-rating.ts';
import { identified } from './ticket-record.ts';
import { parseTime, toSeconds } from './time.ts';
import { withoutBody } from './without-body.ts';

const ratingsAnswer = z.looseObject({
  satisfaction_ratings: z.array(identified),
  meta: z.looseObject({ has_more: z.boolean(), after_cursor: z.string().nullish() }).optional(),
});

/** The ratings that customers gave since a time. */
async function* pullRatings(
  client: ZendeskClient,
  from: RatingCursor | null,
  context: PullContext,
): AsyncGenerator<Page<RatingCursor>> {
  const now = client.session.now();
  const since = Math.min(from?.since ?? context.since, context.mode === 'resync' ? Infinity : context.since);
  const again = from === null || context.mode === 'resync' || since < from.since;
  const running = from?.running;
  const startedAt = running?.startedAt ?? now;
  const begin = again ? context.since : from.from;
  let after = running?.after ?? '';
  for (;;) {
    const answer = await readPage(client, begin, after);
    const next = answer.meta?.has_more === true ? (answer.meta.after_cursor ?? undefined) : undefined;
    const done = next === undefined || next === after;
    const cursor: RatingCursor = done
      ? { from: startedAt - ratingCursorSpec.overlapMs, since }
      : { from: begin, since, running: { startedAt, after: next } };
    yield { records: await toRecords(client, answer.satisfaction_ratings), gone: [], cursor, done };
    if (done) return;
    after = next;
  }
}

function readPage(client: ZendeskClient, from: number, after: string) {
  return client.json({
    bucket: 'account',
    method: 'GET',
    path: paths.ratings,
    query: {
      score: 'received',
      start_time: toSeconds(from),
      'page[size]': 100,
      'page[after]': after === '' ? undefined : after,
    },
    idempotent: true,
    doc: docs.ratings,
    answer: ratingsAnswer,
    withCursor: after !== '',
  });
}

async function toRecords(client: ZendeskClient, rows: z.infer<typeof ratingsAnswer>['satisfaction_ratings']) {
  const requesterOf = (row: (typeof rows)[number]): string[] =>
    typeof row['requester_id'] === 'number' ? [String(row['requester_id'])] : [];
  const people = await client.people.find(rows.flatMap(requesterOf));
  return rows.map((row): RawRecord => {
    const [id] = requesterOf(row);
    const person = id === undefined ? undefined : people.get(id);
    const requester =
      id === undefined
        ? undefined
        : {
            id,
            ...(person?.address === undefined ? {} : { address: person.address }),
            ...(person?.name === undefined ? {} : { name: person.name }),
          };
    return {
      id: String(row.id),
      version: String(parseTime(row['updated_at']) ?? 0),
      raw: { ...keptRating(row), ...(requester === undefined ? {} : { requester }) },
    };
  });
}

export const ratingStream: Stream<ZendeskClient, RatingCursor, RatingRow> = {
  name: 'satisfaction-ratings',
  object: 'satisfaction-ratings',
  scopes: [READ],
  order: 60,
  cursor: ratingCursorSpec,
  raw: ratingRow,
  pull: (client, from, _partition, context) => pullRatings(client, from, context),
  map: mapRating,
  withoutBody: (raw) => withoutBody(raw),
};
