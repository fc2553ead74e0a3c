import type { RollingWindow } from '../front/rolling-window.ts';
import type { HubSpotCore, HubSpotSettings } from './core.ts';
import { invalid } from './errors.ts';
import { callKey, searchKey } from './limits.ts';
import type { ObjectType } from './object-type.ts';
import type { PortalBook, WriteOptions } from './portal-book.ts';
import { createPortal, type PortalInput } from './portal.ts';
import type { PropertyOption } from './property.ts';
import type { CrmRecord, HubSpotApp, HubSpotState, Portal, Source, WriteLogEntry } from './state.ts';
import type { Delivery, WebhookSender } from './webhook-sender.ts';

/** A person at work in HubSpot's own pages. */
const CRM_USER: Source = { type: 'CRM_UI', id: 'userId:1001', userId: 1001 };

export interface AppRegistration {
  readonly clientId: string;
  /** Also the secret that webhooks are signed with. */
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  readonly name?: string;
  readonly webhookUrl?: string;
  readonly subscriptions?: readonly string[];
}

export interface Edit {
  /** Who did it: a person in the CRM without it. */
  readonly source?: Source;
  /** When the value began to hold, epoch milliseconds; now without it. */
  readonly at?: number;
}

export interface UpsertInput extends Edit {
  readonly id?: string;
  readonly properties: Readonly<Record<string, string | number | boolean>>;
  readonly associate?: readonly (readonly [ObjectType, string])[];
}

/** Acts in the CRM and on the service from inside the process: for tests, live mode and the control server. */
export class HubSpotHandle {
  readonly settings: HubSpotSettings;
  readonly windows: RollingWindow;
  readonly #now: () => number;
  readonly #onMutate: () => void;
  #core: HubSpotCore | undefined;
  #sender: WebhookSender | undefined;

  constructor(options: {
    readonly settings: HubSpotSettings;
    readonly windows: RollingWindow;
    readonly now: () => number;
    readonly onMutate: () => void;
  }) {
    this.settings = options.settings;
    this.windows = options.windows;
    this.#now = options.now;
    this.#onMutate = options.onMutate;
  }

  /** Called by the definition whenever an instance starts, is reset or restored. */
  attach(core: HubSpotCore, sender: WebhookSender): void {
    this.#core = core;
    this.#sender = sender;
  }

  /** The live state; replaced by a reset. */
  get state(): HubSpotState {
    return this.#running.state;
  }

  get unknownPaths(): readonly string[] {
    return this.state.unknownPaths;
  }

  get portalIds(): number[] {
    return Object.values(this.state.portals).map((portal) => portal.id);
  }

  book(portalId: number): PortalBook {
    return this.#running.book(portalId);
  }

  addPortal(input: PortalInput | Portal): Portal {
    const portal = 'objects' in input ? input : createPortal(input);
    if (this.state.portals[portal.id] !== undefined)
      throw new Error(`Portal ${portal.id} exists already; choose another id.`);
    this.state.portals[portal.id] = portal;
    this.#onMutate();
    return portal;
  }

