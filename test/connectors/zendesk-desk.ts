import type { MapContext, Mapped, Page, Stream } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import { zendesk } from '@waymark/connector-zendesk';
import type { EventDraft } from '@waymark/journey';
import { expect } from 'vitest';
import { addOrganization, addUser } from '../../apps/sandbox/src/zendesk/account.ts';
import { ALL_SCOPES, DESK, startRig, type DeskRig, type RigOptions } from '../../apps/sandbox/src/zendesk/desk-rig.ts';
import type { Desk } from '../../apps/sandbox/src/zendesk/desk.ts';
import type { ZendeskUser } from '../../apps/sandbox/src/zendesk/state.ts';

export const MINUTE = 60_000;
export const DAY = 1440 * MINUTE;

type Pages = readonly Page<unknown>[];
export type Client = Awaited<ReturnType<typeof zendesk.connect>>;

interface ConnectOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly scopes?: readonly string[];
  readonly subdomain?: string;
}

interface PullOptions {
  readonly mode?: 'backfill' | 'live' | 'resync';
  readonly ids?: readonly string[];
  readonly client?: Client;
  readonly since?: number;
  readonly expired?: unknown;
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

  async pull(name: string, from: unknown, options: PullOptions = {}): Promise<Page<unknown>[]> {
    const client = options.client ?? (await this.connect());
    const mode = options.mode ?? (from === null ? 'backfill' : 'live');
    const since = options.since ?? this.now() - 800 * DAY;
    const context = {
      mode,
      since,
      until: this.now(),
      ...(options.ids ? { ids: options.ids } : {}),
      ...(options.expired === undefined ? {} : { expired: options.expired }),
    };
    return collect(streamOf(name).pull(client, from, '', context));
  }

  map(name: string, pages: Pages, account: string = DESK, ownDomains: readonly string[] = []): Mapped[] {
    const context: MapContext = {
      ownDomains,
      account: { externalAccountId: account, label: 'Desk' },
      settings: {},
      keepSubjects: false,
      readAt: this.now(),
    };
    const { raw, map } = streamOf(name);
    return pages.flatMap((page) => page.records).map((record) => map(raw.parse(record.raw), context));
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

export function streamOf(name: string): Stream<Client, unknown, unknown> {
  return zendesk.streams.find((each) => each.name === name) ?? expect.fail(`no stream ${name}`);
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
