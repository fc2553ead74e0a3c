import type { Mapped, Page } from '@waymark/connector-kit';
import { testSession, type TestSession } from '@waymark/connector-kit/testing/session';
import { salesforce } from '@waymark/connector-salesforce';
import { ADMIN, ORG, startRig, type OrgRig, type RigOptions } from '../../apps/sandbox/src/salesforce/org-rig.ts';
import { DAY, streamsOf, type Pages, type PullOptions } from './streams.ts';

const streams = streamsOf(salesforce);
export const { streamOf } = streams;

type Settings = Readonly<Record<string, unknown>>;
type Client = Awaited<ReturnType<typeof salesforce.connect>>;

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

  async pull(name: string, from: unknown, options: PullOptions<Client> = {}): Promise<Page<unknown>[]> {
    const client = options.client ?? (await this.connect());
    return streams.pull(name, from, { client, now: this.now() }, options);
  }

  map(
    name: string,
    pages: Pages,
    settings: Settings = declaration,
    ownDomains: readonly string[] = ['one.example'],
  ): Mapped[] {
    return streams.map(name, pages, {
      ownDomains,
      account: { externalAccountId: ORG, label: 'Org' },
      settings,
      readAt: this.now(),
    });
  }

  /** Makes a record some months ago; its id. */
  make(object: string, values: Readonly<Record<string, unknown>>, at = this.now() - 300 * DAY): string {
    return String(this.rig.handle.upsert(ORG, object, values, { at })['Id']);
  }

  account(name: string, values: Readonly<Record<string, unknown>> = {}, at?: number): string {
    return this.make('Account', { Name: name, Type: 'Prospect', ...values }, at);
  }
}
