import { createRoute, z } from '@hono/zod-openapi';
import type { AccountJourney, Health } from '@waymark/lifecycle';
import { explainAccount } from '../explain.ts';
import { scoreHistory } from '../score-history.ts';
import type { Waymark } from '../waymark.ts';
import { apiRouter, inside, type Api } from './api-access.ts';
import { ApiError, missing } from './api-error.ts';
import { wiredReport } from '../wire.ts';
import { answers, byId, givenInstant, instant, iso, isoOrNull, ProofForm, security, uuid } from './api-forms.ts';
import { wireProof } from './api-wire.ts';

const DAY = 86_400_000;

export const ScoreForm = z
  .object({
    score: z.number().nullable(),
    version: z.number().int().openapi({ description: 'Of how it is weighed.' }),
    parts: z.array(
      z.object({
        part: z.string(),
        label: z.string(),
        weight: z.number(),
        score: z.number().nullable().openapi({ description: 'Null: no input; its weight is spread over the rest.' }),
        why: z.string(),
      }),
    ),
  })
  .openapi('Score');

export const SpellForm = z
  .object({ segment: z.string(), from: instant, to: instant.nullable() })
  .openapi('SegmentSpell', { description: 'A time in a segment that rests on conditions.' });

/** A score on the wire. */
export const wireScore = (score: Health): z.infer<typeof ScoreForm> => ({
  ...score,
  parts: score.parts.map((part) => ({ ...part })),
});

/** The segments that an account was in, on the wire; none where its record alone decides. */
export const wireSpells = (answer: AccountJourney): z.infer<typeof SpellForm>[] =>
  (answer.segments ?? []).map(({ segment, from, to }) => ({ segment, from: iso(from), to: isoOrNull(to) }));

const ExplanationForm = z
  .object({
    account: z.object({ id: uuid, name: z.string() }),
    asOf: instant,
    knownAt: instant.nullable(),
    journeys: z.array(
      z.object({
        journey: z.string(),
        definitionDigest: z.string(),
        digest: z.string(),
        stage: z.string().nullable(),
        segments: z.array(SpellForm),
        agrees: z.boolean().nullable().openapi({
          description: 'Whether what is stored is what the log gives; null where nothing was stored then.',
        }),
        comparedWith: z.enum(['stored_now', 'stored_then', 'nothing_stored_then']),
        differences: z.array(z.string()),
        purgedSince: z.array(instant).openapi({
          description: 'When something was purged for good since `knownAt`: what rested on it is told no more.',
        }),
        scores: z
          .array(z.object({ score: z.enum(['health', 'success']), part: z.string(), proof: ProofForm }))
          .openapi({ description: 'What each part of health and success rests on.' }),
        text: z.string().openapi({ description: 'As a person would say it.' }),
        whyNot: z.array(z.record(z.string(), z.unknown())).openapi({
          description:
            'For every rule without an open flag: which condition fails by how much, or what else stands in the way.',
        }),
      }),
    ),
  })
  .openapi('Explanation');

const explanation = createRoute({
  method: 'get',
  path: '/api/accounts/{id}/explanation',
  summary: 'Why an account stands where it stands and why not elsewhere, derived from the log again',
  tags: ['Accounts'],
  security,
  request: {
    params: byId,
    query: z.object({
      at: givenInstant.optional().openapi({ description: 'As of an earlier time; now without it.' }),
      knownAt: givenInstant.optional().openapi({ description: 'By what was recorded and in force by then.' }),
      flag: z.string().max(100).optional().openapi({ description: 'One flag alone, by its id or its rule.' }),
    }),
  },
  responses: answers(ExplanationForm, 'The explanation, in words and as data, for each journey.'),
});

