import fc from 'fast-check';
import type { EventDraft } from '@waymark/journey';
import { accounts, installations } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { watchCoverage } from '../coverage/coverage.ts';
import { changeSettings } from '../installation/own-side.ts';
import { decide, undoDecided, type Decision } from '../matching/decisions.ts';
import { deriveAccount } from './account-answer.ts';
import {
  company,
  mail,
  person,
  scriptedConnector,
  scriptedStream,
  type ScriptedRecord,
} from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const seed = Number(process.env['WAYMARK_SEED'] ?? Date.now() % 2 ** 31);
const runs = Number(process.env['WAYMARK_RUNS'] ?? 3);
console.log(`known decisions: seed ${seed}, ${runs} runs; replay with WAYMARK_SEED=${seed}`);

const names = ['a', 'b', 'c'] as const;
const people = ['ann@a.example', 'bob@b.example', 'cy@c.example', 'gus@gmail.com', 'dee@d.example'] as const;
const personas = ['champion', 'decision_maker', 'user'] as const;
type Name = (typeof names)[number];

/** What happens on a day; numbers pick one of what there is. */
type Step =
  | { readonly kind: 'mail'; readonly from: string; readonly thread: number }
  | { readonly kind: 'mail_gone'; readonly which: number }
  | { readonly kind: 'mail_changed'; readonly which: number }
  | {
      readonly kind: 'person';
      readonly of: Name;
      readonly who: number;
      readonly persona: string;
      readonly hasLeft: boolean;
    }
  | { readonly kind: 'person_gone'; readonly who: number }
  | { readonly kind: 'person_merge'; readonly from: number; readonly into: number; readonly of: Name }
  | { readonly kind: 'own'; readonly domain: string; readonly isOwn: boolean }
  | {
      readonly kind: 'company';
      readonly name: Name;
      readonly isCustomer: boolean;
      readonly renewal: number;
      readonly csm: boolean;
    }
  | { readonly kind: 'owner'; readonly email: string }
  | { readonly kind: 'domain'; readonly name: Name; readonly domain: string }
  | { readonly kind: 'merge'; readonly from: Name; readonly into: Name }
  | { readonly kind: 'company_gone'; readonly name: Name }
  | { readonly kind: 'decide'; readonly about: string; readonly account: number; readonly nobodys: boolean }
  | { readonly kind: 'decide_event'; readonly which: number; readonly account: number }
  | { readonly kind: 'undo'; readonly which: number }
  | { readonly kind: 'unread' }
  | { readonly kind: 'settings'; readonly timezone: string; readonly country: string };

const someName = fc.constantFrom(...names);
const somePerson = fc.constantFrom(...people);
const some = fc.nat({ max: 30 });
const someStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('mail' as const), from: somePerson, thread: fc.nat({ max: 3 }) }),
  fc.record({ kind: fc.constant('mail' as const), from: somePerson, thread: fc.nat({ max: 3 }) }),
  fc.record({ kind: fc.constant('mail_gone' as const), which: some }),
  fc.record({ kind: fc.constant('mail_changed' as const), which: some }),
  fc.record({
    kind: fc.constant('person' as const),
    of: someName,
    who: fc.nat({ max: people.length - 1 }),
    persona: fc.constantFrom(...personas),
    hasLeft: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('person_gone' as const), who: fc.nat({ max: people.length - 1 }) }),
  fc.record({
    kind: fc.constant('person_merge' as const),
    from: fc.nat({ max: people.length - 1 }),
    into: fc.nat({ max: people.length - 1 }),
    of: someName,
  }),
  fc.record({
    kind: fc.constant('own' as const),
    domain: fc.constantFrom('b.example', 'd.example'),
    isOwn: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('company' as const),
    name: someName,
    isCustomer: fc.boolean(),
    renewal: fc.nat({ max: 90 }),
    csm: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('domain' as const),
    name: someName,
    domain: fc.constantFrom('d.example', 'e.example'),
  }),
  fc.record({
    kind: fc.constant('owner' as const),
    email: fc.constantFrom('csm@vendor.example', 'other@vendor.example'),
  }),
  fc.record({ kind: fc.constant('merge' as const), from: someName, into: someName }),
  fc.record({ kind: fc.constant('company_gone' as const), name: someName }),
  fc.record({
    kind: fc.constant('decide' as const),
    about: fc.constantFrom(...people, 'd.example', 'gmail.com'),
    account: fc.nat({ max: 2 }),
    nobodys: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('decide_event' as const), which: some, account: fc.nat({ max: 2 }) }),
  fc.record({ kind: fc.constant('undo' as const), which: some }),
  fc.record({ kind: fc.constant('unread' as const) }),
  fc.record({
    kind: fc.constant('settings' as const),
    timezone: fc.constantFrom('UTC', 'Pacific/Auckland', 'America/New_York'),
    country: fc.constantFrom('DE', 'US'),
  }),
);

