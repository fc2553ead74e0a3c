import jmespath from 'jmespath';

const syntaxErrors = new Set(['lexererror', 'parsererror']);

/** Whether a text is a JMESPath expression: https://jmespath.org/specification.html */
export function isExpression(text: string): boolean {
  try {
    jmespath.search(null, text);
    return true;
  } catch (error) {
    // An unknown function or a wrong type is found when a payload is at hand.
    return !(error instanceof Error && syntaxErrors.has(error.name.toLowerCase()));
  }
}

/** What an expression gives, as plain JSON; null where it finds nothing. Throws where a function is given what it cannot take. */
export function evaluate(document: unknown, expression: string): unknown {
  const found: unknown = jmespath.search(document, expression);
  // A name such as `constructor` finds what every object has: only what is data comes through.
  const text = JSON.stringify(found ?? null);
  const plain: unknown = text === undefined ? null : JSON.parse(text);
  return plain;
}

/** JMESPath's own sense of truth: null, false and what is empty are not true. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
