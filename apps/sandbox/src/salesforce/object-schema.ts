import { field, picklist, reference, systemField, type FieldDefinition } from './field.ts';
import type { ObjectSchema } from './state.ts';

interface Shape {
  readonly prefix: string;
  readonly plural?: string;
  readonly fields: readonly FieldDefinition[];
  /** Field that history rows name the record by; without it the object keeps no history. */
  readonly historyParent?: string;
  readonly historyObject?: string;
  readonly system?: boolean;
  /** System fields that the object does not have. */
  readonly without?: readonly string[];
}

/** https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/system_fields.htm */
const AUDIT: readonly FieldDefinition[] = [
  systemField('IsDeleted', 'boolean', { label: 'Deleted' }),
  systemField('CreatedDate', 'datetime'),
  systemField('CreatedById', 'reference', { referenceTo: ['User'], relationshipName: 'CreatedBy' }),
  systemField('LastModifiedDate', 'datetime'),
  systemField('LastModifiedById', 'reference', { referenceTo: ['User'], relationshipName: 'LastModifiedBy' }),
  systemField('SystemModstamp', 'datetime'),
];

export function objectSchema(name: string, shape: Shape): ObjectSchema {
  const label = name.replaceAll(/([a-z])([A-Z])/g, '$1 $2');
  const without = new Set(shape.without);
  return {
    name,
    label,
    labelPlural: shape.plural ?? `${label}s`,
    prefix: shape.prefix,
    system: shape.system ?? false,
    ...(shape.historyParent === undefined
      ? {}
      : { history: { object: shape.historyObject ?? `${name}History`, parent: shape.historyParent } }),
    fields: [systemField('Id', 'id', { label: `${label} ID` }), ...shape.fields, ...AUDIT].filter(
      (each) => !without.has(each.name),
    ),
  };
}

export const owner = (to: readonly string[] = ['User']): FieldDefinition =>
  reference('OwnerId', to, { nillable: false, relationshipName: 'Owner', tracked: true });

export const nameOf = (label: string): FieldDefinition =>
  field('Name', 'string', { label, nillable: false, nameField: true });

/** Rows of a field history have no SystemModstamp and cannot be filtered by their values. */
export function historySchema(name: string, parent: string, of: string, prefix: string): ObjectSchema {
  return objectSchema(name, {
    prefix,
    plural: name,
    system: true,
    without: ['LastModifiedDate', 'LastModifiedById', 'SystemModstamp'],
    fields: [
      systemField(parent, 'reference', { referenceTo: [of], relationshipName: parent.replace(/Id$/, '') }),
      systemField('Field', 'picklist'),
      systemField('DataType', 'picklist'),
      systemField('OldValue', 'anyType', { nillable: true, filterable: false }),
      systemField('NewValue', 'anyType', { nillable: true, filterable: false }),
    ],
  });
}

/** Who or what an activity is about. */
export const activityLinks = (): FieldDefinition[] => [
  reference('WhoId', ['Contact', 'Lead'], { relationshipName: 'Who' }),
  reference('WhatId', ['Account', 'Opportunity', 'Case'], { relationshipName: 'What' }),
  reference('AccountId', ['Account'], { createable: false, updateable: false }),
];

export const recordType = (): FieldDefinition => reference('RecordTypeId', ['RecordType']);

export const percent = (name: string): FieldDefinition => field(name, 'percent');

export const forecast = (): FieldDefinition =>
  picklist('ForecastCategoryName', ['Omitted', 'Pipeline', 'Best Case', 'Commit', 'Closed'], { restricted: true });
