import type { Problem } from './errors.ts';
import type { FieldDefinition } from './field.ts';
import { isId, longId } from './record-id.ts';
import type { FieldValue } from './state.ts';

export type ValueCheck =
  | { readonly ok: true; readonly value: FieldValue }
  | { readonly ok: false; readonly problem: Problem };

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATETIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;

/** An instant as the API writes it: `2026-11-20T12:00:00.000+0000`. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/intro_valid_date_formats.htm */
export const instantText = (at: number): string => new Date(at).toISOString().replace('Z', '+0000');

/** Reads an instant with any offset; undefined if it is none. */
export function parseInstant(text: string): number | undefined {
  if (!DATETIME.test(text)) return undefined;
  const at = Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(at) ? undefined : at;
}

function isDate(text: string): boolean {
  return DATE.test(text) && !Number.isNaN(Date.parse(text));
}

/** A value as JSON carries it. */
export function jsonValue(definition: FieldDefinition, value: FieldValue): FieldValue {
  if (value === null) return definition.type === 'boolean' ? false : null;
  return definition.type === 'datetime' && typeof value === 'number' ? instantText(value) : value;
}

/** A value as the Bulk API's CSV carries it: instants end in Z there, null is empty. */
export function csvValue(definition: FieldDefinition, value: FieldValue): string {
  if (value === null) return definition.type === 'boolean' ? 'false' : '';
  return definition.type === 'datetime' && typeof value === 'number' ? new Date(value).toISOString() : String(value);
}

function refuse(code: string, message: string, fields?: readonly string[]): ValueCheck {
  return { ok: false, problem: { code, message, ...(fields === undefined ? {} : { fields }) } };
}

/** Checks a written value against its field and gives its stored form; the problem is worded as the vendor words it. */
export function checkValue(definition: FieldDefinition, raw: unknown): ValueCheck {
  const { name, label, type } = definition;
  if (raw === null || raw === '') {
    if (!definition.nillable && type !== 'boolean') {
      return refuse('REQUIRED_FIELD_MISSING', `Required fields are missing: [${name}]`, [name]);
    }
    return { ok: true, value: null };
  }
  if (typeof raw !== 'string' && typeof raw !== 'number' && typeof raw !== 'boolean') {
    return refuse('JSON_PARSER_ERROR', `Cannot deserialize instance of ${type} from START_OBJECT value {`);
  }
  const wrongType = (): ValueCheck =>
    refuse(
      'JSON_PARSER_ERROR',
      `Cannot deserialize instance of ${type} from VALUE_STRING value ${String(raw)} or request may be missing a required field`,
    );
  switch (type) {
    case 'boolean':
      return typeof raw === 'boolean' ? { ok: true, value: raw } : wrongType();
    case 'double':
    case 'currency':
    case 'percent':
    case 'int': {
      const number = Number(raw);
      return typeof raw === 'boolean' || !Number.isFinite(number) ? wrongType() : { ok: true, value: number };
    }
    case 'date':
      return isDate(String(raw).slice(0, 10)) ? { ok: true, value: String(raw).slice(0, 10) } : wrongType();
    case 'datetime': {
      const at = parseInstant(String(raw));
      return at === undefined ? wrongType() : { ok: true, value: at };
    }
    case 'id':
    case 'reference':
      return isId(String(raw))
        ? { ok: true, value: longId(String(raw)) }
        : refuse('MALFORMED_ID', `${label}: id value of incorrect type: ${String(raw)}`, [name]);
    case 'picklist': {
      const known = definition.picklist.some((each) => each.active && each.value === String(raw));
      if (known || !definition.restricted) return { ok: true, value: String(raw) };
      return refuse(
        'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
        `${label}: bad value for restricted picklist field: ${String(raw)}`,
        [name],
      );
    }
    default: {
      const text = String(raw);
      if (type === 'email' && !/^[^@\s]+@[^@\s]+$/.test(text)) {
        return refuse('INVALID_EMAIL_ADDRESS', `${label}: invalid email address: ${text}`, [name]);
      }
      if (text.length <= definition.length) return { ok: true, value: text };
      return refuse(
        'STRING_TOO_LONG',
        `${label}: data value too large: ${text.slice(0, 40)} (max length=${definition.length})`,
        [name],
      );
    }
  }
}
