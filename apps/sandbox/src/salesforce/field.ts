export type FieldType =
  | 'id'
  | 'string'
  | 'textarea'
  | 'picklist'
  | 'reference'
  | 'datetime'
  | 'date'
  | 'boolean'
  | 'double'
  | 'currency'
  | 'percent'
  | 'int'
  | 'email'
  | 'phone'
  | 'url'
  | 'anyType';

export interface PicklistValue {
  readonly value: string;
  readonly label: string;
  readonly active: boolean;
}

/** One field of an object as `describe` tells it. */
export interface FieldDefinition {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  readonly length: number;
  readonly custom: boolean;
  readonly nillable: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  readonly filterable: boolean;
  readonly nameField: boolean;
  readonly calculated: boolean;
  readonly picklist: readonly PicklistValue[];
  readonly restricted: boolean;
  readonly referenceTo: readonly string[];
  readonly relationshipName: string | null;
  /** Whether changes make rows in the object's history; at most 20 fields of an object. */
  readonly tracked: boolean;
}

/** What differs from an ordinary field. */
export type FieldChoice = Partial<Omit<FieldDefinition, 'name' | 'type'>>;

const LENGTHS: Readonly<Partial<Record<FieldType, number>>> = {
  id: 18,
  reference: 18,
  string: 255,
  picklist: 255,
  textarea: 32_000,
  email: 80,
  phone: 40,
  url: 255,
  anyType: 255,
};

const words = (name: string): string =>
  name
    .replace(/__c$/, '')
    .replaceAll('_', ' ')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2');

export function field(name: string, type: FieldType, choice: FieldChoice = {}): FieldDefinition {
  return {
    name,
    label: words(name),
    type,
    length: LENGTHS[type] ?? 0,
    custom: name.endsWith('__c'),
    nillable: true,
    createable: true,
    updateable: true,
    filterable: type !== 'textarea' && type !== 'anyType',
    nameField: false,
    calculated: false,
    picklist: [],
    restricted: false,
    referenceTo: [],
    relationshipName: null,
    tracked: false,
    ...choice,
  };
}

/** A field that only the system fills. */
export function systemField(name: string, type: FieldType, choice: FieldChoice = {}): FieldDefinition {
  return field(name, type, { nillable: false, createable: false, updateable: false, ...choice });
}

export function reference(name: string, to: readonly string[], choice: FieldChoice = {}): FieldDefinition {
  const relationshipName = name.endsWith('__c') ? name.replace(/__c$/, '__r') : name.replace(/Id$/, '');
  return field(name, 'reference', { referenceTo: to, relationshipName, ...choice });
}

export function picklist(
  name: string,
  values: readonly (string | PicklistValue)[],
  choice: FieldChoice = {},
): FieldDefinition {
  const all = values.map((each) => (typeof each === 'string' ? { value: each, label: each, active: true } : each));
  return field(name, 'picklist', { picklist: all, ...choice });
}

const SOAP_TYPES: Readonly<Partial<Record<FieldType, string>>> = {
  id: 'tns:ID',
  reference: 'tns:ID',
  datetime: 'xsd:dateTime',
  date: 'xsd:date',
  boolean: 'xsd:boolean',
  double: 'xsd:double',
  currency: 'xsd:double',
  percent: 'xsd:double',
  int: 'xsd:int',
  anyType: 'xsd:anyType',
};

const NUMBERS: ReadonlySet<FieldType> = new Set(['double', 'currency', 'percent']);

/**
 * One entry of `fields` in an object's describe.
 * https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_describesobjects_describesobjectresult.htm
 */
export function fieldJson(
  definition: FieldDefinition,
  access: { readonly editable: boolean },
): Record<string, unknown> {
  const { type } = definition;
  return {
    aggregatable: type !== 'textarea',
    aiPredictionField: false,
    autoNumber: definition.name === 'CaseNumber',
    byteLength: definition.length * 3,
    calculated: definition.calculated,
    calculatedFormula: null,
    cascadeDelete: false,
    caseSensitive: false,
    compoundFieldName: null,
    controllerName: null,
    createable: definition.createable && access.editable,
    custom: definition.custom,
    defaultValue: type === 'boolean' ? false : null,
    defaultedOnCreate: type === 'boolean' || definition.name === 'OwnerId',
    dependentPicklist: false,
    deprecatedAndHidden: false,
    digits: type === 'int' ? 8 : 0,
    encrypted: false,
    externalId: false,
    extraTypeInfo: null,
    filterable: definition.filterable,
    groupable: definition.filterable && type !== 'datetime' && !NUMBERS.has(type),
    htmlFormatted: false,
    idLookup: type === 'id',
    inlineHelpText: null,
    label: definition.label,
    length: definition.length,
    name: definition.name,
    nameField: definition.nameField,
    namePointing: definition.referenceTo.length > 1,
    nillable: definition.nillable,
    permissionable: definition.nillable && definition.createable,
    picklistValues: definition.picklist.map(({ value, label, active }) => ({
      active,
      defaultValue: false,
      label,
      validFor: null,
      value,
    })),
    polymorphicForeignKey: definition.referenceTo.length > 1,
    precision: NUMBERS.has(type) ? 18 : 0,
    queryByDistance: false,
    referenceTargetField: null,
    referenceTo: definition.referenceTo,
    relationshipName: definition.relationshipName,
    relationshipOrder: null,
    restrictedDelete: false,
    restrictedPicklist: definition.restricted,
    scale: NUMBERS.has(type) ? 2 : 0,
    searchPrefilterable: false,
    soapType: SOAP_TYPES[type] ?? 'xsd:string',
    sortable: definition.filterable,
    type,
    unique: false,
    updateable: definition.updateable && access.editable,
    writeRequiresMasterRead: false,
  };
}
