import type { Mapped, Page } from '@waymark/connector-kit';
import { testSession } from '@waymark/connector-kit/testing/session';
import { zendesk } from '@waymark/connector-zendesk';
import { addOrganization, addUser } from '../../apps/sandbox/src/zendesk/account.ts';
import { ALL_SCOPES, DESK, startRig, type DeskRig, type RigOptions } from '../../apps/sandbox/src/zendesk/desk-rig.ts';
import type { Desk } from '../../apps/sandbox/src/zendesk/desk.ts';
import type { ZendeskUser } from '../../apps/sandbox/src/zendesk/state.ts';
import { DAY, streamsOf, type Pages, type PullOptions } from './streams.ts';

const streams = streamsOf(zendesk);
export const { streamOf } = streams;

export type Client = Awaited<ReturnType<typeof zendesk.connect>>;

interface ConnectOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly scopes?: readonly string[];
  readonly subdomain?: string;
}

/** A help desk of the sandbox with the connector on it. Time is real time plus what a test adds by `wait`. */
export class ZendeskDesk {
  readonly rig: DeskRig;

  constructor(rig: DeskRig) {
    this.rig = rig;
  }

  static async start(options: RigOptions = {}): Promise<ZendeskDesk> {
    return new ZendeskDesk(await startRig(options));
  }

  now(): number {
    return this.rig.now();
  }

  wait(ms: number): void {
    this.rig.clock.offset += ms;
  }

  get desk(): Desk {
    return this.rig.handle.desk(DESK);
  }

  connect({ settings = {}, scopes = ALL_SCOPES, subdomain }: ConnectOptions = {}): Promise<Client> {
    return zendesk.connect(
      testSession({
        classify: zendesk.classify,
        baseUrls: { account: this.rig.url },
        token: this.rig.token(scopes, subdomain),
        settings,
        grantedScopes: scopes,
        now: () => this.now(),
      }),
    );
  }

  async pull(name: string, from: unknown, options: PullOptions<Client> = {}): Promise<Page<unknown>[]> {
    const client = options.client ?? (await this.connect());
    return streams.pull(name, from, { client, now: this.now() }, options);
  }

  map(name: string, pages: Pages, account: string = DESK, ownDomains: readonly string[] = []): Mapped[] {
    return streams.map(name, pages, {
      ownDomains,
      account: { externalAccountId: account, label: 'Desk' },
      settings: {},
      readAt: this.now(),
    });
  }

  /** A customer with an organization, some months old. */
  customer(name: string, domain = `${name.toLowerCase()}.example`): ZendeskUser {
    const account = this.rig.handle.account(DESK);
    const at = this.now() - 300 * DAY;
    const organization = addOrganization(account, { name, domains: [domain], at });
    return addUser(account, { name: 'Ida', email: `ida@${domain}`, organizationId: organization.id, at });
  }

  agent(): ZendeskUser {
    const at = this.now() - 300 * DAY;
    return addUser(this.rig.handle.account(DESK), { name: 'Sven', email: 'sven@acme.example', role: 'agent', at });
  }
}
