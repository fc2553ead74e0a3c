import type pg from 'pg';

/** Placeholder until the rules are in. */
export function guardClient(_client: pg.ClientBase, _tenants: ReadonlySet<string>): void {}
