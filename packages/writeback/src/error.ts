export type WritebackErrorCode = 'mapping_missing' | 'plan_missing' | 'plan_state' | 'not_acceptable' | 'lease_lost';

/** What stands in the way of a step of write-back; the message says what to do. */
export class WritebackError extends Error {
  readonly code: WritebackErrorCode;

  constructor(code: WritebackErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'WritebackError';
    this.code = code;
  }
}
