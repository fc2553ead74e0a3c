import type { Gone, Page, PullContext, RawRecord, Stream } from '@waymark/connector-kit';
import { z } from 'zod';
import { paths } from './api.ts';
import type { ZendeskClient } from './client.ts';
import { exportCursorSpec, type ExportCursor } from './cursor.ts';
import { exportStart, readExport, type ExportSpec } from './export-pull.ts';
import { READ } from './manifest.ts';
import { keptUser, mapUser, userRow, type UserRow } from './map-user.ts';
import { countBySearch, expectedRows } from './search-count.ts';
import type { Identified } from './ticket-record.ts';
import { parseTime } from './time.ts';
import { withoutBody } from './without-body.ts';

const users: ExportSpec = { path: paths.userExport, list: 'users', pageSize: 1000, include: 'identities' };

/** https://developer.zendesk.com/documentation/ticketing/using-the-zendesk-api/side_loading/ */
const sideload = z.looseObject({
  identities: z.array(z.looseObject({ type: z.string(), value: z.string() })).optional(),
});

/** Everyone whom the help desk knows. All of them are wanted, however long ago they were changed. */
async function* pullUsers(
  client: ZendeskClient,
  from: ExportCursor | null,
  context: PullContext,
): AsyncGenerator<Page<ExportCursor>> {
  const refused = exportCursorSpec.schema.safeParse(context.expired).data;
  const start = exportStart(from, { ...context, since: 0 }, client.session.now(), refused);
  const expected = from === null ? await expectedRows(client, 'user', start.from) : {};
  for await (const page of readExport(client, users, start, refused)) {
    const rows = [...new Map(page.rows.map((row) => [row.id, row])).values()];
    yield {
      records: rows.filter((row) => row['active'] !== false).map(toRecord),
      gone: rows.filter((row) => row['active'] === false).map(toGone),
      cursor: page.cursor,
      done: page.done,
      ...expected,
    };
  }
}

function toRecord(row: Identified): RawRecord {
  const identities = sideload.safeParse(row).data?.identities ?? [];
  const addresses = identities.filter((each) => each.type === 'email').map((each) => each.value);
  return {
    id: String(row.id),
    version: String(parseTime(row['updated_at']) ?? 0),
    raw: keptUser(row, addresses),
  };
}

/** A deleted user stays in the export as inactive. */
function toGone(row: Identified): Gone {
  const at = parseTime(row['updated_at']);
  return { id: String(row.id), certain: true, ...(at === undefined ? {} : { at }) };
}

export const userStream: Stream<ZendeskClient, ExportCursor, UserRow> = {
  name: 'users',
  object: 'users',
  scopes: [READ],
  order: 30,
  cursor: exportCursorSpec,
  raw: userRow,
  pull: (client, from, _partition, context) => pullUsers(client, from, context),
  map: mapUser,
  withoutBody: (raw) => withoutBody(raw),
  count: (client, _partition, window) => countBySearch(client, 'user', window),
};
