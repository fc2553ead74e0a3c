import { mapperFixtures, type MapperFixtures } from './mapper-fixtures.ts';
import { median, size, type BenchRow, type Figure } from './measure.ts';

/** Longer ones are made to be hostile, and are no measure of what comes. */
const mostBytes = 20_000;

interface Item {
  readonly text: string;
  readonly map: (value: unknown) => boolean;
}

/**
 * How many records of a stream's fixtures a second become events and entities: JSON.parse, the stream's schema and its mapper, as the runner
 * does, against JSON.parse of the same bytes alone. Runs of the two alternate; figures are medians.
 */
export function mappers(): Promise<BenchRow> {
  const runs = size('WAYMARK_BENCH_RUNS', 5);
  const forMs = size('WAYMARK_BENCH_MAPPER_MS', 150);
  const rates: Record<string, readonly number[]> = {};
  const figures: Figure[] = [];
  for (const one of mapperFixtures) {
    const items = itemsOf(one);
    const parse = ({ text }: Item) => JSON.parse(text) !== undefined;
    const whole = ({ text, map }: Item) => map(JSON.parse(text));
    rate(items, whole, forMs);
    const [parsed, mapped]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run += 1) {
      parsed.push(rate(items, parse, forMs));
      mapped.push(rate(items, whole, forMs));
    }
    const { id } = one.connector.manifest;
    rates[id] = mapped;
    rates[`${id}, JSON.parse`] = parsed;
    figures.push(
      { name: `${id}`, value: median(mapped), unit: 'records/s' },
      { name: `${id}, JSON.parse alone`, value: median(parsed), unit: 'records/s' },
    );
  }
  return Promise.resolve({
    row: 'mappers',
    setting: { connectors: mapperFixtures.length, runs },
    figures,
    runs: rates,
  });
}

/** Throws where a connector's stream has another name than its fixtures, or none of them maps: the row would measure nothing. */
function itemsOf({ connector, context, records }: MapperFixtures): readonly Item[] {
  return Object.entries(records).flatMap(([name, raws]) => {
    const stream = connector.streams.find((one) => one.name === name);
    if (!stream) throw new Error(`${connector.manifest.id} has no stream ${name} any more: change this row.`);
    const map = (value: unknown): boolean => {
      const parsed = stream.raw.safeParse(value);
      return parsed.success && stream.map(parsed.data, context).outcome === 'stored';
    };
    const texts = raws.map((raw) => JSON.stringify(raw)).filter((text) => text.length <= mostBytes);
    const kept = texts.filter((text) => map(JSON.parse(text)));
    if (kept.length === 0)
      throw new Error(`No fixture of ${connector.manifest.id}'s ${name} is stored: change this row.`);
    return kept.map((text) => ({ text, map }));
  });
}

/** Records a second over at least so many milliseconds. */
function rate(items: readonly Item[], work: (item: Item) => boolean, forMs: number): number {
  const start = performance.now();
  let done = 0;
  let took = 0;
  while (took < forMs) {
    for (const item of items) if (work(item)) done += 1;
    took = performance.now() - start;
  }
  return (done * 1000) / took;
}
