import { createRoute, z } from '@hono/zod-openapi';
import { account, timeline } from '@waymark/store';
import { accountDossier } from '../status/account-dossier.ts';
import { accountList } from '../status/account-list.ts';
import type { Waymark } from '../waymark.ts';
import { apiRouter, inside, type Api } from './api-access.ts';
import { missing } from './api-error.ts';
import { ScoreForm, SpellForm, wireScore, wireSpells } from './api-explanation.ts';
import {
  AccountForm,
  answers,
  byId,
  EventForm,
  FlagForm,
  givenInstant,
  instant,
  iso,
  isoOrNull,
  ProofForm,
  security,
  uuid,
} from './api-forms.ts';
import { wireAccount, wireEvent, wireFlag, wireProof } from './api-wire.ts';

const flagParameter = z.enum(['true', 'false']).optional().openapi({ example: 'true' });

const list = createRoute({
  method: 'get',
  path: '/api/accounts',
  summary: 'Accounts, those in need first',
  tags: ['Accounts'],
  security,
  request: {
    query: z.object({
      q: z.string().max(200).optional().openapi({ description: 'Part of a name or domain, or an id.' }),
      stage: z.string().max(100).optional().openapi({ description: 'A stage; none for accounts without one.' }),
      csm: z.string().max(320).optional(),
      customers: flagParameter,
      flagged: flagParameter,
      page: z.coerce.number().int().min(1).max(100_000).default(1),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: answers(
    z
      .object({
        accounts: z.array(AccountForm),
        total: z.number().int(),
        page: z.number().int(),
        limit: z.number().int(),
      })
      .openapi('Accounts'),
    'A page of accounts.',
  ),
});

const PeriodForm = z
  .object({
    stage: z.string(),
    enteredAt: instant,
    exitedAt: instant.nullable(),
    move: z.string(),
    direction: z.string(),
    proof: ProofForm,
  })
  .openapi('StagePeriod');

const AccountDetail = z
  .object({
    id: uuid,
    name: z.string(),
    domain: z.string().nullable(),
    isCustomer: z.boolean(),
    csm: z.string().nullable(),
    csmBasis: z.enum(['csm', 'owner']).nullable(),
    customerSince: instant.nullable(),
    renewalAt: instant.nullable(),
    value: z.number().nullable(),
    currency: z.string().nullable(),
    tier: z.string().nullable(),
    crmStage: z.string().nullable(),
    timezone: z.string(),
    sampleData: z.boolean(),
    records: z.array(z.object({ installationId: uuid, externalId: z.string(), url: z.string().nullable() })),
    journeys: z.array(
      z.object({
        journey: z.string(),
        version: z.number().int(),
        definitionDigest: z.string(),
        asOf: instant,
        stage: z.string().nullable(),
        periods: z.array(PeriodForm),
        milestones: z.array(
          z.object({
            milestone: z.string(),
            side: z.string(),
            status: z.string(),
            dueAt: instant.nullable(),
            reachedAt: instant.nullable(),
            proof: ProofForm.nullable(),
          }),
        ),
        segments: z.array(SpellForm),
        health: ScoreForm,
        success: ScoreForm.nullable().openapi({
          description: 'Null where the definition does not say what success is.',
        }),
        nextChangeAt: instant.nullable(),
        digest: z.string(),
      }),
    ),
    flags: z.array(FlagForm),
    contacts: z.array(
      z.object({
        id: uuid,
        name: z.string().nullable(),
        title: z.string().nullable(),
        persona: z.string().nullable(),
        addresses: z.array(z.string()),
        leftAt: instant.nullable(),
      }),
    ),
    matching: z
      .array(
        z.object({
          reason: z.string(),
          subject: z.string(),
          events: z.number().int(),
          lost: z.array(
            z.object({ accountId: z.string(), name: z.string(), why: z.string(), events: z.number().int() }),
          ),
          united: z.object({ key: z.string(), domain: z.string(), eventId: z.string().nullable() }).optional(),
        }),
      )
      .openapi({ description: 'Why its events are its own, and which other accounts lost them.' }),
    coverage: z.object({
      installationIds: z.array(uuid),
      watchedFrom: instant.nullable(),
      gaps: z.array(
        z.object({ from: instant, to: instant.nullable(), touchpoints: z.array(z.string()), reason: z.string() }),
      ),
      contacts: z
        .object({
          known: z.number().int(),
          seen: z.number().int(),
          unseen: z.array(z.object({ contactId: uuid, name: z.string().nullable(), address: z.string() })),
        })
        .openapi({ description: 'Of how many known contacts the mail is seen by something that is read now.' }),
      csmMailbox: z.enum(['watched', 'stopped', 'not_connected', 'nobody']),
    }),
  })
  .openapi('Account');

const one = createRoute({
  method: 'get',
  path: '/api/accounts/{id}',
  summary: 'One account: facts, stages, milestones, health, flags with proof, contacts, coverage',
  tags: ['Accounts'],
  security,
  request: { params: byId },
  responses: answers(AccountDetail, 'The account as of now. Stages, milestones and health are derived from the log.'),
});

const events = createRoute({
  method: 'get',
  path: '/api/accounts/{id}/timeline',
  summary: 'Events of an account, newest first',
  tags: ['Accounts'],
  security,
  request: {
    params: byId,
    query: z.object({
      from: givenInstant.optional(),
      to: givenInstant.optional(),
      cursor: z
        .string()
        .regex(/^-?\d{1,15}\.[0-9a-f-]{36}$/)
        .optional()
        .openapi({ description: 'The `next` of the page before.' }),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
  },
  responses: answers(
    z.object({ events: z.array(EventForm), next: z.string().nullable() }).openapi('Timeline'),
    'A page of events; `next` is null on the last.',
  ),
});

const event = createRoute({
  method: 'get',
  path: '/api/events/{id}',
  summary: 'One event',
  tags: ['Accounts'],
  security,
  request: { params: byId },
  responses: answers(EventForm, 'The event with its sightings.'),
});

/** Accounts and their events. */
export function accountRoutes(waymark: Waymark): Api {
  const api = apiRouter();
  api.openapi(list, async (c) => {
    const { q, stage, csm, customers, flagged, page, limit } = c.req.valid('query');
    const all = await inside(waymark, c, (tx) =>
      accountList(tx, { text: q, stage, csm, customersOnly: customers === 'true', flaggedOnly: flagged === 'true' }),
    );
    const accounts = all.slice((page - 1) * limit, page * limit).map(wireAccount);
    return c.json({ accounts, total: all.length, page, limit }, 200);
  });
  api.openapi(one, async (c) => {
    const dossier = await inside(waymark, c, (tx) => accountDossier(tx, c.req.valid('param').id, waymark.now()));
    if (!dossier) throw missing('account');
    const { coverage } = dossier;
    const { account: facts } = dossier;
    const detail: z.infer<typeof AccountDetail> = {
      id: facts.accountId,
      name: facts.name,
      domain: facts.domain,
      isCustomer: facts.isCustomer,
      csm: facts.csmEmail,
      csmBasis: facts.csmBasis,
      customerSince: isoOrNull(facts.customerSince),
      renewalAt: isoOrNull(facts.renewalAt),
      value: facts.value,
      currency: facts.currency,
      tier: facts.tier,
      crmStage: facts.crmStage,
      timezone: dossier.timezone,
      sampleData: dossier.sampleData,
      records: dossier.records.map((record) => ({
        installationId: record.installationId,
        externalId: record.externalId,
        url: record.fact.url ?? null,
      })),
      journeys: dossier.journeys.map(({ journey, answer }) => ({
        journey: answer.journey,
        version: journey.definition.version,
        definitionDigest: answer.definitionDigest,
        asOf: iso(answer.asOf),
        stage: answer.stage,
        periods: answer.periods.map((period) => ({
          ...period,
          enteredAt: iso(period.enteredAt),
          exitedAt: isoOrNull(period.exitedAt),
          proof: wireProof(period.proof),
        })),
        milestones: answer.milestones.map((milestone) => ({
          ...milestone,
          dueAt: isoOrNull(milestone.dueAt),
          reachedAt: isoOrNull(milestone.reachedAt),
          proof: milestone.proof && wireProof(milestone.proof),
        })),
        segments: wireSpells(answer),
        health: wireScore(answer.health),
        success: answer.success ? wireScore(answer.success) : null,
        nextChangeAt: isoOrNull(answer.nextChangeAt),
        digest: answer.digest,
      })),
      flags: dossier.flags.map((flag) => wireFlag(flag, facts.name)),
      contacts: dossier.contacts.map((contact) => ({
        id: contact.contactId,
        name: contact.name,
        title: contact.title,
        persona: contact.persona,
        addresses: [...contact.addresses],
        leftAt: isoOrNull(contact.leftAt),
      })),
      matching: dossier.matching.map((by) => ({ ...by, lost: [...by.lost] })),
      coverage: {
        installationIds: [...coverage.installationIds],
        watchedFrom: isoOrNull(coverage.watchedFrom),
        contacts: {
          known: coverage.sight.known,
          seen: coverage.sight.seen,
          unseen: coverage.sight.unseen.map((contact) => ({ ...contact })),
        },
        csmMailbox: coverage.sight.csm.mailbox,
        gaps: coverage.gaps.map((gap) => ({
          from: iso(gap.from),
          to: isoOrNull(gap.to),
          touchpoints: [...gap.touchpoints],
          reason: gap.reason,
        })),
      },
    };
    return c.json(detail, 200);
  });
  api.openapi(events, async (c) => {
    const { from, to, cursor, limit } = c.req.valid('query');
    const [at, eventId] = cursor?.split('.') ?? [];
    const found = await inside(waymark, c, async (tx) => {
      const { id } = c.req.valid('param');
      if (!(await account(tx, id))) throw missing('account');
      return timeline(tx, {
        accountId: id,
        limit: limit + 1,
        ...(from !== undefined && { from: Date.parse(from) }),
        ...(to !== undefined && { to: Date.parse(to) }),
        ...(at !== undefined && eventId !== undefined && { after: { occurredAt: Number(at), eventId } }),
      });
    });
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    return c.json({ events: shown.map(wireEvent), next: last ? `${last.occurredAt}.${last.eventId}` : null }, 200);
  });
  api.openapi(event, async (c) => {
    const [found] = await inside(waymark, c, (tx) => timeline(tx, { eventIds: [c.req.valid('param').id], limit: 1 }));
    if (!found) throw missing('event');
    return c.json(wireEvent(found), 200);
  });
  return api;
}
