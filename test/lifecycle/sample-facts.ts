import type { AccountContext, Fact } from '@waymark/lifecycle';
import { contentUuid } from '@waymark/journey';
import type { EventType, Participant } from '@waymark/journey';
import { instancesOf } from '../../apps/sandbox/src/company/instances.ts';
import type { World, WorldAccount } from '../../apps/sandbox/src/company/world.ts';

const DAY = 86_400_000;

type Draft = Pick<Fact, 'type' | 'occurredAt' | 'touchpoint'> & Partial<Fact>;

function fact(name: string, draft: Draft): Fact {
  return {
    id: contentUuid(draft.type, name),
    recordedAt: draft.occurredAt,
    direction: 'none',
    participants: [],
    automated: false,
    attributes: {},
    ...draft,
  };
}

const kinds = { 'new-business': 'new', renewal: 'renewal', expansion: 'expansion' } as const;

/** What the connectors would tell of one account of the sample, without any service in between. */
export function factsOf(world: World, account: WorldAccount): Fact[] {
  const own = new Set(world.vendor.domains);
  const isOwn = (address: string) => own.has(address.split('@')[1] ?? '');
  const people = world.people.filter((person) => person.account === account.key);
  const addresses = new Set(people.flatMap((person) => person.addresses));
  const facts: Fact[] = [];
  const participants = (role: Participant['role'], all: readonly { readonly address: string }[]): Participant[] =>
    all.map(({ address }) => ({ role, address }));

  for (const mail of world.mails) {
    const everyone = [mail.from, ...mail.to, ...(mail.cc ?? [])];
    const isBounce = mail.kind === 'bounce';
    const failed = isBounce ? [...addresses].filter((address) => mail.body.includes(address)) : [];
    if (!everyone.some(({ address }) => addresses.has(address)) && failed.length === 0) continue;
    const automated = mail.kind !== undefined || mail.headers?.['Auto-Submitted'] !== undefined;
    const inbound = !isOwn(mail.from.address);
    facts.push(
      fact(mail.messageId, {
        type: inbound ? 'email.received' : 'email.sent',
        occurredAt: mail.at,
        touchpoint: 'email',
        direction: inbound ? 'inbound' : 'outbound',
        automated,
        participants: [
          ...participants('from', [mail.from]),
          ...participants('to', mail.to),
          ...participants('cc', mail.cc ?? []),
        ],
        attributes: {
          threadId: mail.references?.[0] ?? mail.inReplyTo ?? mail.messageId,
          ...(isBounce ? { bounce: true, failedRecipients: failed } : {}),
        },
      }),
    );
  }

  for (const meeting of world.meetings) {
    if (!meeting.attendees.some(({ address }) => addresses.has(address))) continue;
    for (const instance of instancesOf(meeting, world.anchor + 30 * DAY)) {
      const exception = meeting.exceptions?.find((one) => one.originalStart === instance.originalStart);
      const base = {
        touchpoint: 'meeting' as const,
        direction: 'outbound' as const,
        participants: meeting.attendees.map(({ address, response }): Participant => ({
          role: 'attendee',
          address,
          response: response === 'needsAction' ? 'none' : response,
        })),
        attributes: { startsAt: instance.start, ...(meeting.rrule ? { seriesId: meeting.iCalUid } : {}) },
      };
      const name = `${meeting.iCalUid}|${instance.originalStart}`;
      const scheduledAt = Math.max(meeting.createdAt, instance.originalStart - 60 * DAY);
      facts.push(
        fact(name, { ...base, type: 'meeting.scheduled', occurredAt: Math.min(scheduledAt, instance.originalStart) }),
      );
      if (instance.canceled) {
        const canceledAt = exception?.canceledAt ?? meeting.canceledAt ?? instance.start;
        facts.push(fact(name, { ...base, type: 'meeting.canceled', occurredAt: Math.min(canceledAt, instance.start) }));
        continue;
      }
      if (instance.outcome === 'no_show')
        facts.push(fact(name, { ...base, type: 'meeting.no_show', occurredAt: instance.start }));
      if (meeting.attendees.some(({ address, response }) => addresses.has(address) && response !== 'declined')) {
        const attributes = { ...base.attributes, heldBasis: 'assumed' };
        facts.push(fact(name, { ...base, attributes, type: 'meeting.held', occurredAt: instance.end }));
      }
    }
  }

  for (const ticket of world.tickets.filter((one) => one.account === account.key)) {
    const requester = world.people.find((person) => person.key === ticket.requester);
    const type = (status: string, first: boolean): EventType => {
      if (first) return 'ticket.opened';
      if (status === 'closed') return 'ticket.solved';
      return status === 'escalated' ? 'ticket.escalated' : 'ticket.status_changed';
    };
    ticket.history.forEach((step, index) => {
      facts.push(
        fact(`${ticket.key}|${index}`, {
          type: type(step.status, index === 0),
          occurredAt: step.at,
          touchpoint: 'ticket',
          direction: index === 0 ? 'inbound' : 'none',
          participants: [{ role: 'requester', address: requester?.addresses[0] ?? ticket.requester }],
          attributes: { ticketId: ticket.key, priority: ticket.priority.toLowerCase(), status: step.status },
        }),
      );
    });
  }

  for (const deal of world.deals.filter((one) => one.account === account.key)) {
    const attributes = { dealId: deal.key, kind: kinds[deal.pipeline] };
    deal.history.forEach((step, index) => {
      const closing = step.stage === 'won' ? 'deal.won' : step.stage === 'lost' ? 'deal.lost' : 'deal.stage_changed';
      const type = index === 0 ? 'deal.created' : closing;
      const details = {
        ...attributes,
        stage: step.stage,
        ...(index === 0 && deal.closeDates[0] ? { closeAt: deal.closeDates[0].closeAt } : {}),
      };
      facts.push(fact(`${deal.key}|${index}`, { type, occurredAt: step.at, touchpoint: 'crm', attributes: details }));
    });
    deal.closeDates.slice(1).forEach((date, index) => {
      const previousCloseAt = deal.closeDates[index]?.closeAt;
      const moved = { ...attributes, closeAt: date.closeAt, previousCloseAt };
      facts.push(
        fact(`${deal.key}|close|${index}`, {
          type: 'deal.close_date_changed',
          occurredAt: date.at,
          touchpoint: 'crm',
          attributes: moved,
        }),
      );
    });
  }

  account.lifecycleHistory.forEach((step, index) => {
    const attributes = { to: step.stage, property: 'lifecyclestage' };
    facts.push(
      fact(`${account.key}|stage|${index}`, {
        type: 'crm.stage_changed',
        occurredAt: step.at,
        touchpoint: 'crm',
        attributes,
      }),
    );
  });
  account.onboarding?.forEach((step, index) => {
    const attributes = { to: step.status, property: 'onboarding_status', role: 'onboardingStatus' };
    facts.push(
      fact(`${account.key}|onboarding|${index}`, {
        type: 'crm.property_changed',
        occurredAt: step.at,
        touchpoint: 'crm',
        attributes,
      }),
    );
  });
  for (const person of people) {
    if (person.leftAt === undefined || !person.inCrm) continue;
    facts.push(
      fact(`${person.key}|left`, {
        type: 'contact.left',
        occurredAt: person.leftAt,
        touchpoint: 'crm',
        participants: person.addresses.map((address): Participant => ({ role: 'contact', address })),
        attributes: { persona: person.persona },
      }),
    );
  }
  return facts;
}

/** The context that the CRM and the installations would give. */
export function contextOf(world: World, account: WorldAccount): AccountContext {
  return {
    accountId: contentUuid('account', account.key),
    isCustomer: account.lifecycle === 'customer',
    ...(account.customerSince === undefined ? {} : { customerSince: account.customerSince }),
    ...(account.renewalAt === undefined ? {} : { renewalAt: account.renewalAt }),
    tier: account.tier,
    value: account.value,
    timezone: world.vendor.timezone,
    contacts: world.people
      .filter((person) => person.account === account.key && person.inCrm)
      .flatMap((person) => person.addresses.map((address) => ({ address, persona: person.persona }))),
    gaps: [],
    watchedFrom: world.anchor - 365 * DAY,
  };
}
