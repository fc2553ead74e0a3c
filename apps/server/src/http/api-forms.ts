import { z, type createRoute } from '@hono/zod-openapi';

type RouteConfig = Parameters<typeof createRoute>[0];

export const uuid = z.uuid().openapi({ example: '018f2c5e-7d3a-8b11-9c21-0b0d5f4e1a77' });
export const instant = z.iso.datetime().openapi({ example: '2026-03-12T14:05:00.000Z' });
/** An instant that somebody gives: with `Z` or the offset of a zone. */
export const givenInstant = z.iso.datetime({ offset: true }).openapi({ example: '2026-03-12T15:05:00+01:00' });

const ErrorForm = z
  .object({ error: z.object({ code: z.string(), message: z.string() }) })
  .openapi('Error', { description: 'The one form of all errors. The message says what to do.' });

/** The responses of a route: its success, and the errors that every route can answer with. */
export function answers<T extends z.ZodType>(schema: T, description: string) {
  const problem = (text: string) => ({ description: text, content: { 'application/json': { schema: ErrorForm } } });
  return {
    200: { description, content: { 'application/json': { schema } } },
    400: problem('The request is not of the right form.'),
    401: problem('No token, or one that opens no workspace.'),
    404: problem('There is no such thing in the token’s workspace.'),
    429: problem('Too many requests: see Retry-After.'),
  } satisfies RouteConfig['responses'];
}

/** What a JSON body must be. */
export function body<T extends z.ZodType>(schema: T) {
  return { body: { required: true, content: { 'application/json': { schema } } } } as const;
}

export const security = [{ token: [] }];
export const byId = z.object({ id: uuid });

/** An instant on the wire. */
export const iso = (at: number): string => new Date(at).toISOString();
export const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

export const ProofForm = z
  .object({
    rule: z.string(),
    ruleVersion: z.number().int(),
    definition: z.string(),
    definitionDigest: z.string(),
    at: instant,
    evidence: z.array(z.object({ eventId: uuid, type: z.string(), at: instant, note: z.string() })),
    comparisons: z.array(
      z.object({
        signal: z.string(),
        label: z.string(),
        unit: z.string(),
        value: z.union([z.number(), z.string()]).nullable(),
        op: z.string(),
        threshold: z.union([z.number(), z.string()]),
        holds: z.boolean(),
      }),
    ),
    clears: z.string(),
    digest: z.string(),
  })
  .openapi('Proof', { description: 'Why something is so, enough to derive it again from the log.' });

export const FlagForm = z
  .object({
    id: uuid,
    accountId: uuid,
    account: z.string(),
    journey: z.string(),
    rule: z.string(),
    ruleVersion: z.number().int(),
    kind: z.string(),
    severity: z.string(),
    title: z.string(),
    reason: z.string().openapi({ description: 'As it was when the flag opened.' }),
    nextStep: z.string(),
    playbook: z.string().nullable(),
    openedAt: instant,
    clearedAt: instant.nullable(),
    clearedBecause: z.string().nullable(),
    handling: z
      .object({
        claimedBy: z.string().nullable(),
        snoozedUntil: instant.nullable(),
        answer: z.string().nullable(),
        answeredBy: z.string().nullable(),
      })
      .nullable(),
    proof: ProofForm,
  })
  .openapi('Flag');

export const EventForm = z
  .object({
    id: uuid,
    accountId: uuid.nullable(),
    type: z.string(),
    occurredAt: instant,
    recordedAt: instant,
    touchpoint: z.string(),
    direction: z.string(),
    automated: z.boolean(),
    participants: z.array(
      z.looseObject({ role: z.string(), address: z.string().optional(), name: z.string().optional() }),
    ),
    attributes: z.record(z.string(), z.unknown()),
    match: z
      .record(z.string(), z.unknown())
      .nullable()
      .openapi({ description: 'Why it belongs to its account, or to none, and what lost.' }),
    sightings: z.array(
      z.object({ connector: z.string(), object: z.string(), externalId: z.string(), url: z.string().nullable() }),
    ),
  })
  .openapi('Event');

export const AccountForm = z
  .object({
    id: uuid,
    name: z.string(),
    domain: z.string().nullable(),
    isCustomer: z.boolean(),
    stage: z.string().nullable(),
    health: z.number().nullable(),
    csm: z.string().nullable(),
    csmBasis: z.enum(['csm', 'owner']).nullable(),
    renewalAt: instant.nullable(),
    value: z.number().nullable(),
    currency: z.string().nullable(),
    tier: z.string().nullable(),
    openFlags: z.array(
      z.object({ id: uuid, rule: z.string(), kind: z.string(), severity: z.string(), reason: z.string() }),
    ),
  })
  .openapi('AccountLine');
