import type { RollingWindow } from '../front/rolling-window.ts';
import type { SalesforceCore, SalesforceSettings } from './core.ts';
import { SalesforceRefusal } from './errors.ts';
import type { FieldDefinition } from './field.ts';
import { callKey, DAY } from './limits.ts';
import type { Edit, OrgBook } from './org-book.ts';
import { createOrg, PROFILES, replaceFields, type OrgInput } from './org.ts';
import type { Org, Profile, SalesforceState, SObject, WriteLogEntry } from './state.ts';
import { checkValue } from './value.ts';

export interface AppRegistration {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  readonly name?: string;
}

export interface UserInput {
  readonly username: string;
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName: string;
  /** The administrator's without it. */
  readonly profileId?: string;
  readonly active?: boolean;
  readonly id?: string;
}

/** Who changes something, and when; the org's first user, now, without them. */
export interface Change {
  readonly userId?: string;
  readonly at?: number;
}

/** Acts in the orgs and on the service from inside the process: for tests, live mode and the control server. */
export class SalesforceHandle {
  readonly settings: SalesforceSettings;
  readonly windows: RollingWindow;
  readonly #now: () => number;
  readonly #onMutate: () => void;
  #core: SalesforceCore | undefined;

  constructor(options: {
    readonly settings: SalesforceSettings;
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
  attach(core: SalesforceCore): void {
    this.#core = core;
  }

  /** The live state; replaced by a reset. */
  get state(): SalesforceState {
    return this.#running.state;
  }

  get unknownPaths(): readonly string[] {
    return this.state.unknownPaths;
  }

  get orgIds(): string[] {
    return Object.keys(this.state.orgs);
  }

  book(orgId: string): OrgBook {
    return this.#running.book(orgId);
  }

  addOrg(input: OrgInput | Org): Org {
    const org = 'records' in input ? input : createOrg(input);
    if (this.state.orgs[org.id] !== undefined) throw new Error(`The org ${org.id} exists already; choose another id.`);
    this.state.orgs[org.id] = org;
    this.#onMutate();
    return org;
  }

  /** Registers an app, or changes one with the same client id. */
  registerApp(input: AppRegistration): void {
    this.#running.oauth.registerApp(input);
    this.#onMutate();
  }

  addUser(orgId: string, input: UserInput): SObject {
    const book = this.book(orgId);
    const edit = { userId: this.#firstUser(book) ?? '', at: this.#now() };
    const values: SObject = {
      Username: input.username,
      Email: input.email ?? input.username,
      FirstName: input.firstName ?? null,
      LastName: input.lastName,
      Alias: input.lastName.slice(0, 8).toLowerCase(),
      IsActive: input.active ?? true,
      UserType: 'Standard',
      TimeZoneSidKey: book.org.timeZone,
      ProfileId: input.profileId ?? PROFILES.admin,
    };
    const user = book.insert('User', values, edit, input.id);
    this.#onMutate();
    return user;
  }

  /** A profile to change in place: what it hides, whether it may use the API. @throws Error if there is none. */
  profile(orgId: string, profileId: string, change: (profile: Profile) => unknown): void {
    const profile = this.book(orgId).org.profiles[profileId];
    if (profile === undefined) throw new Error(`The org ${orgId} has no profile ${profileId}.`);
    change(profile);
    this.#onMutate();
  }

  /** Adds fields to an object, or replaces those of the same name: a restricted picklist, a renamed label. */
  setFields(orgId: string, object: string, fields: readonly FieldDefinition[]): void {
    replaceFields(this.book(orgId).org, object, fields);
    this.#onMutate();
  }

  /** Makes a record, or changes the one with this id. Instants are epoch milliseconds. @throws SalesforceRefusal for values that do not fit. */
  upsert(
    orgId: string,
    object: string,
    values: Readonly<Record<string, unknown>>,
    change: Change & { readonly id?: string } = {},
  ): SObject {
    const book = this.book(orgId);
    const stored = this.#checked(book, object, values);
    const edit = this.#edit(book, change);
    const exists = change.id !== undefined && book.find(object, change.id) !== undefined;
    const record =
      exists && change.id !== undefined
        ? book.update(object, change.id, stored, edit)
        : book.insert(object, stored, edit, change.id);
    this.#onMutate();
    return record;
  }

  patch(
    orgId: string,
    object: string,
    id: string,
    values: Readonly<Record<string, unknown>>,
    change: Change = {},
  ): SObject {
    return this.bulkPatch(orgId, object, [id], values, change)[0] ?? {};
  }

  /** Changes many records in one instant, so that all have the same SystemModstamp (D8). */
  bulkPatch(
    orgId: string,
    object: string,
    ids: readonly string[],
    values: Readonly<Record<string, unknown>>,
    change: Change = {},
  ): SObject[] {
    const book = this.book(orgId);
    const stored = this.#checked(book, object, values);
    const edit = this.#edit(book, change);
    const records = ids.map((id) => book.update(object, id, stored, edit));
    this.#onMutate();
    return records;
  }

  /** Moves SystemModstamp alone, also backwards: a transaction that commits late (D8). */
  touch(orgId: string, object: string, id: string, at = this.#now()): void {
    this.book(orgId).touch(object, id, at);
    this.#onMutate();
  }

  remove(orgId: string, object: string, id: string, change: Change = {}): void {
    const book = this.book(orgId);
    book.remove(object, id, this.#edit(book, change));
    this.#onMutate();
  }

  undelete(orgId: string, object: string, id: string, change: Change = {}): void {
    const book = this.book(orgId);
    book.undelete(object, id, this.#edit(book, change));
    this.#onMutate();
  }

  /** Deletes for good, past the recycle bin: no query tells of it. */
  purge(orgId: string, object: string, id: string): void {
    this.book(orgId).purge(object, id);
    this.#onMutate();
  }

  /** Merges the second record into the first: the loser is deleted and names the winner in MasterRecordId. */
  merge(
    orgId: string,
    object: 'Account' | 'Contact' | 'Case',
    winnerId: string,
    loserId: string,
    change: Change = {},
  ): SObject {
    const book = this.book(orgId);
    const winner = book.merge(object, winnerId, loserId, this.#edit(book, change));
    this.#onMutate();
    return winner;
  }

  /** The records of an object whose field has this value, without the deleted ones. */
  findBy(orgId: string, object: string, name: string, value: string): SObject[] {
    return this.book(orgId)
      .rows(object)
      .filter((row) => row['IsDeleted'] !== true && row[name] === value);
  }

  /** A token pair without a browser. */
  mint(input: {
    readonly clientId: string;
    readonly username: string;
    readonly scopes?: readonly string[];
    readonly ttlSeconds?: number;
  }): {
    accessToken: string;
    refreshToken: string;
  } {
    const { clientId, username } = input;
    const ttlSeconds = input.ttlSeconds ?? this.settings.sessionSeconds;
    const scopes = input.scopes ?? ['api', 'refresh_token', 'id'];
    const minted = this.#running.oauth.mint({ clientId, subject: username, scopes, ttlSeconds });
    this.#onMutate();
    return { accessToken: minted.accessToken, refreshToken: minted.refreshToken ?? '' };
  }

  /** Ends every grant of an org's users, for one app or all. */
  revoke(orgId: string, clientId?: string): void {
    for (const username of this.#usernames(orgId)) this.#running.oauth.revokeSubject(username, clientId);
    this.#onMutate();
  }

  /** Lets the sessions of an org's users (or of all) expire now; refresh tokens stay good. */
  expireAccess(orgId?: string): void {
    const subjects = orgId === undefined ? [undefined] : this.#usernames(orgId);
    for (const subject of subjects) this.#running.oauth.expireAccess(subject);
    this.#onMutate();
  }

  /** Lets every open query cursor expire (D11). */
  expireLocators(): void {
    this.#running.locators.clear();
  }

  /** Uses up calls of an org's daily limit, as other tools do. */
  useCalls(orgId: string, calls: number): void {
    this.windows.take(callKey(orgId), calls, Number.POSITIVE_INFINITY, DAY);
  }

  /** Writes of apps in the order in which they were applied. */
  writes(
    filter: { readonly orgId?: string; readonly object?: string; readonly id?: string } = {},
  ): readonly WriteLogEntry[] {
    return this.state.writes.filter(
      (entry) =>
        (filter.orgId ?? entry.orgId) === entry.orgId &&
        (filter.object ?? entry.object) === entry.object &&
        (filter.id ?? entry.id) === entry.id,
    );
  }

  /** The highest number of calls to an org in any 24 hours, and in any second. */
  peak(orgId: string): { readonly day: number; readonly second: number } {
    return { day: this.windows.peak(callKey(orgId), DAY), second: this.windows.peak(callKey(orgId), 1000) };
  }

  get #running(): SalesforceCore {
    if (this.#core === undefined) throw new Error('The Salesforce sandbox is not started; create the emulator first.');
    return this.#core;
  }

  #usernames(orgId: string): string[] {
    return this.book(orgId)
      .rows('User')
      .map((user) => String(user['Username']));
  }

  #firstUser(book: OrgBook): string | undefined {
    const id = book.rows('User')[0]?.['Id'];
    return typeof id === 'string' ? id : undefined;
  }

  #edit(book: OrgBook, change: Change): Edit {
    return { userId: change.userId ?? this.#firstUser(book) ?? '', at: change.at ?? this.#now() };
  }

  #checked(book: OrgBook, object: string, values: Readonly<Record<string, unknown>>): SObject {
    const stored: SObject = {};
    for (const [name, raw] of Object.entries(values)) {
      const definition = book.fieldOf(object, name);
      if (definition === undefined) throw new Error(`The sandbox's ${object} has no field ${name}.`);
      if (definition.type === 'datetime' && typeof raw === 'number') stored[definition.name] = raw;
      else {
        const checked = checkValue(definition, raw ?? null);
        if (!checked.ok) throw new SalesforceRefusal(400, checked.problem.code, checked.problem.message);
        stored[definition.name] = checked.value;
      }
    }
    return stored;
  }
}
