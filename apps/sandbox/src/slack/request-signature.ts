import { createHmac } from 'node:crypto';

/**
 * The headers with which Slack signs a request to an app.
 * @param timestamp epoch seconds.
 * @see https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function signatureHeaders(signingSecret: string, timestamp: number, body: string): Record<string, string> {
  const digest = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': String(timestamp), 'x-slack-signature': `v0=${digest}` };
}
