import { z } from '@hono/zod-openapi';
import { uuid } from './api-forms.ts';

const figure = z.number().int();
const figures = z.record(z.string(), figure).readonly();

const StreamForm = z
  .object({
    stream: z.string(),
    partitions: figure,
    stored: figure,
    ignored: figure,
    rejected: figure,
    reasons: figures,
    freshnessSeconds: z.number().nullable(),
    watchedFrom: z.string().nullable(),
    backfilling: z.boolean(),
    progress: z.object({ done: figure, expected: figure.nullable() }).readonly(),
    fault: z.object({ kind: z.string(), message: z.string(), since: z.string() }).readonly().nullable(),
    retryAt: z.string().nullable(),
  })
  .readonly();

const part = {
  stream: z.string(),
  partition: z.string(),
  label: z.string().nullable(),
  touchpoints: z.array(z.string()).readonly(),
  from: z.string(),
};

const CoverageForm = z
  .object({
    from: z.string().nullable(),
    to: z.string().nullable(),
    watched: z.array(z.object({ ...part, to: z.string(), current: z.boolean() }).readonly()).readonly(),
    gaps: z
      .array(
        z
          .object({ ...part, to: z.string().nullable(), reason: z.string(), readLaterAt: z.string().nullable() })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();

/** What `waymark status --json` prints. */
export const StatusForm = z
  .object({
    workspace: z.object({ id: uuid, slug: z.string(), name: z.string() }).readonly(),
    installations: z
      .array(
        z
          .object({
            id: uuid,
            connector: z.string(),
            label: z.string(),
            status: z.string(),
            reason: z.string().nullable(),
            resumeAt: z.string().nullable(),
            resumeReason: z.string().nullable(),
            coverage: CoverageForm,
            grant: z.string(),
            push: z
              .object({
                subscribed: figure,
                faults: z
                  .array(z.object({ target: z.string(), message: z.string(), since: z.string() }).readonly())
                  .readonly(),
                note: z.string().nullable(),
              })
              .readonly(),
            streams: z.array(StreamForm).readonly(),
          })
          .readonly(),
      )
      .readonly(),
    unwatchedMailboxes: z
      .array(z.object({ address: z.string(), customers: figure, installed: z.boolean() }).readonly())
      .readonly(),
    accounts: figure,
    customers: figure,
    contacts: figure,
    unmatched: z.object({ subjects: figure, events: figure }).readonly(),
    events: z.object({ total: figure, byType: figures, bySource: figures, merged: figure }).readonly(),
    stages: figures,
    flags: z
      .array(
        z
          .object({
            id: uuid,
            account: z.string(),
            accountId: uuid,
            domain: z.string().nullable(),
            csm: z.string().nullable(),
            rule: z.string(),
            kind: z.string(),
            severity: z.string(),
            reason: z.string(),
            openedAt: z.string(),
            evidence: z.array(z.string()).readonly(),
          })
          .readonly(),
      )
      .readonly(),
    alerts: z.object({ posted: figure, uncertain: figure, heldBack: figure, pending: figure }).readonly(),
    writeback: z.object({ planned: figure, applied: figure, verified: figure, failed: figure }).readonly(),
  })
  .openapi('Status');
