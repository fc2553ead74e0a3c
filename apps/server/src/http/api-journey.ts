import { createRoute, z } from '@hono/zod-openapi';
import { mapSvg, type JourneyMap } from '@waymark/analytics';
import { accountList } from '../status/account-list.ts';
import { journeyMaps } from '../status/journey-maps.ts';
import type { Waymark } from '../waymark.ts';
import { apiRouter, inside, type Api } from './api-access.ts';
import type { Access } from './access.ts';
import type { Context } from 'hono';
import { missing } from './api-error.ts';
import { answers, instant, iso, security, uuid } from './api-forms.ts';

const figure = z.number().int();
const duration = z.object({ n: figure, medianDays: z.number().nullable() });

const MapForm = z
  .object({
    journey: z.string(),
    title: z.string(),
    version: figure,
    asOf: instant,
    accounts: figure.openapi({ description: 'How many accounts the map rests on.' }),
    stages: z.array(
      z.object({
        stage: z.string(),
        title: z.string(),
        objective: z.string().nullable(),
        expectedDays: z.number().nullable(),
        accountsNow: figure,
        accountsEver: figure,
        entered: figure,
        exited: figure,
        startedHere: figure,
        completed: duration,
        current: duration,
        latest: duration,
        cumulative: duration,
        overdue: figure.nullable(),
      }),
    ),
    moves: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        moves: figure,
        accounts: figure,
        accountIds: z.array(uuid),
        before: duration,
        designed: z.enum(['named', 'open', 'no']),
        judged: z.enum(['allowed', 'unusual', 'forbidden']),
        backward: z.boolean(),
      }),
    ),
    offPath: figure,
    unused: figure,
  })
  .openapi('JourneyMap');

const query = z.object({
  csm: z.string().max(320).optional().openapi({ description: 'Only the accounts of this CSM.' }),
  stage: z.string().max(100).optional().openapi({ description: 'Only the accounts that are in this stage now.' }),
});

const map = createRoute({
  method: 'get',
  path: '/api/journey-map',
  summary: 'The journey as lived beside the journey as designed',
  tags: ['Journey'],
  security,
  request: { query },
  responses: answers(
    z.object({ maps: z.array(MapForm) }).openapi('JourneyMaps'),
    'A map of each active journey: accounts, median days and moves, each with its n.',
  ),
});

const picture = createRoute({
  method: 'get',
  path: '/api/journey-map.svg',
  summary: 'The map of the first active journey as a picture',
  tags: ['Journey'],
  security,
  request: { query },
  responses: {
    ...answers(z.string(), ''),
    200: { description: 'An SVG that stands alone.', content: { 'image/svg+xml': { schema: z.string() } } },
  },
});

/** The journey map, as data and as a picture. */
export function journeyRoutes(waymark: Waymark): Api {
  const api = apiRouter();
  const read = (c: Context<Access>, wanted: z.infer<typeof query>): Promise<readonly JourneyMap[]> =>
    inside(waymark, c, async (tx) => {
      const narrowed = wanted.csm !== undefined || wanted.stage !== undefined;
      const only = narrowed
        ? new Set((await accountList(tx, wanted)).map((line) => line.account.accountId))
        : undefined;
      return journeyMaps(tx, waymark.now(), only);
    });
  api.openapi(map, async (c) => {
    const maps = (await read(c, c.req.valid('query'))).map((one) => ({
      ...one,
      asOf: iso(one.asOf),
      stages: [...one.stages],
      moves: one.moves.map((move) => ({ ...move, accountIds: [...move.accountIds] })),
    }));
    return c.json({ maps }, 200);
  });
  api.openapi(picture, async (c) => {
    const [first] = await read(c, c.req.valid('query'));
    if (!first) throw missing('active journey');
    return c.body(await mapSvg(first), 200, { 'content-type': 'image/svg+xml; charset=utf-8' });
  });
  return api;
}
