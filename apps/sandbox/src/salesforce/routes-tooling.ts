import { z } from 'zod';
import type { EmulatorApp, SalesforceCore } from './core.ts';
import { insufficientAccess, invalidType, notFound, SalesforceRefusal } from './errors.ts';
import { field, picklist, type FieldDefinition, type FieldType } from './field.ts';
import { gated, type Answer, type Call } from './gate.ts';
import { nextId, replaceFields } from './org.ts';

const valueSchema = z.object({
  fullName: z.string().min(1),
  label: z.string().optional(),
  default: z.boolean().optional(),
});

const customFieldSchema = z.object({
  FullName: z.string().regex(/^\w+\.\w+$/),
  Metadata: z.looseObject({
    type: z.enum(['Text', 'Picklist', 'Date', 'DateTime', 'Number', 'Currency', 'Checkbox', 'Email', 'Url']),
    label: z.string().min(1).max(40),
    length: z.int().min(1).max(255).optional(),
    trackHistory: z.boolean().nullish(),
    valueSet: z
      .looseObject({
        restricted: z.boolean().nullish(),
        valueSetDefinition: z.looseObject({ sorted: z.boolean(), value: z.array(valueSchema) }),
      })
      .nullish(),
  }),
});

const TYPES: Readonly<Record<z.infer<typeof customFieldSchema>['Metadata']['type'], FieldType>> = {
  Text: 'string',
  Picklist: 'picklist',
  Date: 'date',
  DateTime: 'datetime',
  Number: 'double',
  Currency: 'currency',
  Checkbox: 'boolean',
  Email: 'email',
  Url: 'url',
};

/** https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm */
export function registerToolingRoutes(app: EmulatorApp, core: SalesforceCore): void {
  app.post(
    '/services/data/:version/tooling/sobjects/CustomField',
    gated(core, (call) => createField(core, call)),
  );
}

/**
 * Makes a custom field. Afterwards it is there, but no profile may see it, not even the administrator's: that takes a FieldPermissions
 * record. https://github.com/simple-salesforce/simple-salesforce/issues/621
 */
async function createField(core: SalesforceCore, call: Call): Promise<Answer> {
  if (!call.access.profile.admin) {
    throw core.settings.toolingRefusal === 'access' ? insufficientAccess() : invalidType('CustomField');
  }
  const { FullName, Metadata } = await call.body(customFieldSchema);
  const [object = '', name = ''] = FullName.split('.');
  const schema = call.access.object(object);
  if (schema === undefined) throw notFound();
  if (!name.endsWith('__c')) {
    throw new SalesforceRefusal(
      400,
      'FIELD_INTEGRITY_EXCEPTION',
      `Field: A valid custom field name ends with __c: ${name}`,
    );
  }
  if (call.book.fieldOf(schema.name, name) !== undefined) {
    const plain = name.replace(/__c$/, '');
    throw new SalesforceRefusal(
      400,
      'DUPLICATE_DEVELOPER_NAME',
      `There is already a field named ${plain} on ${schema.label}.`,
      ['FullName'],
    );
  }
  replaceFields(call.book.org, schema.name, [definitionOf(name, Metadata)]);
  if (!core.settings.newFieldsVisible) {
    for (const profile of Object.values(call.book.org.profiles)) profile.hiddenFields.push(`${schema.name}.${name}`);
  }
  const id = nextId(call.book.org, '00N');
  return { status: 201, body: { id, success: true, errors: [], warnings: [], infos: [] } };
}

function definitionOf(name: string, metadata: z.infer<typeof customFieldSchema>['Metadata']): FieldDefinition {
  const { type, label } = metadata;
  const tracked = metadata.trackHistory === true;
  if (type === 'Picklist') {
    const set = metadata.valueSet;
    if (set === undefined || set === null || set.valueSetDefinition.value.length === 0) {
      throw new SalesforceRefusal(400, 'FIELD_INTEGRITY_EXCEPTION', 'Field: A picklist needs a value set');
    }
    const values = set.valueSetDefinition.value.map((each) => ({
      value: each.fullName,
      label: each.label ?? each.fullName,
      active: true,
    }));
    return picklist(name, values, { label, tracked, restricted: set.restricted === true });
  }
  if (type === 'Text' && metadata.length === undefined) {
    throw new SalesforceRefusal(
      400,
      'FIELD_INTEGRITY_EXCEPTION',
      "Field: Must specify 'length' for a CustomField of type Text",
    );
  }
  return field(name, TYPES[type], {
    label,
    tracked,
    ...(metadata.length === undefined ? {} : { length: metadata.length }),
  });
}
