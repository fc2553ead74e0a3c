/** A refusal in Slack's shape: HTTP 200 with `ok: false`, except for rate limits (429). */
export class SlackFault extends Error {
  readonly code: string;
  readonly extra: Readonly<Record<string, unknown>>;

  /**
   * @param code Slack's error string, such as `channel_not_found`.
   * @param extra further fields of the answer, such as `needed` and `provided`.
   */
  constructor(code: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(`Slack refuses the call: ${code}.`);
    this.name = 'SlackFault';
    this.code = code;
    this.extra = extra;
  }
}
