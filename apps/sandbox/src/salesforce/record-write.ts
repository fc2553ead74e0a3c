import type { SalesforceCore } from './core.ts';
import type { Problem } from './errors.ts';
import type { Call } from './gate.ts';
import { longId } from './record-id.ts';
import { SETUP_OBJECTS } from './setup-catalog.ts';
import type { ObjectSchema, SObject, WriteLogEntry } from './state.ts';
import { checkValue } from './value.ts';

/** A write that has passed every check, or the first problem that it met. */
export type CheckedWrite =
  | { readonly ok: true; readonly values: SObject }
  | { readonly ok: false; readonly problem: Problem };

const refuse = (code: string, message: string, fields?: readonly string[]): CheckedWrite => ({
  ok: false,
  problem: { code, message, ...(fields === undefined ? {} : { fields }) },
});

/** Checks the fields of a new or changed record as the connected user: rights, types, picklists. */
export function checkFields(
  call: Call,
  schema: ObjectSchema,
  sent: Readonly<Record<string, unknown>>,
  creating: boolean,
): CheckedWrite {
  const { access } = call;
  const setup = SETUP_OBJECTS.has(schema.name) && !access.profile.admin;
  if (schema.system || setup || access.profile.readOnlyObjects.includes(schema.name)) {
    return refuse('INSUFFICIENT_ACCESS_OR_READONLY', 'insufficient access rights on object id');
  }
  const values: SObject = {};
  for (const [name, raw] of Object.entries(sent)) {
    if (name === 'attributes' || name.toLowerCase() === 'id') continue;
    const definition = access.fields(schema.name).get(name.toLowerCase());
    if (definition === undefined)
      return refuse('INVALID_FIELD', `No such column '${name}' on sobject of type ${schema.name}`);
    const writable = creating ? definition.createable : definition.updateable;
    if (!writable || !access.mayEdit(schema.name, definition.name)) {
      return refuse(
        'INVALID_FIELD_FOR_INSERT_UPDATE',
        `Unable to create/update fields: ${definition.name}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`,
        [definition.name],
      );
    }
    const checked = checkValue(definition, raw);
    if (!checked.ok) return checked;
    values[definition.name] = checked.value;
  }
  if (creating) {
    const missing = schema.fields.filter(
      (each) =>
        !each.nillable &&
        each.createable &&
        each.type !== 'boolean' &&
        each.name !== 'OwnerId' &&
        (values[each.name] ?? null) === null,
    );
    if (missing.length > 0) {
      const names = missing.map((each) => each.name);
      return refuse('REQUIRED_FIELD_MISSING', `Required fields are missing: [${names.join(', ')}]`, names);
    }
  }
  return { ok: true, values };
}

/** Checks a change of one record: that it is there and may be changed now, then its fields. */
export function checkUpdate(
  core: SalesforceCore,
  call: Call,
  schema: ObjectSchema,
  id: string,
  sent: Readonly<Record<string, unknown>>,
): CheckedWrite {
  if (!id.startsWith(schema.prefix)) return refuse('MALFORMED_ID', `bad id ${id}`, ['Id']);
  const record = call.book.find(schema.name, id);
  if (record === undefined || !call.access.seesRecord(record)) {
    return refuse('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id');
  }
  if (record['IsDeleted'] === true) return refuse('ENTITY_IS_DELETED', 'entity is deleted');
  const checked = checkFields(call, schema, sent, false);
  if (!checked.ok) return checked;
  const { refusedWrites } = core.settings;
  const refused = refusedWrites.get(longId(id));
  if (refused === undefined) return checked;
  if (refused.once === true) refusedWrites.delete(longId(id));
  return { ok: false, problem: refused };
}

/** Applies a checked write and puts it on the log. */
export function applyWrite(
  core: SalesforceCore,
  call: Call,
  write: {
    readonly object: string;
    /** Of the record to change; a new one is made without it. */
    readonly id?: string;
    readonly values: SObject;
    readonly sent: Readonly<Record<string, unknown>>;
    readonly via: WriteLogEntry['via'];
  },
): string {
  const { book, access, client } = call;
  const { object, values, sent, via } = write;
  const edit = { userId: access.userId, at: core.now() };
  const record =
    write.id === undefined ? book.insert(object, values, edit) : book.update(object, longId(write.id), values, edit);
  const id = String(record['Id']);
  core.state.writes.push({
    at: core.now(),
    orgId: book.org.id,
    object,
    id,
    sent,
    applied: values,
    userId: access.userId,
    via,
    ...(client === undefined ? {} : { client }),
  });
  return id;
}
