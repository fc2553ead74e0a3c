import type { ErrorDetail } from './errors.ts';
import type { PropertyDefinition } from './property.ts';

export type ValueCheck =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly error: ErrorDetail };

function refuse(definition: PropertyDefinition, code: string, message: string): ValueCheck {
  return { ok: false, error: { message, code, context: { propertyName: [definition.name] } } };
}

function instant(text: string): number {
  return /^-?\d+$/.test(text) ? Number(text) : Date.parse(text);
}

/**
 * Checks and normalizes a value for its property as HubSpot stores it: dates as `YYYY-MM-DD`, datetimes as ISO 8601 in UTC,
 * enumerations exactly as an option's value (a stray blank or a label is refused since April 2025), the empty string clears.
 * https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
 */
export function checkValue(definition: PropertyDefinition, raw: unknown): ValueCheck {
  if (raw !== null && !['string', 'number', 'boolean'].includes(typeof raw)) {
    return refuse(definition, 'INVALID_TYPE', `${definition.name} must be a string, number or boolean`);
  }
  const text = raw === null ? '' : String(raw);
  if (text === '') return { ok: true, value: '' };
  switch (definition.type) {
    case 'number':
      return Number.isFinite(Number(text))
        ? { ok: true, value: text }
        : refuse(definition, 'INVALID_LONG', `${text} was not a valid number.`);
    case 'bool':
      return text === 'true' || text === 'false'
        ? { ok: true, value: text }
        : refuse(definition, 'INVALID_OPTION', `${text} was not one of the allowed options: [true, false]`);
    case 'enumeration': {
      if (definition.externalOptions === true || definition.options.some((option) => option.value === text)) {
        return { ok: true, value: text };
      }
      const allowed = definition.options.map((option) => option.value).join(', ');
      return refuse(definition, 'INVALID_OPTION', `${text} was not one of the allowed options: [${allowed}]`);
    }
    case 'date': {
      const at = instant(text);
      if (Number.isNaN(at) || at % 86_400_000 !== 0) {
        return refuse(
          definition,
          'INVALID_DATE',
          `${text} is not a valid date: send YYYY-MM-DD or midnight UTC in milliseconds`,
        );
      }
      return { ok: true, value: new Date(at).toISOString().slice(0, 10) };
    }
    case 'datetime': {
      const at = instant(text);
      return Number.isNaN(at)
        ? refuse(definition, 'INVALID_DATE', `${text} is not a valid date and time`)
        : { ok: true, value: new Date(at).toISOString() };
    }
    case 'string':
      return { ok: true, value: text };
  }
}

/** The form in which two values of a property compare: numbers and instants as numbers, text in lower case. */
export function comparable(definition: PropertyDefinition, text: string): number | string {
  if (definition.type === 'number') return Number(text);
  if (definition.type === 'date' || definition.type === 'datetime') return instant(text);
  return text.toLowerCase();
}
