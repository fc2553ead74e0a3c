import { malformedQuery } from './errors.ts';
import type { Condition, Literal, Operator, Ordering, Path, SelectItem, SoqlQuery } from './soql-query.ts';
import { tokensOf, type Token } from './soql-token.ts';
import { parseInstant } from './value.ts';

const COMPARISONS: Readonly<Record<string, Operator>> = {
  '=': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};
const AGGREGATES = { count: 'count', min: 'min', max: 'max' } as const;
const MOST_PARENTS = 5;

/** Raised for SOQL that Salesforce knows and this sandbox does not, so that it cannot pass for the vendor's refusal. */
class UnknownSoqlError extends Error {
  readonly code = 'unknown_soql';
}

/**
 * Reads a query. AND and OR side by side need parentheses, as they do at the vendor.
 * https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm
 * @throws SalesforceRefusal MALFORMED_QUERY; UnknownSoqlError for what the sandbox has not got.
 */
export function parseSoql(text: string): SoqlQuery {
  return new Parser(text).query();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  query(): SoqlQuery {
    this.#expect('select');
    const select = this.#selection();
    this.#expect('from');
    const from = this.#path();
    if (from.names.length > 1) throw malformedQuery(`unexpected token: '${from.names.join('.')}'`);
    const where = this.#accept('where') ? this.#condition() : undefined;
    for (const word of ['group', 'having', 'with', 'using', 'for', 'offset']) {
      if (this.#is(word)) throw new UnknownSoqlError(`The sandbox's SOQL has no ${word.toUpperCase()}; add it there.`);
    }
    const orderBy = this.#accept('order') ? this.#orderBy() : [];
    const limit = this.#accept('limit') ? this.#number() : undefined;
    if (this.#peek.kind !== 'end') throw this.#unexpected();
    return {
      text: this.#text,
      object: from.names[0] ?? '',
      select,
      orderBy,
      ...(where === undefined ? {} : { where }),
      ...(limit === undefined ? {} : { limit }),
    };
  }

  #selection(): SelectItem[] {
    const items: SelectItem[] = [];
    do {
      if (this.#is('(') || this.#is('typeof') || this.#is('fields')) {
        throw new UnknownSoqlError(`The sandbox's SOQL selects plain fields alone, not ${this.#peek.text}.`);
      }
      const path = this.#path();
      if (!this.#accept('(')) items.push({ kind: 'field', path });
      else if (this.#accept(')')) {
        if (path.names[0]?.toLowerCase() !== 'count' || items.length > 0 || this.#is(',')) throw this.#unexpected();
        return [];
      } else items.push(this.#aggregate(path, items.length));
    } while (this.#accept(','));
    return items;
  }

  #aggregate(called: Path, index: number): SelectItem {
    const word = called.names[0]?.toLowerCase() ?? '';
    const name = word === 'count' || word === 'min' || word === 'max' ? AGGREGATES[word] : undefined;
    if (name === undefined) throw new UnknownSoqlError(`The sandbox's SOQL has no function ${word}.`);
    const path = this.#path();
    this.#expect(')');
    const named = this.#peek.kind === 'word' && !this.#is('from');
    const alias = named ? this.#take().text : `expr${index}`;
    return { kind: 'aggregate', name, path, alias };
  }

  #condition(): Condition {
    const first = this.#term();
    for (const kind of ['and', 'or'] as const) {
      if (!this.#is(kind)) continue;
      const parts = [first];
      while (this.#accept(kind)) parts.push(this.#term());
      return { kind, parts };
    }
    return first;
  }

  #term(): Condition {
    if (this.#accept('not')) return { kind: 'not', part: this.#term() };
    if (this.#accept('(')) {
      const inner = this.#condition();
      this.#expect(')');
      return inner;
    }
    const path = this.#path();
    const negated = this.#accept('not');
    if (this.#accept('in')) return { kind: 'in', path, negated, values: this.#list() };
    if (negated) throw this.#unexpected();
    if (this.#accept('like')) return { kind: 'compare', path, operator: 'like', value: this.#literal() };
    const operator = COMPARISONS[this.#peek.text];
    if (operator === undefined) throw this.#unexpected();
    this.#take();
    return { kind: 'compare', path, operator, value: this.#literal() };
  }

  #list(): Literal[] {
    this.#expect('(');
    if (this.#is('select')) throw new UnknownSoqlError("The sandbox's SOQL has no semi-joins.");
    const values: Literal[] = [];
    do values.push(this.#literal());
    while (this.#accept(','));
    this.#expect(')');
    return values;
  }

  #literal(): Literal {
    const token = this.#take();
    if (token.kind === 'string') return { kind: 'string', text: token.text };
    if (token.kind === 'date') return { kind: 'date', text: token.text };
    if (token.kind === 'number') return { kind: 'number', number: Number(token.text) };
    if (token.kind === 'datetime') {
      const instant = parseInstant(token.text.toUpperCase());
      if (instant === undefined) throw malformedQuery(`Invalid datetime: ${token.text}`);
      return { kind: 'datetime', instant };
    }
    const word = token.text.toLowerCase();
    if (token.kind === 'word') {
      if (word === 'null') return { kind: 'null' };
      if (word === 'true' || word === 'false') return { kind: 'boolean', flag: word === 'true' };
      const [name = '', count] = word.split(':');
      if (/^[a-z]+(_[a-z]+)*$/.test(name)) return { kind: 'named', name, count: Number(count ?? 0) };
    }
    throw malformedQuery(`unexpected token: '${token.text}'`);
  }

  #orderBy(): Ordering[] {
    this.#expect('by');
    const orderings: Ordering[] = [];
    do {
      const path = this.#path();
      const descending = this.#accept('desc');
      if (!descending) this.#accept('asc');
      let nullsLast = false;
      if (this.#accept('nulls')) {
        nullsLast = this.#accept('last');
        if (!nullsLast) this.#expect('first');
      }
      orderings.push({ path, descending, nullsLast });
    } while (this.#accept(','));
    return orderings;
  }

  #number(): number {
    const token = this.#take();
    if (token.kind !== 'number' || !/^\d+$/.test(token.text)) throw malformedQuery(`unexpected token: '${token.text}'`);
    return Number(token.text);
  }

  #path(): Path {
    const token = this.#take();
    if (token.kind !== 'word' || token.text.includes(':')) throw malformedQuery(`unexpected token: '${token.text}'`);
    const names = token.text.split('.');
    if (names.length > MOST_PARENTS + 1 || names.includes(''))
      throw malformedQuery(`unexpected token: '${token.text}'`);
    return { names, at: token.at };
  }

  get #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '<EOF>', at: this.#text.length };
  }

  #take(): Token {
    const token = this.#peek;
    this.#next += 1;
    return token;
  }

  #is(text: string): boolean {
    const token = this.#peek;
    return (token.kind === 'word' || token.kind === 'symbol') && token.text.toLowerCase() === text;
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#next += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw this.#unexpected();
  }

  #unexpected(): Error {
    return malformedQuery(`unexpected token: '${this.#peek.text}'`);
  }
}
