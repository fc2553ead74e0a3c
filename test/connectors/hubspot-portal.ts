import { hubspot } from '@waymark/connector-hubspot';
import { signInOf, type Mapped, type Page } from '@waymark/connector-kit';
import { testSession } from '@waymark/connector-kit/testing/session';
import { RIG_APP } from '../../apps/sandbox/src/front/rig.ts';
import { ALL_SCOPES, PORTAL, startRig, type CrmRig, type RigOptions } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { DAY, streamsOf, type Pages, type PullOptions } from './streams.ts';

const streams = streamsOf(hubspot);
export const { streamOf } = streams;

/** What the sample company's admin declares. */
export const declaration = {
  properties: {
    csm: 'csm',
    renewalDate: 'renewal_date',
    value: 'annual_value',
    tier: 'tier',
    customerSince: 'customer_since',
    onboardingStatus: 'onboarding_status',
  },
  contacts: { leftDate: 'left_date' },
};

type Settings = Readonly<Record<string, unknown>>;
type Client = Awaited<ReturnType<typeof hubspot.connect>>;

/** A portal of the sandbox with the connector on its real SDK. Time is real time plus what a test adds by `wait`. */
export class HubSpotPortal {
  readonly rig: CrmRig;

  constructor(rig: CrmRig) {
    this.rig = rig;
  }

  static async start(options: RigOptions = {}): Promise<HubSpotPortal> {
    return new HubSpotPortal(await startRig(options));
  }

  now(): number {
    return Date.now() + this.rig.clock.offset;
  }

  wait(ms: number): void {
    this.rig.clock.offset += ms;
  }

  connect(settings: Settings = declaration, scopes: readonly string[] = ALL_SCOPES): Promise<Client> {
    return hubspot.connect(
      testSession({
        classify: hubspot.classify,
        baseUrls: { app: this.rig.url, api: this.rig.url },
        token: this.rig.token(scopes),
        appToken: () => this.appToken(),
        settings,
        grantedScopes: scopes,
        now: () => this.now(),
      }),
    );
  }

  /** A token of the app itself, as the vendor gives it. */
  async appToken(): Promise<string> {
    const scopes = signInOf(hubspot.manifest).appScopes ?? [];
    const { clientId, clientSecret } = RIG_APP;
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    return (await this.rig.form('/oauth/2026-03/token', { ...form, scope: scopes.join(' ') })).text('access_token');
  }

  async pull(name: string, from: unknown, options: PullOptions<Client> = {}): Promise<Page<unknown>[]> {
    const client = options.client ?? (await this.connect());
    return streams.pull(name, from, { client, now: this.now() }, options);
  }

  map(name: string, pages: Pages, portal = PORTAL, ownDomains: readonly string[] = ['vendor.example.com']): Mapped[] {
    return streams.map(name, pages, {
      ownDomains,
      account: { externalAccountId: String(portal), label: 'Portal' },
      settings: declaration,
      readAt: this.now(),
    });
  }

  /** Makes a company some months ago; its id. */
  company(name: string, properties: Readonly<Record<string, string>> = {}, at = this.now() - 300 * DAY): string {
    return this.rig.handle.upsert(PORTAL, 'companies', {
      properties: { name, lifecyclestage: 'lead', ...properties },
      at,
    }).id;
  }
}
