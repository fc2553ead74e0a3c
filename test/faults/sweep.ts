import { setTimeout as sleep } from 'node:timers/promises';
import type { House } from './house.ts';

const services = ['google', 'hubspot', 'slack'] as const;
export type ServiceName = (typeof services)[number];

/** A fault that all services produce at once, for a while. */
export interface Round {
  readonly name: string;
  readonly fault: Parameters<House['outside']['sandbox']['google']['faults']['add']>[0];
  /** What is done to the world so that the fault has something to hit. */
  readonly provoke?: (house: House) => void;
}

const main = 'maya.okafor@lumenledger.example';

/** The kinds of what goes wrong on a wire, each as often as outlasts a call's own retries where the call may be retried at all. */
export const rounds: readonly Round[] = [
  { name: '401', fault: { kind: 'unauthorized', times: 1 } },
  { name: '403 rate limit', fault: { kind: 'forbidden-rate-limit', times: 3 } },
  {
    name: 'cursor loss',
    fault: { kind: 'cursor-lost', times: 1 },
    provoke: ({ outside }) => {
      outside.sandbox.google.handle.expireHistory(main);
      outside.sandbox.google.handle.expireSyncTokens(main);
    },
  },
  { name: '429 with seconds', fault: { kind: 'too-many', times: 3, params: { retryAfter: 1 } } },
  { name: '429 with a date', fault: { kind: 'too-many', times: 2, params: { retryAfter: 'date' } } },
  { name: '429 without a word', fault: { kind: 'too-many', times: 2, params: { retryAfter: 'none' } } },
  { name: '500', fault: { kind: 'server-error', times: 14 } },
  { name: 'hang', fault: { kind: 'hang', times: 6, params: { hangMs: 300 } } },
  { name: 'reset in mid-body', fault: { kind: 'reset-mid-body', times: 14 } },
  { name: 'truncated JSON', fault: { kind: 'truncated-json', times: 14 } },
  { name: 'HTML with 200', fault: { kind: 'html-200', times: 14 } },
  { name: 'lost answer', fault: { kind: 'lost-answer', times: 6 } },
];

/** What one round showed. */
export interface RoundRecord {
  readonly name: string;
  /** Calls that it hit, by service. */
  readonly hits: Readonly<Record<ServiceName, number>>;
  /** Faults that the API told of while it lasted. */
  readonly shown: readonly string[];
}

/** Lets each fault happen while the world goes on, waits until all is well again, and goes on with the next. */
export async function sweep(
  house: House,
  chosen: readonly Round[],
  act: (round: number) => Promise<void>,
  say: (line: string) => void = () => undefined,
): Promise<readonly RoundRecord[]> {
  const records: RoundRecord[] = [];
  for (const [at, round] of chosen.entries()) {
    const { sandbox } = house.outside;
    const ids = services.map((service) => {
      const scope = service === 'slack' ? { match: { path: '^/api/(chat|conversations)' } } : {};
      return [service, sandbox[service].faults.add({ ...round.fault, ...scope })] as const;
    });
    round.provoke?.(house);
    await sandbox.tick();
    await act(at);
    await sandbox.hubspot.handle.flushWebhooks().catch(() => undefined);
    const shown = new Set<string>();
    const until = Date.now() + 12_000;
    // A service that has nothing to say, or that has no such fault, keeps its own; the others decide when the round is over.
    const busy = () => ids.slice(0, 2).some(([service]) => sandbox[service].faults.list().length > 0);
    while (Date.now() < until && (busy() || Date.now() < until - 9_000)) {
      for (const stream of await faultyStreams(house)) shown.add(stream);
      await sleep(400);
    }
    const hits = { google: 0, hubspot: 0, slack: 0 };
    for (const [service, id] of ids) hits[service] = sandbox[service].faults.hits(id);
    for (const service of services) sandbox[service].faults.clear();
    await house.atRest(Date.now());
    records.push({ name: round.name, hits, shown: [...shown] });
    say(`${round.name}: hit ${JSON.stringify(hits)}; shown: ${[...shown].join(', ') || 'nothing'}`);
  }
  return records;
}

/** Streams with a fault, as the API tells an admin. */
async function faultyStreams(house: House): Promise<readonly string[]> {
  const { sick } = await house.rows.health();
  const answer = JSON.stringify(await house.api('/api/status'));
  // What the rows know, the API has to say as well.
  return sick.filter((line) => answer.includes(JSON.stringify(line.split(': ').slice(1).join(': ')).slice(1, -1)));
}
