import { createRoute, z } from '@hono/zod-openapi';
import { accountList } from '../status/account-list.ts';
import { checkedFlag } from '../status/flag-check.ts';
import { checkTexts } from '../status/flag-page.ts';
import type { Waymark } from '../waymark.ts';
import { apiRouter, inside, type Api } from './api-access.ts';
import { missing } from './api-error.ts';
import { answers, byId, FlagForm, security } from './api-forms.ts';
import { wireFlag } from './api-wire.ts';

const openFlags = createRoute({
  method: 'get',
  path: '/api/flags',
  summary: 'Open flags, worst first',
  tags: ['Flags'],
  security,
  request: {
    query: z.object({
      rule: z.string().max(200).optional(),
      kind: z.enum(['risk', 'opportunity', 'data_gap']).optional(),
    }),
  },
  responses: answers(z.object({ flags: z.array(FlagForm) }).openapi('Flags'), 'The open flags of all accounts.'),
});

const oneFlag = createRoute({
  method: 'get',
  path: '/api/flags/{id}',
  summary: 'One flag, its proof derived again from the log',
  tags: ['Flags'],
  security,
  request: { params: byId },
  responses: answers(
    FlagForm.extend({
      reasonNow: z.string().nullable(),
      check: z.object({ agrees: z.boolean(), because: z.string(), says: z.string() }),
    }).openapi('CheckedFlag'),
    'The flag, and whether the log gives the same proof now.',
  ),
});

/** Flags with their proof. */
export function flagRoutes(waymark: Waymark): Api {
  const api = apiRouter();
  api.openapi(openFlags, async (c) => {
    const { rule, kind } = c.req.valid('query');
    const lines = await inside(waymark, c, (tx) => accountList(tx, { flaggedOnly: true }));
    const flags = lines.flatMap((line) =>
      line.openFlags
        .filter((flag) => (rule === undefined || flag.rule === rule) && (kind === undefined || flag.kind === kind))
        .map((flag) => wireFlag(flag, line.account.name)),
    );
    return c.json({ flags }, 200);
  });
  api.openapi(oneFlag, async (c) => {
    const checked = await inside(waymark, c, (tx) => checkedFlag(tx, c.req.valid('param').id, waymark.now()));
    if (!checked) throw missing('flag');
    const { flag, account, check, reasonNow } = checked;
    const says = checkTexts[check.because];
    return c.json({ ...wireFlag(flag, account.name), reasonNow: reasonNow ?? null, check: { ...check, says } }, 200);
  });
  return api;
}
