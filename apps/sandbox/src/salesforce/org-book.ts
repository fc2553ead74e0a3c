import { derivedValues } from './derived.ts';
import type { FieldDefinition } from './field.ts';
import { nextId } from './org.ts';
import { longId } from './record-id.ts';
import type { FieldValue, ObjectSchema, Org, SObject } from './state.ts';

/** Who wrote, and when, epoch milliseconds. The platform keeps whole seconds. */
export interface Edit {
  readonly userId: string;
  readonly at: number;
}

const OPPORTUNITY_HISTORY = ['StageName', 'Amount', 'Probability', 'CloseDate', 'ForecastCategoryName'];

/** Fields that name the account of a child, for merges. */
const CHILDREN: Readonly<Record<string, readonly (readonly [object: string, field: string])[]>> = {
  Account: [
    ['Account', 'ParentId'],
    ['Contact', 'AccountId'],
    ['Opportunity', 'AccountId'],
    ['Case', 'AccountId'],
    ['Task', 'WhatId'],
    ['Event', 'WhatId'],
    ['EmailMessage', 'RelatedToId'],
  ],
  Contact: [
    ['Case', 'ContactId'],
    ['Task', 'WhoId'],
    ['Event', 'WhoId'],
    ['EventRelation', 'RelationId'],
  ],
};

/** Children that are deleted with their parent, and come back with it. https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_delete.htm */
const CASCADE: Readonly<Record<string, readonly (readonly [object: string, field: string])[]>> = {
  Account: [
    ['Contact', 'AccountId'],
    ['Opportunity', 'AccountId'],
    ['Case', 'AccountId'],
    ['Task', 'WhatId'],
    ['Event', 'WhatId'],
  ],
};

const second = (at: number): number => Math.floor(at / 1000) * 1000;

/** The records of one org: applies writes as the platform does, with stamps, derived fields and history. Checks nothing. */
export class OrgBook {
  readonly org: Org;

  constructor(org: Org) {
    this.org = org;
  }

  schema(object: string): ObjectSchema | undefined {
    const exact = this.org.objects[object];
    if (exact !== undefined) return exact;
    const lower = object.toLowerCase();
    return Object.values(this.org.objects).find((each) => each.name.toLowerCase() === lower);
  }

  fieldOf(object: string, name: string): FieldDefinition | undefined {
    const lower = name.toLowerCase();
    return this.schema(object)?.fields.find((each) => each.name.toLowerCase() === lower);
  }

  rows(object: string): SObject[] {
    return Object.values(this.org.records[object] ?? {});
  }

  /** A record by its 15- or 18-character id, deleted ones included. */
  find(object: string, id: string): SObject | undefined {
    return this.org.records[object]?.[longId(id)];
  }

  /** @throws Error if there is none. */
  get(object: string, id: string): SObject {
    const record = this.find(object, id);
    if (record === undefined) throw new Error(`The org ${this.org.id} has no ${object} ${id}.`);
    return record;
  }

  /** The object that an id's prefix stands for. */
  objectOf(id: string): string | undefined {
    return Object.values(this.org.objects).find(
      (schema) => id.startsWith(schema.prefix) && this.find(schema.name, id) !== undefined,
    )?.name;
  }

  insert(object: string, values: SObject, edit: Edit, id?: string): SObject {
    const schema = this.#schema(object);
    const at = second(edit.at);
    const has = new Set(schema.fields.map((each) => each.name));
    const record: SObject = { Id: id ?? nextId(this.org, schema.prefix) };
    if (has.has('OwnerId')) record['OwnerId'] = edit.userId;
    if (object === 'Case')
      record['CaseNumber'] = String(1000 + (this.org.sequences[schema.prefix] ?? 0)).padStart(8, '0');
    const stamps: SObject = {
      IsDeleted: false,
      CreatedDate: at,
      CreatedById: edit.userId,
      LastModifiedDate: at,
      LastModifiedById: edit.userId,
      SystemModstamp: at,
    };
    for (const [name, value] of Object.entries(stamps)) if (has.has(name)) record[name] = value;
    for (const [name, value] of Object.entries(values)) if (value !== null) record[name] = value;
    Object.assign(record, derivedValues(this.org, object, record, new Set(Object.keys(values)), at));
    (this.org.records[object] ??= {})[String(record['Id'])] = record;
    if (schema.history !== undefined)
      this.#historyRow(schema.history, record, { Field: 'created', DataType: 'Text' }, edit);
    if (object === 'Opportunity') this.#opportunityHistory(record, edit);
    return record;
  }

  /** Changes a record; values that are the same move the stamps all the same, as an update without a change does. */
  update(object: string, id: string, values: SObject, edit: Edit): SObject {
    const schema = this.#schema(object);
    const record = this.get(object, id);
    const at = second(edit.at);
    const before = { ...record };
    for (const [name, value] of Object.entries(values)) record[name] = value;
    const changed = new Set(Object.keys(values).filter((name) => (before[name] ?? null) !== (record[name] ?? null)));
    Object.assign(record, derivedValues(this.org, object, record, changed, at));
    this.#stamp(schema, record, { ...edit, at });
    for (const definition of schema.fields) {
      const from = before[definition.name] ?? null;
      const to = record[definition.name] ?? null;
      if (definition.tracked && from !== to) this.#track(schema, record, definition, from, to, edit);
    }
    if (
      object === 'Opportunity' &&
      OPPORTUNITY_HISTORY.some((name) => (before[name] ?? null) !== (record[name] ?? null))
    ) {
      this.#opportunityHistory(record, edit);
    }
    return record;
  }

