/** A field by its path, such as `Account.Owner.Email`, with its place in the query. */
export interface Path {
  readonly names: readonly string[];
  readonly at: number;
}

export type Literal =
  | { readonly kind: 'string' | 'date'; readonly text: string }
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'boolean'; readonly flag: boolean }
  | { readonly kind: 'datetime'; readonly instant: number }
  | { readonly kind: 'named'; readonly name: string; readonly count: number }
  | { readonly kind: 'null' };

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'like';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'compare'; readonly path: Path; readonly operator: Operator; readonly value: Literal }
  | { readonly kind: 'in'; readonly path: Path; readonly negated: boolean; readonly values: readonly Literal[] };

export type SelectItem =
  | { readonly kind: 'field'; readonly path: Path }
  | { readonly kind: 'aggregate'; readonly name: 'count' | 'min' | 'max'; readonly path: Path; readonly alias: string };

export interface Ordering {
  readonly path: Path;
  readonly descending: boolean;
  readonly nullsLast: boolean;
}

/** A parsed query. */
export interface SoqlQuery {
  readonly text: string;
  readonly object: string;
  /** Empty for `SELECT COUNT()`. */
  readonly select: readonly SelectItem[];
  readonly where?: Condition;
  readonly orderBy: readonly Ordering[];
  readonly limit?: number;
}