/** What is said of every account as of an instant and by what was known then. */
async function said(rig: SyncRig, at: number): Promise<Record<string, unknown>> {
  const all = await rig.rows<{ accountId: string }>(
    `SELECT account_id AS "accountId" FROM account WHERE workspace_id = $1`,
  );
  return database.inWorkspace(rig.workspaceId, async (tx) => {
    const answers: Record<string, unknown> = {};
    for (const { accountId } of all) {
      const derived = await deriveAccount(tx, accountId, at, { knownAt: at });
      answers[accountId] = {
        facts: derived?.facts.map(({ id, type, attributes }) => ({ id, type, attributes })),
        context: derived?.context,
        digests: derived?.answers.map(({ answer }) => answer.digest),
      };
    }
    return answers;
  });
}

it('what was known before a merge, a move, a deletion or a decision is answered alike after it, and after that was undone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(someStep, { minLength: 14, maxLength: 14 }), async (steps) => {
      const rig = await syncRig(database);
      const live = new Live(rig);
      await live.begin();
      const then = new Map<number, Record<string, unknown>>();
      const remember = async () => {
        await rig.fold();
        then.set(rig.now, await said(rig, rig.now));
        rig.now += 2 * day;
      };
      const holds = async (after: Step | 'all of it', instants: readonly number[]) => {
        for (const at of instants) {
          const now = await said(rig, at);
          for (const [accountId, answer] of Object.entries(then.get(at) ?? {}))
            expect({ at: new Date(at), after, accountId, answer: now[accountId] }).toEqual({
              at: new Date(at),
              after,
              accountId,
              answer,
            });
        }
      };
      await remember();
      for (const step of steps) {
        await live.take(step);
        await remember();
        // At once, so that the step which changes what was known is the one that is shown.
        await holds(step, [...then.keys()].slice(-3));
      }
      await holds('all of it', [...then.keys()]);
    }),
    { seed, numRuns: runs, endOnFailure: true },
  );
}, 600_000);

/** A workspace that lives by such steps. */
class Live {
  readonly #rig: SyncRig;
  #crm = '';
  #box = '';
  #version = 1;
  #mails = 0;
  readonly #sent: { readonly id: string; readonly at: number; readonly from: string; readonly thread: number }[] = [];
  readonly #decisions: string[] = [];
  readonly #domains = new Map<Name, string[]>(names.map((name) => [name, [`${name}.example`]]));
  readonly #merged = new Set<Name>();
  readonly #gone = new Set<string>();
  readonly #own = new Set(['vendor.example']);
  /** Contacts that go on as another. */
  readonly #same = new Set<number>();

  constructor(rig: SyncRig) {
    this.#rig = rig;
  }