  /** Moves SystemModstamp alone, as a recalculation by the system does. */
  touch(object: string, id: string, at: number): void {
    this.get(object, id)['SystemModstamp'] = second(at);
  }

  /** Puts a record into the recycle bin, with its children. */
  remove(object: string, id: string, edit: Edit): void {
    this.#setDeleted(object, this.get(object, id), true, edit);
    for (const [child, row] of this.#dependents(object, id)) {
      if (row['IsDeleted'] !== true) this.#setDeleted(child, row, true, edit);
    }
  }

  /** Takes a record out of the recycle bin, with the children that went in with it. */
  undelete(object: string, id: string, edit: Edit): void {
    const record = this.get(object, id);
    const deletedAt = record['SystemModstamp'];
    this.#setDeleted(object, record, false, edit);
    for (const [child, row] of this.#dependents(object, id)) {
      if (row['IsDeleted'] === true && row['SystemModstamp'] === deletedAt) this.#setDeleted(child, row, false, edit);
    }
  }

  /** Takes a record out of the recycle bin for good: no query tells of it any more. */
  purge(object: string, id: string): void {
    const rows = this.org.records[object];
    if (rows !== undefined) delete rows[longId(id)];
  }

  /** Merges the second record into the first: the loser is deleted and names the winner, its children move. */
  merge(object: string, winnerId: string, loserId: string, edit: Edit): SObject {
    const winner = this.get(object, winnerId);
    const loser = this.get(object, loserId);
    for (const [child, name] of CHILDREN[object] ?? []) {
      for (const row of this.rows(child)) {
        if (row[name] !== loser['Id'] || row['Id'] === loser['Id']) continue;
        this.update(child, String(row['Id']), { [name]: winner['Id'] ?? null }, edit);
      }
    }
    loser['MasterRecordId'] = winner['Id'] ?? null;
    this.remove(object, loserId, edit);
    this.#stamp(this.#schema(object), winner, edit);
    return winner;
  }

  #setDeleted(object: string, record: SObject, deleted: boolean, edit: Edit): void {
    record['IsDeleted'] = deleted;
    this.#stamp(this.#schema(object), record, edit);
  }

  #dependents(object: string, id: string): (readonly [object: string, row: SObject])[] {
    const parent = longId(id);
    return (CASCADE[object] ?? []).flatMap(([child, name]) =>
      this.rows(child)
        .filter((row) => row[name] === parent)
        .map((row) => [child, row] as const),
    );
  }

  #schema(object: string): ObjectSchema {
    const schema = this.org.objects[object];
    if (schema === undefined) throw new Error(`The sandbox's Salesforce has no object ${object}.`);
    return schema;
  }

  #stamp(schema: ObjectSchema, record: SObject, edit: Edit): void {
    const at = second(edit.at);
    const stamps: SObject = { LastModifiedDate: at, LastModifiedById: edit.userId, SystemModstamp: at };
    const has = new Set(schema.fields.map((each) => each.name));
    for (const [name, value] of Object.entries(stamps)) if (has.has(name)) record[name] = value;
  }

  /** A change of a reference makes two rows: one with the names, one with the ids. */
  #track(
    schema: ObjectSchema,
    record: SObject,
    definition: FieldDefinition,
    from: FieldValue,
    to: FieldValue,
    edit: Edit,
  ): void {
    if (schema.history === undefined) return;
    const name = definition.name === 'OwnerId' ? 'Owner' : definition.name;
    if (definition.type !== 'reference') {
      const DataType = definition.type === 'picklist' || definition.type === 'string' ? 'Text' : definition.type;
      this.#historyRow(schema.history, record, { Field: name, DataType, OldValue: from, NewValue: to }, edit);
      return;
    }
    const named = (id: FieldValue): FieldValue =>
      definition.referenceTo
        .map((object) => this.find(object, String(id))?.['Name'])
        .find((each) => each !== undefined) ?? null;
    const values = { OldValue: named(from), NewValue: named(to) };
    this.#historyRow(schema.history, record, { Field: name, DataType: 'Text', ...values }, edit);
    this.#historyRow(schema.history, record, { Field: name, DataType: 'EntityId', OldValue: from, NewValue: to }, edit);
  }

  #historyRow(history: NonNullable<ObjectSchema['history']>, record: SObject, row: SObject, edit: Edit): void {
    const { prefix } = this.#schema(history.object);
    const Id = nextId(this.org, prefix);
    (this.org.records[history.object] ??= {})[Id] = {
      Id,
      IsDeleted: false,
      [history.parent]: record['Id'] ?? null,
      CreatedDate: second(edit.at),
      CreatedById: edit.userId,
      ...row,
    };
  }

  #opportunityHistory(record: SObject, edit: Edit): void {
    const Id = nextId(this.org, '008');
    const amount = record['Amount'];
    const probability = Number(record['Probability'] ?? 0);
    (this.org.records['OpportunityHistory'] ??= {})[Id] = {
      Id,
      IsDeleted: false,
      OpportunityId: record['Id'] ?? null,
      CreatedDate: second(edit.at),
      CreatedById: edit.userId,
      SystemModstamp: second(edit.at),
      StageName: record['StageName'] ?? null,
      Amount: amount ?? null,
      ExpectedRevenue: typeof amount === 'number' ? (amount * probability) / 100 : null,
      CloseDate: record['CloseDate'] ?? null,
      Probability: record['Probability'] ?? null,
      ForecastCategory: record['ForecastCategory'] ?? null,
    };
  }
}
