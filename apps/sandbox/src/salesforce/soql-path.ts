import type { Access } from './access.ts';
import { isArchived } from './derived.ts';
import { noSuchColumn, SalesforceRefusal } from './errors.ts';
import { systemField, type FieldDefinition } from './field.ts';
import type { Path } from './soql-query.ts';
import type { FieldValue, SObject } from './state.ts';

export interface Owner {
  readonly object: string;
  readonly record: SObject;
}

/** A path that the user may read: where it leads from a record. */
export interface Column {
  /** Names as the schema spells them. */
  readonly names: readonly string[];
  readonly definition: FieldDefinition;
  /** The records that the references on the way lead to, in order; undefined from the first empty one on. */
  owners(record: SObject): readonly (Owner | undefined)[];
  value(record: SObject): FieldValue;
}

/** What can be read of a record behind a polymorphic reference: the fields of the object `Name`. */
const NAME_FIELDS: readonly FieldDefinition[] = [
  systemField('Id', 'id'),
  systemField('Name', 'string'),
  systemField('Type', 'picklist'),
  systemField('FirstName', 'string'),
  systemField('LastName', 'string'),
  systemField('Email', 'email'),
  systemField('Username', 'string'),
  systemField('Title', 'string'),
  systemField('IsActive', 'boolean'),
];

interface Step {
  readonly reference: FieldDefinition;
  readonly name: string;
}

/** Finds where a path leads. @throws SalesforceRefusal INVALID_FIELD if it names what the user cannot see. */
export function columnOf(access: Access, query: string, object: string, path: Path, now: number): Column {
  const steps: Step[] = [];
  let current: string | undefined = object;
  for (const name of path.names.slice(0, -1)) {
    const reference = relationship(access, current, name);
    if (reference === undefined) {
      throw new SalesforceRefusal(
        400,
        'INVALID_FIELD',
        `\n${query}\n^\nERROR at Row:1:Column:${path.at + 1}\nDidn't understand relationship '${name}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
      );
    }
    steps.push({ reference, name: reference.relationshipName ?? name });
    current = reference.referenceTo.length === 1 ? reference.referenceTo[0] : undefined;
  }
  const last = path.names.at(-1) ?? '';
  const definition =
    current === undefined
      ? NAME_FIELDS.find((each) => each.name.toLowerCase() === last.toLowerCase())
      : access.fields(current).get(last.toLowerCase());
  if (definition === undefined) throw noSuchColumn(query, path.at, last, current ?? 'Name');
  return {
    names: [...steps.map((step) => step.name), definition.name],
    definition,
    owners: (record) => follow(access, { object, record }, steps),
    value: (record) => {
      const found = steps.length === 0 ? { object, record } : follow(access, { object, record }, steps).at(-1);
      if (found === undefined) return null;
      if (definition.name === 'IsArchived') return isArchived(found.object, found.record, now);
      if (definition.name === 'Type' && current === undefined) return found.object;
      return found.record[definition.name] ?? (definition.type === 'boolean' ? false : null);
    },
  };
}

function relationship(access: Access, object: string | undefined, name: string): FieldDefinition | undefined {
  if (object === undefined) return undefined;
  const lower = name.toLowerCase();
  for (const each of access.fields(object).values()) {
    if (each.relationshipName?.toLowerCase() !== lower) continue;
    return each.referenceTo.some((target) => access.object(target) !== undefined) ? each : undefined;
  }
  return undefined;
}

function follow(access: Access, start: Owner, steps: readonly Step[]): (Owner | undefined)[] {
  let at: Owner | undefined = start;
  return steps.map(({ reference }) => {
    const id: unknown = at?.record[reference.name];
    at = typeof id === 'string' ? behind(access, reference, id) : undefined;
    return at;
  });
}

function behind(access: Access, reference: FieldDefinition, id: string): Owner | undefined {
  for (const object of reference.referenceTo) {
    const record = access.book.find(object, id);
    if (record !== undefined) return { object, record };
  }
  return undefined;
}
