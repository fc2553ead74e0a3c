/** What went wrong in the store, as a code that a caller can act on. */
export type StoreErrorCode =
  | 'embedded_unavailable'
  | 'embedded_failed'
  | 'home_unusable'
  | 'role_unsafe'
  | 'schema_behind'
  | 'migration_failed'
  | 'migration_changed'
  | 'workspace_missing'
  | 'statement_refused'
  | 'secret_unreadable'
  | 'master_key_invalid'
  | 'settings_invalid'
  | 'slug_taken';

/** The store's one error. The message is one sentence that says what to do; no secret and no row content is in it. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}

/** The SQLSTATE of a PostgreSQL error, or the system's code of a network one; undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
