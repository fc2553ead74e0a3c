import { googleAuth, googleConsoleSteps, googleSignInUrls } from '@waymark/connector-kit';
import type { Manifest } from '@waymark/connector-kit';

/** Restricted scope; `gmail.metadata` would be less, but refuses the `q` that a bounded backfill needs. */
export const readScope = 'https://www.googleapis.com/auth/gmail.readonly';

export const manifest: Manifest = {
  id: 'gmail',
  name: 'Gmail',
  auth: {
    ...googleAuth,
    // For news within seconds; without them mail is read on the clock. https://developers.google.com/workspace/gmail/api/guides/push
    extra: {
      pubsubTopic: {
        label: 'Pub/Sub topic',
        secret: false,
        required: false,
        pattern: 'projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}',
      },
      pubsubAudience: { label: 'Audience of the Pub/Sub push subscription', secret: false, required: false },
      pubsubServiceAccount: {
        label: 'Service account that signs Pub/Sub pushes',
        secret: false,
        required: false,
        pattern: '[^\\s@]+@[^\\s@]+',
      },
    },
  },
  baseUrls: { ...googleSignInUrls, gmail: 'https://gmail.googleapis.com' },
  // users.getProfile names the mailbox under the read scope, so that signing in needs no scope of its own.
  baseScopes: [],
  buckets: {
    mailbox: {
      units: 6_000,
      windowMs: 60_000,
      concurrency: 4,
      unitsPerCall: 20,
      source: 'https://developers.google.com/workspace/gmail/api/reference/quota',
    },
  },
  consoleSteps: googleConsoleSteps('Gmail API', readScope),
  crm: false,
};