  async begin(): Promise<void> {
    const rig = this.#rig;
    this.#crm = await rig.install(
      this.#connector(
        'crm',
        [...names.map((name) => this.#company(name, {})), this.#silent('csm@vendor.example')],
        'companies',
      ),
    );
    await rig.run(this.#crm);
    const history = people.flatMap((from, index) =>
      Array.from({ length: 30 }, (_, n) => this.#mail(from, start - (n * 4 + index + 1) * day, index)),
    );
    this.#box = await rig.install(this.#connector('mailbox', history, 'messages'), { address: 'csm@vendor.example' });
    await rig.run(this.#box);
  }

  #connector(id: string, records: readonly ScriptedRecord[], stream: string, gone: readonly string[] = []) {
    const page = { records, gone: gone.map((one) => ({ id: one, certain: true })), done: true };
    return scriptedConnector(id, [scriptedStream(stream, id === 'crm' ? 1 : 5, () => [page])]);
  }

  async #crmSays(records: readonly ScriptedRecord[], gone: readonly string[] = []): Promise<void> {
    this.#rig.use(this.#connector('crm', records, 'companies', gone));
    await this.#rig.run(this.#crm);
  }

  async #boxSays(records: readonly ScriptedRecord[], gone: readonly string[] = []): Promise<void> {
    this.#rig.use(this.#connector('mailbox', records, 'messages', gone));
    await this.#rig.run(this.#box);
  }

  #next(): string {
    this.#version += 1;
    return String(this.#version).padStart(4, '0');
  }

  /** A customer of whom no mail was ever seen: whose mailbox would see one is all there is. */
  #silent(email: string): ScriptedRecord {
    const fact = company('z', ['z.example'], { customerSince: start - 300 * day, csm: { email } });
    return { id: 'z', version: this.#next(), entities: [fact] };
  }

  #company(name: Name, more: object): ScriptedRecord {
    return {
      id: name,
      version: this.#next(),
      entities: [company(name, this.#domains.get(name) ?? [], { customerSince: start - 300 * day, ...more })],
    };
  }

  #mail(from: string, at: number, thread: number, more: object = {}): ScriptedRecord {
    const id = `m${this.#mails}`;
    this.#mails += 1;
    this.#sent.push({ id, at, from, thread });
    return this.#form({ id, at, from, thread }, more);
  }

