import type { MapContext, Mapped, Page, Stream } from '@waymark/connector-kit';
import { collect, testSession, type TestSession } from '@waymark/connector-kit/testing/session';
import { salesforce } from '@waymark/connector-salesforce';
import type { EventDraft } from '@waymark/journey';
import { expect } from 'vitest';
import { ADMIN, ORG, startRig, type OrgRig, type RigOptions } from '../../apps/sandbox/src/salesforce/org-rig.ts';

export const MINUTE = 60_000;
export const DAY = 1440 * MINUTE;

type Settings = Readonly<Record<string, unknown>>;
type Pages = readonly Page<unknown>[];
type Client = Awaited<ReturnType<typeof salesforce.connect>>;

interface PullOptions {
  readonly mode?: 'backfill' | 'live' | 'resync';
  readonly client?: Client;
  readonly since?: number;
}

/** What the admin of the test's org declares. */
export const declaration = {
  customers: { values: ['Customer'] },
  properties: {
    csm: 'CSM__c',
    renewalDate: 'Renewal_Date__c',
    value: 'Annual_Value__c',
    stage: 'Stage__c',
  },
};

/** An org of the sandbox with the connector on its real SDK. Time is real time plus what a test adds by `wait`. */
export class SalesforceOrg {
  readonly rig: OrgRig;

  constructor(rig: OrgRig) {
    this.rig = rig;
  }

  static async start(options: RigOptions = {}): Promise<SalesforceOrg> {
    return new SalesforceOrg(await startRig(options));
  }

  now(): number {
    return Date.now() + this.rig.clock.offset;
  }

  wait(ms: number): void {
    this.rig.clock.offset += ms;
  }

  session(settings: Settings = declaration, username = ADMIN, token = this.rig.token(username)): TestSession {
    return testSession({
      classify: salesforce.classify,
      baseUrls: { login: this.rig.url, instance: this.rig.url },
      token,
      settings,
      grantedScopes: ['api', 'refresh_token'],
      now: () => this.now(),
    });
  }

  connect(settings: Settings = declaration, username = ADMIN): Promise<Client> {
    return salesforce.connect(this.session(settings, username));
  }

  async pull(name: string, from: unknown, options: PullOptions = {}): Promise<Page<unknown>[]> {
    const client = options.client ?? (await this.connect());
    const mode = options.mode ?? (from === null ? 'backfill' : 'live');
    const since = options.since ?? this.now() - 800 * DAY;
    return collect(streamOf(name).pull(client, from, '', { mode, since, until: this.now() }));
  }

  map(
    name: string,
    pages: Pages,
    settings: Settings = declaration,
    ownDomains: readonly string[] = ['one.example'],
  ): Mapped[] {
    const context: MapContext = {
      ownDomains,
      account: { externalAccountId: ORG, label: 'Org' },
      settings,
      keepSubjects: false,
      readAt: this.now(),
    };
    const { raw, map } = streamOf(name);
    return pages.flatMap((page) => page.records).map((record) => map(raw.parse(record.raw), context));
  }

  /** Makes a record some months ago; its id. */
  make(object: string, values: Readonly<Record<string, unknown>>, at = this.now() - 300 * DAY): string {
    return String(this.rig.handle.upsert(ORG, object, values, { at })['Id']);
  }

  account(name: string, values: Readonly<Record<string, unknown>> = {}, at?: number): string {
    return this.make('Account', { Name: name, Type: 'Prospect', ...values }, at);
  }
}

export function streamOf(name: string): Stream<Client, unknown, unknown> {
  return salesforce.streams.find((each) => each.name === name) ?? expect.fail(`no stream ${name}`);
}

export function ids(pages: Pages): string[] {
  return pages.flatMap((page) => page.records).map((record) => record.id);
}

export function last(pages: Pages): Page<unknown> {
  return pages.at(-1) ?? expect.fail('no page');
}

export function eventsOf(mapped: readonly Mapped[]): EventDraft[] {
  return mapped.flatMap((each) => (each.outcome === 'stored' ? each.events : []));
}
