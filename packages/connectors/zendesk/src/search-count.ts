import { z } from 'zod';
import { docs, paths } from './api.ts';
import type { ZendeskClient } from './client.ts';

const countAnswer = z.looseObject({ count: z.union([z.number(), z.looseObject({ value: z.number() })]) });

/** How many objects were made in a window, as the search counts them: its index lags, and what is deleted is not in it. */
export async function countBySearch(
  client: ZendeskClient,
  type: 'ticket' | 'user' | 'organization',
  window: { readonly from: number; readonly to: number },
  more = '',
): Promise<{ total: number }> {
  const [from, to] = [window.from, window.to].map((at) => `${new Date(at).toISOString().slice(0, 19)}Z`);
  const answer = await client.json({
    bucket: 'account',
    method: 'GET',
    path: paths.searchCount,
    query: { query: `type:${type} created>=${from} created<${to}${more === '' ? '' : ` ${more}`}` },
    idempotent: true,
    doc: docs.search,
    answer: countAnswer,
  });
  return { total: typeof answer.count === 'number' ? answer.count : answer.count.value };
}
