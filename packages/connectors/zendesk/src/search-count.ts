import { ConnectorFault } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api.ts';
import type { ZendeskClient } from './client.ts';

const countAnswer = z.looseObject({ count: z.union([z.number(), z.looseObject({ value: z.number() })]) });

/** How many rows a backfill may expect, for its progress alone: where the count is refused, none is told. */
export async function expectedRows(
  client: ZendeskClient,
  type: 'ticket' | 'user',
  since: number,
): Promise<{ expected?: number }> {
  try {
    const { total } = await countBySearch(client, type, { from: since, to: client.session.now() }, { by: 'updated' });
    return { expected: total };
  } catch (error) {
    if (error instanceof ConnectorFault && (error.fault.kind === 'rejected' || error.fault.kind === 'scope-missing')) {
      return {};
    }
    throw error;
  }
}

/** How many objects were made (or updated) in a window, as the search counts them: its index lags, and what is deleted is not in it. */
export async function countBySearch(
  client: ZendeskClient,
  type: 'ticket' | 'user' | 'organization',
  window: { readonly from: number; readonly to: number },
  options: { readonly by?: 'created' | 'updated'; readonly status?: string } = {},
): Promise<{ total: number }> {
  const by = options.by ?? 'created';
  const more = options.status === undefined ? '' : ` status${options.status}`;
  const [from, to] = [window.from, window.to].map((at) => `${new Date(at).toISOString().slice(0, 19)}Z`);
  const answer = await client.json({
    bucket: 'account',
    method: 'GET',
    path: paths.searchCount,
    query: { query: `type:${type} ${by}>=${from} ${by}<${to}${more}` },
    idempotent: true,
    doc: docs.search,
    answer: countAnswer,
  });
  return { total: typeof answer.count === 'number' ? answer.count : answer.count.value };
}
