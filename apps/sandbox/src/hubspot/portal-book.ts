import { invalid, notFound, type ErrorDetail } from './errors.ts';
import { OBJECT_FACTS, type ObjectType } from './object-type.ts';
import { link, linkKey, takeId, versionOf } from './portal.ts';
import type { PropertyDefinition } from './property.ts';
import type { CrmRecord, Portal, PropertyVersion, Source } from './state.ts';
import { checkValue } from './value.ts';

/** What happened to a record, as far as a webhook may tell of it. */
export type CrmChange = {
  readonly portalId: number;
  readonly type: ObjectType;
  readonly id: string;
  readonly at: number;
  readonly source: Source;
} & (
  | { readonly kind: 'creation' | 'deletion' | 'restore' }
  | { readonly kind: 'propertyChange'; readonly property: string; readonly value: string }
  | {
      readonly kind: 'merge';
      readonly mergedIds: readonly string[];
      readonly newId: string;
      readonly moved: number;
    }
  | {
      readonly kind: 'associationChange';
      readonly toType: ObjectType;
      readonly toId: string;
      readonly removed: boolean;
    }
);

export interface WriteOptions {
  readonly source: Source;
  readonly now: number;
  /** When the value began to hold; `now` unless a test plants the past. */
  readonly at?: number;
  /** True lets `lifecyclestage` go back, as a person in the CRM may and an app may not. */
  readonly allowBackward?: boolean;
}

/** One portal's records with what is derived from them. Holds no state of its own that a restart would miss. */
export class PortalBook {
  readonly portal: Portal;
  readonly #onChange: (change: CrmChange) => void;
  readonly #ids = new Map<ObjectType, string[]>();

  constructor(portal: Portal, onChange: (change: CrmChange) => void) {
    this.portal = portal;
    this.#onChange = onChange;
  }

  /** Ids of a type in ascending order, archived ones included. */
  ids(type: ObjectType): readonly string[] {
    let ids = this.#ids.get(type);
    if (ids === undefined) {
      ids = Object.keys(this.portal.objects[type]).toSorted((a, b) => Number(a) - Number(b));
      this.#ids.set(type, ids);
    }
    return ids;
  }

  /** Forgets the order of ids after records were planted from outside. */
  refresh(): void {
    this.#ids.clear();
  }

  definition(type: ObjectType, name: string): PropertyDefinition | undefined {
    return this.portal.properties[type][name];
  }

  /** The record of an id; an id that was merged away gives the survivor (B6). */
  find(type: ObjectType, id: string): CrmRecord | undefined {
    let current = id;
    for (let hops = 0; hops < 20; hops += 1) {
      const next = this.portal.merged[type][current];
      if (next === undefined) break;
      current = next;
    }
    return this.portal.objects[type][current];
  }

  /** Like `find`, but refuses with 404 what is absent or, unless asked for, archived. */
  get(type: ObjectType, id: string, archived = false): CrmRecord {
    const record = this.find(type, id);
    if (record === undefined || (record.archivedAt !== undefined) !== archived) {
      throw notFound(`Object not found.  objectId are usually numeric.`);
    }
    return record;
  }

  /** A property's value, now or as it stood at an earlier instant; null if it has none. */
  value(type: ObjectType, record: CrmRecord, name: string, asOf?: number): string | null {
    const facts = OBJECT_FACTS[type];
    if (name === 'hs_object_id') return record.id;
    if (name === facts.created) return new Date(record.createdAt).toISOString();
    if (name === facts.modified) {
      const updated = asOf === undefined ? record.updatedAt : this.#updatedBefore(record, asOf);
      return new Date(updated).toISOString();
    }
    if (name === 'hs_merged_object_ids') return record.mergedIds?.join(';') ?? null;
    if (name === 'associatedcompanyid') return this.primaryCompany(type, record.id) ?? null;
    if (type === 'deals' && (name === 'hs_is_closed' || name === 'hs_is_closed_won')) {
      const probability = this.#dealProbability(record, asOf);
      return String(probability === 1 || (name === 'hs_is_closed' && probability === 0));
    }
    const versions = record.properties[name];
    const version = asOf === undefined ? versions?.[0] : versions?.find((candidate) => candidate.timestamp <= asOf);
    if (version === undefined) return null;
    return version.value === '' ? null : version.value;
  }

  /** Newest first; derived properties have their one present value. */
  history(type: ObjectType, record: CrmRecord, name: string): readonly PropertyVersion[] {
    const versions = record.properties[name];
    if (versions !== undefined) return versions;
    const value = this.value(type, record, name);
    return value === null ? [] : [{ value, timestamp: record.createdAt, sourceType: 'CALCULATED' }];
  }

