import { eventDraft } from '@waymark/journey';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Connector, MapContext, Mapped } from '../contract.ts';
import { ConnectorFault } from '../fault.ts';
import type { FaultKind } from '../fault.ts';
import { mutantsOf, seededRandom } from './mutants.ts';
import { settle, type Settled } from './settle.ts';

/** What a connector's test hands to the suite. */
export interface ContractSubject<Client> {
  readonly connector: Connector<Client>;
  readonly context: MapContext;
  /** Fixtures by stream: raw records with the outcome that they must have; at least one of each stream. */
  readonly fixtures: Readonly<Record<string, readonly ContractFixture[]>>;
  /** Cursors by stream that the connector may have stored. */
  readonly cursors: Readonly<Record<string, readonly unknown[]>>;
  /** Errors as the SDK throws them, with the fault that they are. */
  readonly errors: readonly { readonly error: unknown; readonly kind: FaultKind }[];
  /** Faults that this vendor cannot lead to, each with the reason; all others need an error above. */
  readonly unreachable?: Readonly<Partial<Record<FaultKind, string>>>;
  /** Text of bodies planted in the fixtures: it must not outlive mapping nor what is set aside (I7). */
  readonly canary?: string;
}

/** A raw record, named for the surprise that it holds. */
export interface ContractFixture {
  readonly name: string;
  readonly raw: unknown;
  readonly outcome: Mapped['outcome'] | 'unparsed';
}

const faultKinds: readonly FaultKind[] = [
  'cursor-expired',
  'rate-limited',
  'quota-exhausted',
  'auth-revoked',
  'token-expired',
  'scope-missing',
  'record-gone',
  'transient',
  'rejected',
];

/** Decides the mutants and orders; given by WAYMARK_SEED to see a failure again. */
const seed = Number(process.env['WAYMARK_SEED'] ?? Date.now() % 1_000_000_000);

/** Declares the tests that every connector has to pass; called inside a connector's own test file. */
export function contractSuite<Client>(subject: ContractSubject<Client>): void {
  const { connector } = subject;
  describe(`${connector.manifest.id} keeps the connector contract`, () => {
    manifestTests(connector);
    classifyTests(subject);
    for (const stream of connector.streams) streamTests(subject, stream);
  });
}

function manifestTests<Client>({ manifest, streams, settings, write }: Connector<Client>): void {
  it('is plain data with base URLs for every endpoint it names', () => {
    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
    expect(manifest.id).toMatch(/^[a-z][a-z0-9-]{1,49}$/);
    if (manifest.auth.kind === 'oauth2')
      for (const base of [manifest.auth.authorizeBase, manifest.auth.tokenBase])
        expect(manifest.baseUrls).toHaveProperty([base]);
    for (const url of Object.values(manifest.baseUrls)) expect(new URL(url).protocol).toBe('https:');
    expect(manifest.consoleSteps.join('\n')).toContain(manifest.auth.kind === 'oauth2' ? '{redirectUri}' : '{address}');
  });

  it('declares budgets that a call can fit in, each with its source', () => {
    // To whom others post, no budget is due.
    if (manifest.auth.kind === 'oauth2') expect(Object.keys(manifest.buckets)).not.toHaveLength(0);
    for (const bucket of Object.values(manifest.buckets)) {
      expect(bucket.units).toBeGreaterThan(0);
      expect(bucket.windowMs).toBeGreaterThanOrEqual(1_000);
      expect(bucket.concurrency).toBeGreaterThan(0);
      expect(() => new URL(bucket.source)).not.toThrow();
    }
  });

  it('names streams once and has defaults for all settings', () => {
    expect(new Set(streams.map(({ name }) => name)).size).toBe(streams.length);
    expect(settings.safeParse({}).success || manifest.crm).toBe(true);
  });

  it('keeps subjects only where an installation asks for it, and lets it ask', () => {
    if (settings.safeParse({}).success) expect(settings.parse({})['keepSubjects']).toBe(false);
    if (settings.safeParse({}).success) expect(settings.parse({ keepSubjects: true })['keepSubjects']).toBe(true);
  });

  it('D13: names scopes per stream, none of them for writing but by the writer', () => {
    const writing = new Set(write?.scopes ?? []);
    for (const stream of streams) {
      expect(stream.scopes.length > 0).toBe(manifest.auth.kind === 'oauth2');
      for (const scope of stream.scopes) expect(writing.has(scope)).toBe(false);
    }
  });
}

function classifyTests<Client>({ connector, errors, unreachable = {} }: ContractSubject<Client>): void {
  it.each(faultKinds)('%s is reached by an error of the vendor, or said to be out of reach and why', (kind) => {
    const reached = errors.some((one) => one.kind === kind);
    const excuse = unreachable[kind];
    expect(reached || (excuse ?? '').length > 10, `no error of the test is ${kind}`).toBe(true);
    expect(reached && excuse !== undefined, `${kind} is both reached and called out of reach`).toBe(false);
  });

  it('A4: classify is total', () => {
    const odd: readonly unknown[] = [
      undefined,
      null,
      0,
      '',
      'text',
      [],
      {},
      new Error('boom'),
      new TypeError('fetch failed'),
      Object.create(null),
      { message: 5 },
      { response: null },
      { response: { data: '<html>' } },
      new DOMException('aborted', 'AbortError'),
      { status: Number.NaN },
      Symbol('odd'),
    ];
    for (const error of odd) {
      const fault = connector.classify(error);
      expect(faultKinds).toContain(fault.kind);
      expect(typeof fault.message).toBe('string');
    }
  });

  it('an unknown error is a passing failure, never a lost cursor or a dead grant', () => {
    expect(connector.classify(new Error('something new')).kind).toBe('transient');
    expect(connector.classify({ status: 503 }).kind).toBe('transient');
  });

  it('a fault that was already classified stays what it is', () => {
    const fault = { kind: 'record-gone', message: 'gone', id: '7' } as const;
    expect(connector.classify(new ConnectorFault(fault))).toEqual(fault);
  });

  it.each(errors.map(({ error, kind }, index) => ({ index, error, kind })))(
    'error $index is $kind',
    ({ error, kind }) => {
      expect(connector.classify(error).kind).toBe(kind);
    },
  );
}