  #form(
    one: { readonly id: string; readonly at: number; readonly from: string; readonly thread: number },
    more: object,
  ) {
    const thread = `<t${one.thread}-${Math.floor(one.at / (40 * day))}@x>`;
    const said = mail(one.id, one.at, one.from, 'csm@vendor.example', { references: [thread], ...more });
    // As a mailbox tells it: which way a mail went is told by whose side its people are on.
    const isOurs = this.#own.has(one.from.slice(one.from.indexOf('@') + 1));
    const events: EventDraft[] = [isOurs ? { ...said, type: 'email.sent', direction: 'internal' } : said];
    return { id: one.id, version: this.#next(), events };
  }

  async take(step: Step): Promise<void> {
    const rig = this.#rig;
    const inside = <T>(work: Parameters<typeof database.inWorkspace<T>>[1]) =>
      database.inWorkspace(rig.workspaceId, work);
    const sent = (which: number) => this.#sent[this.#sent.length - 1 - (which % this.#sent.length)];
    switch (step.kind) {
      case 'mail':
        return this.#boxSays([this.#mail(step.from, rig.now - day / 2, step.thread)]);
      case 'mail_gone': {
        const one = sent(step.which);
        if (one) this.#gone.add(one.id);
        return this.#boxSays([], one ? [one.id] : []);
      }
      case 'mail_changed': {
        const one = sent(step.which);
        if (one) this.#gone.delete(one.id);
        return this.#boxSays(one ? [this.#form(one, { attributes: { chars: rig.now % 997 } })] : []);
      }
      case 'person_merge': {
        if (step.from === step.into || this.#same.has(step.from) || this.#same.has(step.into)) return;
        this.#same.add(step.from);
        const addresses = [step.into, step.from].flatMap((who) => people[who] ?? []);
        const id = `p${step.into}`;
        const fact = person(id, addresses, [step.of], { name: `Person ${step.into}`, mergedIds: [`p${step.from}`] });
        return this.#crmSays([{ id, version: this.#next(), entities: [fact] }]);
      }
      case 'own': {
        if (step.isOwn) this.#own.add(step.domain);
        else this.#own.delete(step.domain);
        await inside((tx) => changeSettings(tx, { ownDomains: [...this.#own] }, rig.now));
        // All sources are read from the start.
        return this.#boxSays(this.#sent.filter(({ id }) => !this.#gone.has(id)).map((one) => this.#form(one, {})));
      }
      case 'person': {
        if (this.#same.has(step.who)) return;
        const address = people[step.who] ?? people[0];
        const more = {
          persona: step.persona,
          name: `Person ${step.who}`,
          ...(step.hasLeft && { leftAt: rig.now - day }),
        };
        return this.#crmSays([
          { id: `p${step.who}`, version: this.#next(), entities: [person(`p${step.who}`, [address], [step.of], more)] },
        ]);
      }
      case 'person_gone':
        return this.#crmSays([], [`p${step.who}`]);
      case 'company': {
        if (this.#merged.has(step.name)) return;
        const { isCustomer } = step;
        const more = {
          isCustomer,
          renewalAt: rig.now + step.renewal * day,
          ...(step.csm && { csm: { email: 'other@vendor.example' } }),
        };
        return this.#crmSays([this.#company(step.name, more)]);
      }
      case 'owner':
        return this.#crmSays([this.#silent(step.email)]);
      case 'domain': {
        if (this.#merged.has(step.name)) return;
        for (const [name, domains] of this.#domains)
          this.#domains.set(
            name,
            domains.filter((one) => one !== step.domain),
          );
        this.#domains.get(step.name)?.push(step.domain);
        return this.#crmSays(names.filter((name) => !this.#merged.has(name)).map((name) => this.#company(name, {})));
      }
      case 'merge': {
        if (step.from === step.into || this.#merged.has(step.from) || this.#merged.has(step.into)) return;
        this.#merged.add(step.from);
        this.#domains.get(step.into)?.push(...(this.#domains.get(step.from) ?? []));
        return this.#crmSays([this.#company(step.into, { mergedIds: [step.from] })]);
      }
      case 'company_gone':
        return this.#merged.has(step.name) ? undefined : this.#crmSays([], [step.name]);
      case 'decide': {
        await inside(async (tx) => {
          const all = await accounts(tx);
          const to = all[step.account % all.length];
          const kind = step.about.includes('@') ? ('contact' as const) : ('domain' as const);
          const base = { kind, subject: step.about };
          const decision: Decision | undefined = step.nobodys
            ? { ...base, verdict: 'not_customer' as const }
            : to && { ...base, accountId: to.accountId };
          if (decision) this.#decisions.push((await decide(tx, [decision], 'me', rig.now)).decisionId);
        });
        return;
      }
      case 'decide_event': {
        const [event] = await rig.rows<{ event_id: string }>(
          `SELECT event_id FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL AND type = 'email.received'
            ORDER BY occurred_at, event_id OFFSET ${step.which} LIMIT 1`,
        );
        await inside(async (tx) => {
          const all = await accounts(tx);
          const to = all[step.account % all.length];
          if (event && to)
            this.#decisions.push(
              (await decide(tx, [{ kind: 'event', subject: event.event_id, accountId: to.accountId }], 'me', rig.now))
                .decisionId,
            );
        });
        return;
      }
      case 'undo': {
        const [one] = this.#decisions.splice(step.which % Math.max(1, this.#decisions.length), 1);
        if (one !== undefined) await inside((tx) => undoDecided(tx, one, 'me', rig.now));
        return;
      }
      case 'unread':
        await inside(async (tx) => watchCoverage(tx, await installations(tx), rig.now));
        return;
      case 'settings':
        await inside((tx) => changeSettings(tx, { timezone: step.timezone, country: step.country }, rig.now));
        return;
    }
  }
}
