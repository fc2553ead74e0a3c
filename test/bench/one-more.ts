import { readFile } from 'node:fs/promises';
import { compileJourney, parseDefinition, templateFile } from '@waymark/lifecycle';
import { activateDefinition, createSealer, createWorkspace, openDatabase } from '@waymark/store';
import { foldDue, importFile, noPoint } from '@waymark/sync';
import { inHome } from './bench-home.ts';
import { historyLines } from './history.ts';
import { median, size, type BenchRow } from './measure.ts';

const day = 86_400_000;
const small = 100;

/**
 * What one more event costs from the log to the stored answer, by the template and through PostgreSQL: on an account with 100,000 events
 * against one with 100, in time and a day late. Only the fold is measured, not the event's own storing. Runs alternate.
 */
export async function oneMore(): Promise<BenchRow> {
  const large = size('WAYMARK_BENCH_LARGE_FACTS', 100_000);
  const runs = Math.max(5, size('WAYMARK_BENCH_RUNS', 5));
  const until = Date.now() - 30 * day;
  return inHome('one-more', async (home) => {
    const database = await openDatabase({ home, poolSize: 4 });
    try {
      const sealer = createSealer({ database, masterKey: Buffer.alloc(32, 7) });
      const settings = { ownDomains: ['vendor.example'] };
      const made = await createWorkspace(database, sealer, { slug: 'bench', name: 'Bench', settings }, until);
      const { workspaceId } = made;
      const source = await readFile(templateFile('nine-stages'), 'utf8');
      const { digest, definition } = compileJourney(parseDefinition(source, 'nine-stages.yaml'));
      const stored = { journey: definition.id, digest, version: definition.version, source };
      await database.inWorkspace(workspaceId, (tx) => activateDefinition(tx, stored, 'bench', until));
      let now = until;
      const clock = () => now;
      const foldAll = async () => {
        const options = { database, workspaceId, now: clock, point: noPoint, afterFold: () => Promise.resolve() };
        for (let folded = 1; folded > 0;) folded = await foldDue(options);
      };
      const bring = (lines: readonly string[]) =>
        importFile({ database, sealer, now: clock }, workspaceId, lines).then(({ stored: count }) => {
          if (count !== lines.length) throw new Error(`${count} of ${lines.length} events were stored.`);
        });
      for (const [name, events] of [['small', small] as const, ['large', large] as const])
        await bring([...historyLines({ events, accounts: 1, until })].map((line) => renamed(line, name)));
      await foldAll();
      const times = {
        small: [] as number[],
        large: [] as number[],
        smallLate: [] as number[],
        largeLate: [] as number[],
      };
      for (let run = 0; run < runs * 2; run += 1) {
        now += 3_600_000;
        for (const name of ['small', 'large'] as const) {
          for (const [key, at] of [[name, now] as const, [`${name}Late`, now - day] as const]) {
            await bring([event(`more-${key}-${run}`, name, at)]);
            const begin = performance.now();
            await foldAll();
            times[key].push(performance.now() - begin);
          }
        }
      }
      const [one, more, oneLate, moreLate] = [times.small, times.large, times.smallLate, times.largeLate].map(median);
      const ratio = (more ?? 0) / (one ?? 1);
      const lateRatio = (moreLate ?? 0) / (oneLate ?? 1);
      return {
        row: 'one-more',
        setting: { largeFacts: large, smallFacts: small, runs: runs * 2 },
        figures: [
          { name: `stored answer on ${large}, of ${small}`, value: ratio, unit: 'ratio', aim: '<= 2', met: ratio <= 2 },
          { name: `the same, a day late`, value: lateRatio, unit: 'ratio' },
          { name: `one more event on ${small}`, value: one ?? 0, unit: 'ms' },
          { name: `one more event on ${large}`, value: more ?? 0, unit: 'ms' },
          { name: `one a day late on ${large}`, value: moreLate ?? 0, unit: 'ms' },
        ],
        runs: times,
      };
    } finally {
      await database.close();
    }
  });
}

/** A line of the history for another account. */
const renamed = (line: string, name: string): string =>
  line
    .replaceAll('customer-0.example', `${name}.example`)
    .replace('"id":"e-', `"id":"${name}-`)
    .replace('"messageId":"m', `"messageId":"${name}-`);

const event = (id: string, name: string, at: number): string =>
  JSON.stringify({
    specversion: '1.0',
    id,
    source: 'https://crm.vendor.example/export',
    type: 'email.received',
    time: new Date(at).toISOString(),
    subject: `${name}.example`,
    data: { from: `person0@${name}.example`, to: ['csm0@vendor.example'], messageId: `${id}@mail.${name}.example` },
  });