  /** Registers an app, or changes one with the same client id. */
  registerApp(input: AppRegistration): HubSpotApp {
    const { clientId, clientSecret, redirectUris } = input;
    this.#running.oauth.registerApp({
      clientId,
      clientSecret,
      redirectUris,
      ...(input.name === undefined ? {} : { name: input.name }),
    });
    const app: HubSpotApp = {
      clientId,
      appId: this.state.apps[clientId]?.appId ?? 3_000_000 + ++this.state.counters.app,
      ...(input.webhookUrl === undefined ? {} : { webhookUrl: input.webhookUrl }),
      ...(input.subscriptions === undefined ? {} : { subscriptions: [...input.subscriptions] }),
    };
    this.state.apps[clientId] = app;
    this.#onMutate();
    return app;
  }

  /** Makes a record, or changes the one with this id. @throws HubSpotRefusal for values that HubSpot would not take. */
  upsert(portalId: number, type: ObjectType, input: UpsertInput): CrmRecord {
    const book = this.book(portalId);
    const options = this.#options(input);
    const values = this.#checked(book, type, input.properties);
    const existing = input.id === undefined ? undefined : book.find(type, input.id);
    if (existing !== undefined) book.write(type, existing, values, options);
    const record =
      existing ?? book.create(type, values, { ...options, ...(input.id === undefined ? {} : { id: input.id }) });
    for (const other of input.associate ?? []) book.associate([type, record.id], other, options);
    this.#onMutate();
    return record;
  }

  patch(
    portalId: number,
    type: ObjectType,
    id: string,
    properties: UpsertInput['properties'],
    edit: Edit = {},
  ): CrmRecord {
    const book = this.book(portalId);
    const record = book.get(type, id);
    book.write(type, record, this.#checked(book, type, properties), this.#options(edit));
    this.#onMutate();
    return record;
  }

  archive(portalId: number, type: ObjectType, id: string, edit: Edit = {}): void {
    this.book(portalId).archive(type, id, this.#options(edit));
    this.#onMutate();
  }

  restore(portalId: number, type: ObjectType, id: string, edit: Edit = {}): void {
    this.book(portalId).restore(type, id, this.#options(edit));
    this.#onMutate();
  }

  /** Merges the second record into the first; with `newId` the result gets an id of its own (B6). */
  merge(
    portalId: number,
    type: ObjectType,
    winnerId: string,
    loserId: string,
    edit: Edit & { readonly newId?: boolean } = {},
  ): CrmRecord {
    const survivor = this.book(portalId).merge(type, winnerId, loserId, {
      ...this.#options(edit),
      newId: edit.newId ?? false,
    });
    this.#onMutate();
    return survivor;
  }

  associate(
    portalId: number,
    from: readonly [ObjectType, string],
    to: readonly [ObjectType, string],
    edit: Edit = {},
  ): void {
    this.book(portalId).associate(from, to, this.#options(edit));
    this.#onMutate();
  }

  dissociate(
    portalId: number,
    from: readonly [ObjectType, string],
    to: readonly [ObjectType, string],
    edit: Edit = {},
  ): void {
    this.book(portalId).dissociate(from, to, this.#options(edit));
    this.#onMutate();
  }

  /** The live records of a type whose property has this value. */
  findBy(portalId: number, type: ObjectType, property: string, value: string): CrmRecord[] {
    const book = this.book(portalId);
    return Object.values(book.portal.objects[type]).filter(
      (record) => record.archivedAt === undefined && book.value(type, record, property) === value,
    );
  }

  /** Edits the lifecycle stages of a portal, in order, as an admin can since 2022. */
  setLifecycleStages(portalId: number, stages: readonly (readonly [value: string, label: string])[]): void {
    const options: PropertyOption[] = stages.map(([value, label], displayOrder) => ({ value, label, displayOrder }));
    for (const type of ['companies', 'contacts'] as const) {
      const definition = this.book(portalId).definition(type, 'lifecyclestage');
      if (definition !== undefined)
        this.book(portalId).portal.properties[type]['lifecyclestage'] = { ...definition, options };
    }
    this.#onMutate();
  }

  /** A token pair without a browser. */
  mint(input: {
    readonly clientId: string;
    readonly portalId: number;
    readonly scopes: readonly string[];
    readonly ttlSeconds?: number;
  }): { accessToken: string; refreshToken: string } {
    const { clientId, scopes } = input;
    const ttl = input.ttlSeconds === undefined ? {} : { ttlSeconds: input.ttlSeconds };
    const minted = this.#running.oauth.mint({ clientId, subject: String(input.portalId), scopes, ...ttl });
    this.#onMutate();
    return { accessToken: minted.accessToken, refreshToken: minted.refreshToken ?? '' };
  }

  /** Uninstalls an app (or all) from a portal: its tokens are dead and its webhooks stop. */
  revoke(portalId: number, clientId?: string): void {
    this.#running.oauth.revokeSubject(String(portalId), clientId);
    this.#onMutate();
  }

  /** Lets the access tokens of a portal (or all) expire now. */
  expireAccess(portalId?: number): void {
    this.#running.oauth.expireAccess(portalId === undefined ? undefined : String(portalId));
    this.#onMutate();
  }

  /** Writes of apps in the order in which they were applied. */
  writes(
    filter: { readonly portalId?: number; readonly type?: ObjectType; readonly id?: string } = {},
  ): readonly WriteLogEntry[] {
    return this.state.writes.filter(
      (entry) =>
        (filter.portalId ?? entry.portalId) === entry.portalId &&
        (filter.type ?? entry.type) === entry.type &&
        (filter.id ?? entry.id) === entry.id,
    );
  }

  get deliveries(): readonly Delivery[] {
    return this.#sender?.deliveries ?? [];
  }

  /** Sends queued webhooks now and waits for their answers. */
  async flushWebhooks(): Promise<void> {
    await this.#sender?.flush();
  }

  /** The highest number of calls that arrived in any ten seconds (per app) and of searches in any second. */
  peak(portalId: number): { readonly tenSeconds: number; readonly searchesPerSecond: number } {
    const calls = Object.keys(this.state.apps).map((clientId) =>
      this.windows.peak(callKey(portalId, clientId), 10_000),
    );
    return { tenSeconds: Math.max(0, ...calls), searchesPerSecond: this.windows.peak(searchKey(portalId), 1000) };
  }

  get #running(): HubSpotCore {
    if (this.#core === undefined) throw new Error('The HubSpot sandbox is not started; create the emulator first.');
    return this.#core;
  }

  #options(edit: Edit): WriteOptions {
    const source = edit.source ?? CRM_USER;
    const at = edit.at === undefined ? {} : { at: edit.at };
    return { source, now: this.#now(), allowBackward: source.type !== 'INTEGRATION', ...at };
  }

  #checked(book: PortalBook, type: ObjectType, properties: UpsertInput['properties']): Record<string, string> {
    const { stored, errors } = book.check(type, properties, false);
    if (errors.length > 0) throw invalid(errors.map((error) => error.message).join('; '), errors);
    return stored;
  }
}