const HistoryForm = z
  .object({
    account: z.object({ id: uuid, name: z.string() }),
    journeys: z.array(
      z.object({
        journey: z.string(),
        points: z.array(
          z.object({
            at: instant,
            definitionVersion: z.number().int(),
            definitionDigest: z.string(),
            assumed: z
              .boolean()
              .openapi({ description: 'No definition is noted for that time: the first that is speaks.' }),
            health: ScoreForm,
            success: ScoreForm.nullable(),
          }),
        ),
        marks: z
          .array(
            z.object({
              at: instant,
              score: z.enum(['health', 'success']),
              before: z.number().int().nullable(),
              after: z.number().int().nullable(),
            }),
          )
          .openapi({
            description: 'From when on a score is weighed another way: a step there is none of the customer’s.',
          }),
      }),
    ),
  })
  .openapi('ScoreHistory');

const scores = createRoute({
  method: 'get',
  path: '/api/accounts/{id}/scores',
  summary: 'Health and success over time, with a mark where their version changed',
  tags: ['Accounts'],
  security,
  request: {
    params: byId,
    query: z.object({
      from: givenInstant.optional().openapi({ description: 'Half a year ago without it.' }),
      to: givenInstant.optional(),
      days: z.coerce.number().int().min(1).max(90).default(7).openapi({ description: 'Days from point to point.' }),
    }),
  },
  responses: answers(HistoryForm, 'At most 400 points, each by the definition that was in force then.'),
});

/** Why an account stands where it stands, and how its scores came to be what they are. */
export function explanationRoutes(waymark: Waymark): Api {
  const api = apiRouter();
  api.openapi(explanation, async (c) => {
    const { id } = c.req.valid('param');
    const { at, knownAt: known, flag } = c.req.valid('query');
    const knownAt = known === undefined ? undefined : Date.parse(known);
    const asOf = at === undefined ? (knownAt ?? waymark.now()) : Date.parse(at);
    if (knownAt !== undefined && asOf > knownAt)
      throw new ApiError(400, 'INVALID', 'at cannot be later than knownAt: nothing was known of it.');
    const found = await inside(waymark, c, (tx) =>
      explainAccount(tx, id, asOf, {
        whyNot: true,
        ...(flag !== undefined && { flagId: flag }),
        ...(knownAt !== undefined && { knownAt }),
      }),
    );
    const [first] = found;
    if (!first) throw missing('account');
    const journeys = found.map(
      ({ answer, agrees, comparedWith, differences, purgedSince, scores: parts, text, whyNot }) => ({
        journey: answer.journey,
        definitionDigest: answer.definitionDigest,
        digest: answer.digest,
        stage: answer.stage,
        segments: wireSpells(answer),
        agrees,
        comparedWith,
        differences: [...differences],
        purgedSince: purgedSince.map(iso),
        scores: parts.map(({ score, part, proof }) => ({ score, part, proof: wireProof(proof) })),
        text,
        whyNot: whyNot.map(wiredReport),
      }),
    );
    const { accountId, name } = first.account;
    const times = { asOf: iso(asOf), knownAt: knownAt === undefined ? null : iso(knownAt) };
    return c.json({ account: { id: accountId, name }, ...times, journeys }, 200);
  });
  api.openapi(scores, async (c) => {
    const { from, to, days } = c.req.valid('query');
    const end = to === undefined ? waymark.now() : Date.parse(to);
    const begin = from === undefined ? end - 182 * DAY : Date.parse(from);
    if (begin > end) throw new ApiError(400, 'INVALID', 'from cannot be later than to.');
    const found = await inside(waymark, c, (tx) =>
      scoreHistory(tx, c.req.valid('param').id, { from: begin, to: end, step: days * DAY }),
    );
    if (!found) throw missing('account');
    const { accountId, name } = found.account;
    const journeys = found.journeys.map(({ journey, points, marks }) => ({
      journey,
      points: points.map((point) => ({
        ...point,
        at: iso(point.at),
        health: wireScore(point.health),
        success: point.success && wireScore(point.success),
      })),
      marks: marks.map((mark) => ({ ...mark, at: iso(mark.at) })),
    }));
    return c.json({ account: { id: accountId, name }, journeys }, 200);
  });
  return api;
}