function streamTests<Client>(subject: ContractSubject<Client>, stream: Connector<Client>['streams'][number]): void {
  const fixtures = subject.fixtures[stream.name] ?? [];

  describe(`stream ${stream.name}`, () => {
    it('has fixtures and cursors to be tested with', () => {
      expect(fixtures.length).toBeGreaterThan(0);
      expect(subject.cursors[stream.name] ?? []).not.toHaveLength(0);
    });

    it.each(fixtures.map((fixture) => ({ ...fixture })))('N8: "$name" ends $outcome', ({ raw, outcome }) => {
      const parsed = stream.raw.safeParse(raw);
      if (outcome === 'unparsed') return expect(parsed.success).toBe(false);
      const mapped = stream.map(stream.raw.parse(raw), subject.context);
      expect(mapped.outcome).toBe(outcome);
      if (mapped.outcome === 'ignored') expect(mapped.reason).toMatch(/^[a-z][a-z0-9_]*$/);
      else for (const event of mapped.events) expect(eventDraft.safeParse(event).error).toBeUndefined();
    });

    it('maps purely: twice the same, and nothing of its input changed', () => {
      for (const { raw, outcome } of fixtures) {
        if (outcome === 'unparsed') continue;
        const before = structuredClone(raw);
        const first = stream.map(stream.raw.parse(raw), subject.context);
        const second = stream.map(stream.raw.parse(structuredClone(raw)), subject.context);
        expect(second).toEqual(first);
        expect(raw).toEqual(before);
      }
    });

    it('E11: records replayed in any order give what they gave', () => {
      const usable = fixtures.filter(({ outcome }) => outcome !== 'unparsed');
      const once = new Map(usable.map((one) => [one.name, settle(stream, one.raw, subject.context)]));
      const random = seededRandom(seed);
      for (let round = 0; round < 5; round += 1) {
        const shuffled = [...usable, ...usable].map((one) => ({ one, key: random() })).sort((a, b) => a.key - b.key);
        for (const { one } of shuffled)
          expect(settle(stream, one.raw, subject.context), `seed ${seed}`).toEqual(once.get(one.name));
      }
    });

    it('I9: keeps or sets aside whatever a vendor does to a record: twelve mutations of every fixture', () => {
      const random = seededRandom(seed);
      const budgetMs = 2_000;
      let judged = 0;
      for (const { name, raw } of fixtures) {
        for (const mutant of mutantsOf(raw, 4, random)) {
          const told = `${mutant.operator} at ${mutant.path} of "${name}", seed ${seed}`;
          const before = process.threadCpuUsage();
          const ended = settled(stream, mutant.raw, subject.context, told);
          // Processor time: a busy machine makes no record dear.
          expect(process.threadCpuUsage(before).user / 1_000, `${told} took too long`).toBeLessThan(budgetMs);
          expect(Reflect.get({}, 'polluted'), told).toBeUndefined();
          if (subject.canary !== undefined)
            expect(keptOf('mapped' in ended ? ended.mapped : ended), told).not.toContain(subject.canary);
          judged += 1;
        }
      }
      expect(judged).toBeGreaterThanOrEqual(fixtures.length);
    });

    it('gives each event of a record an identity of its own', () => {
      for (const { raw, outcome } of fixtures) {
        if (outcome !== 'stored') continue;
        const mapped = stream.map(stream.raw.parse(raw), subject.context);
        const keys =
          mapped.outcome === 'stored' ? mapped.events.map(({ type, identity }) => `${type} ${identity}`) : [];
        expect(new Set(keys).size).toBe(keys.length);
      }
    });

    it('keeps its cursors through JSON, and refuses what is none', () => {
      for (const cursor of subject.cursors[stream.name] ?? []) {
        const parsed = stream.cursor.schema.parse(cursor);
        expect(stream.cursor.schema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
      }
      for (const odd of [undefined, 5, 'cursor', { phase: 'unheard-of' }]) {
        expect(stream.cursor.schema.safeParse(odd).success).toBe(false);
      }
    });

    it('I7: no body outlives mapping or setting aside', () => {
      const { canary } = subject;
      if (canary === undefined) return;
      for (const { raw, outcome } of fixtures) {
        const aside = stream.withoutBody === undefined ? raw : stream.withoutBody(raw);
        expect(JSON.stringify(aside) ?? '').not.toContain(canary);
        if (outcome !== 'unparsed') {
          expect(keptOf(stream.map(stream.raw.parse(raw), subject.context))).not.toContain(canary);
        }
      }
    });

    it('sets aside anything at all without throwing', () => {
      for (const odd of [undefined, null, 5, 'text', [], {}, { payload: 5 }]) {
        expect(() => z.unknown().parse(stream.withoutBody?.(odd))).not.toThrow();
      }
    });
  });
}

/** What is stored of a mapped record: its title is looked at by exclusions and forgotten. */
const keptOf = (mapped: object): string => JSON.stringify({ ...mapped, title: undefined });

/** As `settle`, with the mutant in the message of what breaks the contract. */
function settled(...[stream, raw, context, told]: [...Parameters<typeof settle>, string]): Settled {
  try {
    return settle(stream, raw, context);
  } catch (error) {
    throw new Error(`${told} broke the contract`, { cause: error });
  }
}
