import { afterAll, beforeAll, expect, it } from 'vitest';
import { sourceArrivals, workspaceHappenings } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { importFile } from '@waymark/sync';
import { randomOf } from '../bench/history.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const [hour, day] = [3_600_000, 86_400_000];
const start = Date.UTC(2026, 0, 5);

/** What lines say of a source, or of a kind of happening. */
interface Said {
  readonly source: string;
  readonly type: 'email.received' | 'usage.recorded';
  readonly occurredAt: number;
  readonly recordedAt: number;
  readonly value: number;
}

/** Words and use of some weeks by two sources, some of it told days later, all in disorder. */
function made(seed: number): readonly Said[] {
  const random = randomOf(seed);
  const said = Array.from({ length: 1200 }, (): Said => {
    const occurredAt = start + Math.floor((random() * 40 * day) / hour) * hour;
    const late = random() < 0.2 ? Math.floor(random() * 9) * day : 0;
    return {
      source: random() < 0.5 ? 'mail|100%' : 'product',
      type: random() < 0.6 ? 'email.received' : 'usage.recorded',
      occurredAt,
      recordedAt: occurredAt + late,
      value: Math.floor(random() * 50),
    };
  });
  return said;
}

const lineOf = ({ source, type, occurredAt, recordedAt, value }: Said, index: number): string =>
  JSON.stringify({
    specversion: '1.0',
    id: `e${index}`,
    source,
    type,
    time: new Date(occurredAt).toISOString(),
    recordedtime: new Date(recordedAt).toISOString(),
    subject: `c${index % 7}.example`,
    data:
      type === 'email.received'
        ? { from: `p@c${index % 7}.example`, to: ['us@vendor.example'] }
        : { metric: 'm', value },
  });

it('gives all that each source told in the order in which it became known, and the days of the workspace in sums', async () => {
  const seed = 17;
  const said = made(seed);
  const { workspaceId } = await database.newWorkspace('told-together', { ownDomains: ['vendor.example'] });
  const now = () => start + 100 * day;
  await importFile({ database, sealer: database.sealer, now }, workspaceId, said.map(lineOf));
  const to = start + 30 * day + 7 * hour;
  const [arrivals, plain, bySource] = await database.inWorkspace(
    workspaceId,
    async (tx) =>
      [
        await sourceArrivals(tx),
        await workspaceHappenings(tx, { bySource: false, to }),
        await workspaceHappenings(tx, { bySource: true, to }),
      ] as const,
  );

  const inTurn = said.toSorted((a, b) => a.recordedAt - b.recordedAt || a.occurredAt - b.occurredAt);
  expect(arrivals.map(({ source, touchpoint }) => `${touchpoint} ${source}`)).toEqual([
    'email mail|100%',
    'product mail|100%',
    'email product',
    'product product',
  ]);
  for (const { source, touchpoint, recordedAt, occurredAt } of arrivals) {
    const own = inTurn.filter(
      (one) => one.source === source && (one.type === 'email.received') === (touchpoint === 'email'),
    );
    expect([...recordedAt]).toEqual(own.map((one) => one.recordedAt));
    expect([...occurredAt]).toEqual(own.map((one) => one.occurredAt));
  }

  const known = said.filter((one) => one.recordedAt < to);
  const sums = (of: readonly { readonly key: string; readonly weight: number; readonly count: number }[]) => {
    const found: Record<string, { weight: number; count: number }> = {};
    for (const { key, weight, count } of of) {
      const sum = (found[key] ??= { weight: 0, count: 0 });
      sum.weight += weight;
      sum.count += count;
    }
    return found;
  };
  const days = ({ occurredAt, recordedAt }: { readonly occurredAt: number; readonly recordedAt: number }) =>
    `${Math.floor(occurredAt / day)} ${Math.floor(recordedAt / day)}`;
  for (const [told, withSource] of [
    [plain, false],
    [bySource, true],
  ] as const) {
    const found = told.flatMap(({ of, happenings }) =>
      happenings.map((one) => ({ ...one, key: `${of} ${days(one)} ${one.sources?.join() ?? ''}` })),
    );
    expect(found.length).toBeLessThan(known.length);
    // Each pair of days once: however much happened, there are no more of them.
    expect(new Set(found.map(({ key }) => key)).size).toBe(found.length);
    const expected = known.map((one) => {
      const isMail = one.type === 'email.received';
      const source = withSource ? `${isMail ? 'email' : 'product'} ${one.source}` : '';
      return {
        key: `${isMail ? 'contact' : 'product'} ${days(one)} ${source}`,
        weight: isMail ? 1 : one.value,
        count: 1,
      };
    });
    expect(sums(found), `seed ${seed}`).toEqual(sums(expected));
  }
});
