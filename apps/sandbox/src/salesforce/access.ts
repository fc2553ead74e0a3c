import type { FieldDefinition } from './field.ts';
import type { OrgBook } from './org-book.ts';
import type { ObjectSchema, Profile, SObject } from './state.ts';

/** What one user may see and change in an org: the profile, and what permission sets add to it. */
export class Access {
  readonly book: OrgBook;
  readonly user: SObject;
  readonly profile: Profile;
  readonly #granted: ReadonlyMap<string, { readonly read: boolean; readonly edit: boolean }>;
  readonly #visible = new Map<string, ReadonlyMap<string, FieldDefinition>>();

  constructor(book: OrgBook, user: SObject) {
    this.book = book;
    this.user = user;
    const profile = book.org.profiles[String(user['ProfileId'])];
    if (profile === undefined)
      throw new Error(`The user ${String(user['Username'])} has no profile; give one to addUser.`);
    this.profile = profile;
    this.#granted = grantsOf(book, user);
  }

  get userId(): string {
    return String(this.user['Id']);
  }

  /** An object that the user may read; undefined for others, as if it were not there. */
  object(name: string): ObjectSchema | undefined {
    const schema = this.book.schema(name);
    return schema === undefined || this.#isHidden(schema.name) ? undefined : schema;
  }

  objects(): ObjectSchema[] {
    return Object.values(this.book.org.objects).filter((schema) => !this.#isHidden(schema.name));
  }

  /** The fields of an object that the user may read, by lower-case name. */
  fields(object: string): ReadonlyMap<string, FieldDefinition> {
    const known = this.#visible.get(object);
    if (known !== undefined) return known;
    const visible = (this.book.schema(object)?.fields ?? []).filter((each) => this.#sees(object, each.name));
    const fields = new Map(visible.map((each) => [each.name.toLowerCase(), each]));
    this.#visible.set(object, fields);
    return fields;
  }

  mayEdit(object: string, name: string): boolean {
    if (this.profile.readOnlyObjects.includes(object)) return false;
    const key = `${object}.${name}`;
    if (this.#granted.get(key)?.edit === true) return true;
    return !this.profile.readOnlyFields.includes(key) && !this.profile.hiddenFields.includes(key);
  }

  /**
   * Whether a row of an object's field history may be seen: one of a hidden field may not.
   * https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_objects_contacthistory.htm
   */
  seesHistory(historyObject: string): (row: SObject) => boolean {
    const tracked = this.#trackedBy(historyObject);
    if (tracked === undefined) return () => true;
    const visible = this.fields(tracked);
    return (row) => {
      const name = String(row['Field']).toLowerCase();
      return name === 'created' || visible.has(name) || visible.has(`${name}id`);
    };
  }

  /** Whether sharing lets the user see a record: with "View All Data" every one, otherwise those of which the user is the owner. */
  seesRecord(record: SObject): boolean {
    return this.profile.viewAll || record['OwnerId'] === undefined || record['OwnerId'] === this.user['Id'];
  }

  /** A history is hidden along with its object. */
  #isHidden(object: string): boolean {
    const { hiddenObjects } = this.profile;
    const tracked = object === 'OpportunityHistory' ? 'Opportunity' : this.#trackedBy(object);
    return hiddenObjects.includes(object) || (tracked !== undefined && hiddenObjects.includes(tracked));
  }

  #trackedBy(historyObject: string): string | undefined {
    return Object.values(this.book.org.objects).find((schema) => schema.history?.object === historyObject)?.name;
  }

  #sees(object: string, name: string): boolean {
    const key = `${object}.${name}`;
    return !this.profile.hiddenFields.includes(key) || this.#granted.get(key)?.read === true;
  }
}

function grantsOf(book: OrgBook, user: SObject): Map<string, { read: boolean; edit: boolean }> {
  const sets = new Set<unknown>(
    book
      .rows('PermissionSet')
      .filter((set) => set['ProfileId'] === user['ProfileId'])
      .map((set) => set['Id']),
  );
  for (const each of book.rows('PermissionSetAssignment')) {
    if (each['AssigneeId'] === user['Id']) sets.add(each['PermissionSetId']);
  }
  const granted = new Map<string, { read: boolean; edit: boolean }>();
  for (const row of book.rows('FieldPermissions')) {
    if (!sets.has(row['ParentId'])) continue;
    const before = granted.get(String(row['Field']));
    granted.set(String(row['Field']), {
      read: before?.read === true || row['PermissionsRead'] === true,
      edit: before?.edit === true || row['PermissionsEdit'] === true,
    });
  }
  return granted;
}
