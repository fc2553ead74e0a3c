import type { z } from '@hono/zod-openapi';
import type { Proof } from '@waymark/lifecycle';
import type { TimelineEvent } from '@waymark/store';
import type { AccountLine } from '../status/account-list.ts';
import type { FlagRecord } from '../status/flag-record.ts';
import { wiredAttributes, wiredReport } from '../wire.ts';
import { iso, isoOrNull, type AccountForm, type EventForm, type FlagForm, type ProofForm } from './api-forms.ts';

/** A proof as the API says it: its instants in RFC 3339. The digest is that of the proof with epoch milliseconds. */
export function wireProof(proof: Proof): z.infer<typeof ProofForm> {
  return {
    ...proof,
    at: iso(proof.at),
    evidence: proof.evidence.map((one) => ({ ...one, at: iso(one.at) })),
    comparisons: [...proof.comparisons],
  };
}

export function wireFlag(flag: FlagRecord, account: string): z.infer<typeof FlagForm> {
  const { handling } = flag;
  return {
    id: flag.flagId,
    accountId: flag.accountId,
    account,
    journey: flag.journey,
    rule: flag.rule,
    ruleVersion: flag.ruleVersion,
    kind: flag.kind,
    severity: flag.severity,
    title: flag.title,
    reason: flag.reason,
    nextStep: flag.nextStep,
    playbook: flag.playbook,
    openedAt: iso(flag.openedAt),
    clearedAt: isoOrNull(flag.clearedAt),
    clearedBecause: flag.clearedBecause,
    handling: handling && {
      claimedBy: handling.claimedBy,
      snoozedUntil: isoOrNull(handling.snoozedUntil),
      answer: handling.answer,
      answeredBy: handling.answeredBy,
    },
    proof: wireProof(flag.proof),
  };
}

export function wireEvent(event: TimelineEvent): z.infer<typeof EventForm> {
  return {
    id: event.eventId,
    accountId: event.accountId,
    type: event.type,
    occurredAt: iso(event.occurredAt),
    recordedAt: iso(event.recordedAt),
    touchpoint: event.touchpoint,
    direction: event.direction,
    automated: event.automated,
    participants: event.participants.map((one) => ({ ...one })),
    attributes: wiredAttributes(event.attributes),
    match: event.match && wiredReport(event.match),
    sightings: [...event.sightings],
  };
}

export function wireAccount({ account, stage, health, openFlags }: AccountLine): z.infer<typeof AccountForm> {
  return {
    id: account.accountId,
    name: account.name,
    domain: account.domain,
    isCustomer: account.isCustomer,
    stage,
    health,
    csm: account.csmEmail,
    csmBasis: account.csmBasis,
    renewalAt: isoOrNull(account.renewalAt),
    value: account.value,
    currency: account.currency,
    tier: account.tier,
    openFlags: openFlags.map((flag) => ({
      id: flag.flagId,
      rule: flag.rule,
      kind: flag.kind,
      severity: flag.severity,
      reason: flag.latest.reason,
    })),
  };
}
