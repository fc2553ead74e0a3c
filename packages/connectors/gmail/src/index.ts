import { classifyGoogle } from '@waymark/connector-kit';
import type { Connector, Stream } from '@waymark/connector-kit';
import { z } from 'zod';
import { connectGmail } from './client.ts';
import type { GmailClient } from './client.ts';
import { countMessages } from './count-messages.ts';
import { gmailCursor } from './cursor.ts';
import type { GmailCursor } from './cursor.ts';
import { manifest, readScope } from './manifest.ts';
import { mapMessage } from './map-message.ts';
import { hint, push } from './push.ts';
import { pullMessages } from './pull-messages.ts';
import { rawMessage, withoutBody } from './raw-message.ts';
import type { RawMessage } from './raw-message.ts';

/** An installation's settings. Subjects are kept only where a person asks for them. */
const gmailSettings = z.object({ keepSubjects: z.boolean().default(false) });

const messages: Stream<GmailClient, GmailCursor, RawMessage> = {
  name: 'messages',
  object: 'message',
  scopes: [readScope],
  sees: ['email'],
  // The history is exact: no overlap to reread, no part that is not yet final.
  cursor: { kind: 'gmail-history', version: 1, schema: gmailCursor, overlapMs: 0, settleMs: 0 },
  raw: rawMessage,
  order: 50,
  pull: (client, from, _partition, context) => pullMessages(client, from, context),
  map: mapMessage,
  withoutBody,
  count: (client, _partition, window) => countMessages(client, window),
};

/** Gmail: the headers of a mailbox's messages as mail events. */
export const gmail: Connector<GmailClient> = {
  manifest,
  settings: gmailSettings,
  connect: connectGmail,
  async identify(client) {
    const { emailAddress } = await client.profile();
    const address = emailAddress.toLowerCase();
    return { externalAccountId: address, label: emailAddress, address };
  },
  streams: [messages],
  classify: classifyGoogle,
  hint,
  push,
};