  /** Checks values against their definitions and gives them as they would be stored. */
  check(
    type: ObjectType,
    values: Readonly<Record<string, unknown>>,
    byApp: boolean,
  ): { stored: Record<string, string>; errors: ErrorDetail[]; unknown: string[] } {
    const stored: Record<string, string> = {};
    const errors: ErrorDetail[] = [];
    const unknown: string[] = [];
    for (const [name, raw] of Object.entries(values)) {
      const definition = this.definition(type, name);
      if (definition === undefined) {
        unknown.push(name);
        errors.push({
          message: `Property "${name}" does not exist`,
          code: 'PROPERTY_DOESNT_EXIST',
          context: { propertyName: [name] },
        });
        continue;
      }
      if (byApp && definition.readOnly === true) {
        errors.push({
          message: `"${name}" is a read only property; its value cannot be set.`,
          code: 'READ_ONLY_VALUE',
          context: { propertyName: [name] },
        });
        continue;
      }
      const checked = checkValue(definition, raw);
      if (checked.ok) stored[name] = checked.value;
      else errors.push(checked.error);
    }
    return { stored, errors, unknown };
  }

  /**
   * Stores values and returns those that were accepted. A `lifecyclestage` set to an earlier stage is left as it is and the
   * call still succeeds; the empty string clears it, after which any stage may be set (H2).
   * https://developers.hubspot.com/docs/api-reference/crm-companies-v3/guide, https://integrate.hubspot.com/t/1333
   */
  write(
    type: ObjectType,
    record: CrmRecord,
    values: Readonly<Record<string, string>>,
    options: WriteOptions,
  ): Record<string, string> {
    const applied: Record<string, string> = {};
    const at = options.at ?? options.now;
    for (const [name, value] of Object.entries(values)) {
      if (name === 'lifecyclestage' && options.allowBackward !== true && this.#isBackward(type, record, value))
        continue;
      applied[name] = value;
      const current = this.value(type, record, name) ?? '';
      const versions = (record.properties[name] ??= []);
      if (current === value && versions.length > 0) continue;
      const version = versionOf(value, at, options.source);
      const older = versions.findIndex((candidate) => candidate.timestamp <= at);
      versions.splice(older === -1 ? versions.length : older, 0, version);
      record.updatedAt = Math.max(record.updatedAt, options.now);
      this.#onChange({
        kind: 'propertyChange',
        property: name,
        value,
        portalId: this.portal.id,
        type,
        id: record.id,
        at,
        source: options.source,
      });
    }
    return applied;
  }

  create(
    type: ObjectType,
    values: Readonly<Record<string, string>>,
    options: WriteOptions & { readonly id?: string },
  ): CrmRecord {
    const id = options.id ?? takeId(this.portal, type);
    const at = options.at ?? options.now;
    const record: CrmRecord = { id, createdAt: at, updatedAt: options.now, properties: {} };
    for (const [name, value] of Object.entries(values)) {
      if (value !== '') record.properties[name] = [versionOf(value, at, options.source)];
    }
    this.portal.objects[type][id] = record;
    this.#ids.delete(type);
    this.#onChange({
      kind: 'creation',
      portalId: this.portal.id,
      type,
      id,
      at,
      source: options.source,
    });
    return record;
  }

  archive(type: ObjectType, id: string, options: WriteOptions): void {
    const record = this.get(type, id);
    record.archivedAt = options.now;
    record.updatedAt = options.now;
    this.#onChange({
      kind: 'deletion',
      portalId: this.portal.id,
      type,
      id: record.id,
      at: options.now,
      source: options.source,
    });
  }

  restore(type: ObjectType, id: string, options: WriteOptions): void {
    const record = this.get(type, id, true);
    delete record.archivedAt;
    record.updatedAt = options.now;
    this.#onChange({
      kind: 'restore',
      portalId: this.portal.id,
      type,
      id: record.id,
      at: options.now,
      source: options.source,
    });
  }

  /**
   * Merges `loserId` into `winnerId`. The loser disappears from lists and searches, its id leads to the survivor, and what it was
   * associated with moves over. With `newId` the result is a record with an id of its own, as some merges give. No
   * `propertyChange` is told for values that moved (B6).
   */
  merge(
    type: ObjectType,
    winnerId: string,
    loserId: string,
    options: WriteOptions & { readonly newId?: boolean },
  ): CrmRecord {
    const winner = this.get(type, winnerId);
    const loser = this.get(type, loserId);
    if (winner.id === loser.id) throw invalid('A record cannot be merged with itself');
    const survivor: CrmRecord = options.newId === true ? { ...winner, id: takeId(this.portal, type) } : winner;
    const gone = options.newId === true ? [winner, loser] : [loser];
    let moved = 0;
    for (const [name, versions] of Object.entries(loser.properties)) {
      if (this.value(type, winner, name) !== null) continue;
      survivor.properties[name] = versions;
      moved += 1;
    }
    survivor.mergedIds = [
      ...new Set([
        ...(survivor.mergedIds ?? []),
        ...gone.flatMap((record) => [record.id, ...(record.mergedIds ?? [])]),
      ]),
    ];
    survivor.updatedAt = options.now;
    const objects = this.portal.objects[type];
    for (const record of gone) {
      delete objects[record.id];
      this.portal.merged[type][record.id] = survivor.id;
      this.#moveLinks(linkKey(type, record.id), linkKey(type, survivor.id));
    }
    objects[survivor.id] = survivor;
    this.#ids.delete(type);
    this.#onChange({
      kind: 'merge',
      mergedIds: [loser.id],
      newId: survivor.id,
      moved,
      portalId: this.portal.id,
      type,
      id: winner.id,
      at: options.now,
      source: options.source,
    });
    return survivor;
  }

  associate(from: readonly [ObjectType, string], to: readonly [ObjectType, string], options: WriteOptions): void {
    const a = this.get(from[0], from[1]);
    const b = this.get(to[0], to[1]);
    if (!link(this.portal, linkKey(from[0], a.id), linkKey(to[0], b.id))) return;
    this.#tellAssociation(from[0], a.id, to[0], b.id, false, options);
  }

  dissociate(from: readonly [ObjectType, string], to: readonly [ObjectType, string], options: WriteOptions): void {
    const a = linkKey(from[0], from[1]);
    const b = linkKey(to[0], to[1]);
    const links = this.portal.links;
    if (links[a]?.includes(b) !== true) return;
    links[a] = links[a].filter((key) => key !== b);
    links[b] = (links[b] ?? []).filter((key) => key !== a);
    this.#tellAssociation(from[0], from[1], to[0], to[1], true, options);
  }

  /** Ids of live records of a type that a record is associated with, ascending. */
  associated(type: ObjectType, id: string, toType: ObjectType): string[] {
    const prefix = `${toType}:`;
    const objects = this.portal.objects[toType];
    return (this.portal.links[linkKey(type, id)] ?? [])
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
      .filter((other) => objects[other] !== undefined && objects[other].archivedAt === undefined)
      .toSorted((a, b) => Number(a) - Number(b));
  }

  /** The company that a contact, deal or ticket was associated with first. */
  primaryCompany(type: ObjectType, id: string): string | undefined {
    const live = new Set(this.associated(type, id, 'companies'));
    return (this.portal.links[linkKey(type, id)] ?? [])
      .filter((key) => key.startsWith('companies:'))
      .map((key) => key.slice('companies:'.length))
      .find((company) => live.has(company));
  }

  #tellAssociation(
    type: ObjectType,
    id: string,
    toType: ObjectType,
    toId: string,
    removed: boolean,
    options: WriteOptions,
  ): void {
    this.#onChange({
      kind: 'associationChange',
      toType,
      toId,
      removed,
      portalId: this.portal.id,
      type,
      id,
      at: options.now,
      source: options.source,
    });
  }

  #moveLinks(from: string, to: string): void {
    for (const other of this.portal.links[from] ?? []) {
      this.portal.links[other] = (this.portal.links[other] ?? []).filter((key) => key !== from);
      if (other !== to) link(this.portal, to, other);
    }
    delete this.portal.links[from];
  }

  #isBackward(type: ObjectType, record: CrmRecord, value: string): boolean {
    const current = this.value(type, record, 'lifecyclestage');
    if (value === '' || current === null) return false;
    const options = this.definition(type, 'lifecyclestage')?.options ?? [];
    const order = (stage: string): number => options.find((option) => option.value === stage)?.displayOrder ?? -1;
    return order(value) < order(current);
  }

  #updatedBefore(record: CrmRecord, asOf: number): number {
    let latest = record.createdAt;
    for (const versions of Object.values(record.properties)) {
      const version = versions.find((candidate) => candidate.timestamp <= asOf);
      if (version !== undefined && version.timestamp > latest) latest = version.timestamp;
    }
    return latest;
  }

  #dealProbability(record: CrmRecord, asOf?: number): number | undefined {
    const pipeline = this.value('deals', record, 'pipeline', asOf);
    const stage = this.value('deals', record, 'dealstage', asOf);
    const found = this.portal.pipelines.deals
      .find((candidate) => candidate.id === pipeline)
      ?.stages.find((candidate) => candidate.id === stage);
    return found === undefined ? undefined : Number(found.metadata['probability']);
  }
}
