import type { z } from 'zod';

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};
const forms: Readonly<Record<string, string>> = {
  datetime: 'a time such as 2026-03-01T12:00:00Z',
  date: 'a date such as 2026-03-01',
  uuid: 'an id such as 018f2c5e-7d3a-8b11-9c21-0b0d5f4e1a77',
  url: 'an address such as https://example.com',
};

/**
 * What to give where a value is not of the form that a schema asks for, in a person's words: `give a whole number`. A schema's own messages
 * name the thing alone (`a domain such as example.com`).
 */
export function remedyOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `give ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `give ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `give at least ${String(issue.minimum)}${lengthOf(issue.origin)}`;
    case 'too_big':
      return `give at most ${String(issue.maximum)}${lengthOf(issue.origin)}`;
    case 'unrecognized_keys':
      return `leave out ${issue.keys.join(', ')}`;
    case 'invalid_format': {
      const form = forms[issue.format];
      return form === undefined && issue.message.startsWith('Invalid')
        ? 'give another'
        : `give ${form ?? issue.message}`;
    }
    case 'invalid_union':
      return `give ${[...new Set(issue.errors.flat().map((one) => wayOf(one)))].join(', or ') || 'another'}`;
    default:
      return issue.message.startsWith('Invalid') ? 'give another' : `give ${issue.message}`;
  }
}

const lengthOf = (origin: string): string => (origin === 'string' ? ' letters' : origin === 'array' ? ' entries' : '');

/** One way of several in which a value may be given. */
function wayOf(issue: z.core.$ZodIssue): string {
  const place = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  return `${place}${remedyOf(issue).replace(/^give /, '')}`;
}
