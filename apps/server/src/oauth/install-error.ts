/** What went wrong on the way through a provider's consent, for the person in the browser. */
export class InstallError extends Error {
  readonly code: 'LINK_USED' | 'STATE_UNKNOWN' | 'CONSENT_REFUSED' | 'APP_MISSING' | 'EXCHANGE_FAILED' | 'READ_FAILED';
  readonly status: 400 | 403 | 502;

  constructor(
    code: InstallError['code'],
    message: string,
    status: InstallError['status'] = 400,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'InstallError';
    this.code = code;
    this.status = status;
  }
}
