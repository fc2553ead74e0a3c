import { fromCloudEvent } from '@waymark/journey';
import type { AccountContext, BacktestAccount, Fact, Happening } from '@waymark/lifecycle';
import {
  heardAgainOf,
  isSilentAt,
  knownContexts,
  watchedSources,
  workspaceSeasons,
} from '../../apps/server/src/backtest/known-contexts.ts';

interface Sourced extends Fact {
  readonly sources: readonly string[];
}

/** The accounts of CloudEvents lines as a backtest takes them, without a database: what an import of the same lines would store. */
export function accountsOf(lines: readonly string[], to: number): BacktestAccount[] {
  const bySubject = new Map<string, Sourced[]>();
  const bySource = new Map<
    string,
    { source: string; touchpoint: Fact['touchpoint']; arrivals: { occurredAt: number; recordedAt: number }[] }
  >();
  const happenings = { contact: [] as Happening[], product: [] as Happening[] };
  let first = Infinity;
  for (const line of lines) {
    const read = fromCloudEvent(JSON.parse(line));
    if (!read.ok) throw new Error(`A made line cannot be read: ${line}`);
    const { event } = read;
    const fact: Sourced = {
      id: `${event.source}|${event.id}`,
      type: event.type,
      occurredAt: event.time,
      recordedAt: event.recordedtime ?? event.time,
      touchpoint: event.touchpoint,
      direction: event.direction,
      automated: event.automated,
      participants: event.participants,
      attributes: event.attributes,
      sources: [event.source],
    };
    first = Math.min(first, fact.occurredAt);
    const { occurredAt, recordedAt } = fact;
    const { value } = fact.attributes;
    const told = [`${fact.touchpoint} ${event.source}`];
    if (fact.type === 'usage.recorded' && typeof value === 'number')
      happenings.product.push({ occurredAt, recordedAt, weight: value, sources: told });
    if (fact.type === 'email.received' || fact.type === 'meeting.held' || fact.type === 'chat.received')
      happenings.contact.push({ occurredAt, recordedAt, weight: 1, sources: told });
    const facts = bySubject.get(event.subject) ?? [];
    bySubject.set(event.subject, facts);
    facts.push(fact);
    const key = `${event.touchpoint} ${event.source}`;
    const source = bySource.get(key) ?? { source: event.source, touchpoint: event.touchpoint, arrivals: [] };
    bySource.set(key, source);
    source.arrivals.push({ occurredAt: fact.occurredAt, recordedAt: fact.recordedAt });
  }
  const sources = watchedSources(
    Array.from(bySource.values(), ({ source, touchpoint, arrivals }) => {
      const inTurn = arrivals.toSorted((a, b) => a.recordedAt - b.recordedAt || a.occurredAt - b.occurredAt);
      const recordedAt = Float64Array.from(inTurn, (one) => one.recordedAt);
      return { source, touchpoint, recordedAt, occurredAt: Float64Array.from(inTurn, (one) => one.occurredAt) };
    }),
    to,
  );
  const seasons = workspaceSeasons(happenings, sources, to);
  return [...bySubject].map(([account, facts]) => {
    const context: AccountContext = {
      accountId: account,
      isCustomer: true,
      contacts: [],
      gaps: [],
      watchedFrom: first,
    };
    const owners = facts.filter((fact) => fact.type === 'crm.owner_changed');
    const sourcesById = new Map(facts.map((fact) => [fact.id, fact.sources]));
    return {
      account,
      contexts: knownContexts([{ from: Number.MIN_SAFE_INTEGER, context }], facts, sources, seasons),
      facts,
      csmAt: (at) => {
        const owner = owners.findLast((fact) => fact.occurredAt <= at)?.attributes['owner'];
        return typeof owner === 'string' ? owner : null;
      },
      sourcesOf: (id) => sourcesById.get(id) ?? [],
      heardAgain: heardAgainOf(sources),
      sourcesAt: (at, touchpoints) => [
        ...new Set(
          facts
            .filter((fact) => fact.occurredAt <= at && touchpoints.includes(fact.touchpoint))
            .flatMap(({ touchpoint, sources: own }) =>
              own.filter((source) => !isSilentAt(sources, { source, touchpoint }, at)),
            ),
        ),
      ],
    };
  });
}
