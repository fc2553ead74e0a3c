import { UnexpectedAnswer } from '@waymark/connector-kit';
import type { Session } from '@waymark/connector-kit';
import { z } from 'zod';
import { metadataHeaders, ownLabels, withoutBody } from './raw-message.ts';

/** Costs in quota units: https://developers.google.com/workspace/gmail/api/reference/quota */
const cost = { profile: 1, list: 5, get: 20, history: 2, watch: 100, stop: 50, labels: 1 } as const;
const reference = 'https://developers.google.com/workspace/gmail/api/reference/rest/v1';

const profileAnswer = z.object({ emailAddress: z.string().min(3), historyId: z.string().min(1) });

const listAnswer = z.object({
  messages: z.array(z.object({ id: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});

const change = z.object({
  message: z.object({ id: z.string(), threadId: z.string().optional(), labelIds: z.array(z.string()).optional() }),
  labelIds: z.array(z.string()).optional(),
});

const historyAnswer = z.object({
  history: z
    .array(
      z.object({
        id: z.string(),
        messagesAdded: z.array(change).optional(),
        messagesDeleted: z.array(change).optional(),
        labelsAdded: z.array(change).optional(),
        labelsRemoved: z.array(change).optional(),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
  historyId: z.string().min(1),
});
export type HistoryAnswer = z.infer<typeof historyAnswer>;

const labels = z.array(z.string());

/** The raw form is stripped here, so that no text of a mail goes any further. */
const messageAnswer = z.looseObject({ id: z.string().min(1), historyId: z.string().min(1) }).transform((message) => ({
  id: message.id,
  historyId: message.historyId,
  labelIds: labels.safeParse(message['labelIds']).data ?? [],
  raw: withoutBody(message),
}));

/** https://developers.google.com/workspace/gmail/api/reference/rest/v1/users/watch */
const watchAnswer = z.object({ historyId: z.string(), expiration: z.coerce.number().int().positive() });

const labelsAnswer = z.object({
  labels: z.array(z.object({ id: z.string(), name: z.string() })).default([]),
});

/** The five reads of a mailbox that the connector makes; bodies are never asked for. */
export interface GmailClient {
  profile(): Promise<z.infer<typeof profileAnswer>>;
  /** Ids of at most 100 messages, newest first. */
  list(query: string, pageToken: string | undefined): Promise<z.infer<typeof listAnswer>>;
  /** Headers and labels of one message, without its snippet. */
  message(id: string): Promise<z.infer<typeof messageAnswer>>;
  /** At most 100 changes after a history id. */
  history(startHistoryId: string): Promise<HistoryAnswer>;
  /** Has every change of the mailbox told to a topic, until `expiration`, epoch milliseconds; again, it only prolongs. */
  watch(topicName: string): Promise<z.infer<typeof watchAnswer>>;
  stop(): Promise<void>;
  now(): number;
}

/** Loads the SDK and binds it to a session. Retries are the runner's: the SDK's ignore Retry-After. */
export async function connectGmail(session: Session): Promise<GmailClient> {
  const { gmail } = await import('googleapis/build/src/apis/gmail/index.js');
  const rootUrl = session.baseUrls['gmail'];
  const { users } = gmail({ version: 'v1', retry: false, ...(rootUrl === undefined ? {} : { rootUrl }) });

  const read = <T>(
    what: keyof typeof cost,
    doc: string,
    schema: z.ZodType<T>,
    work: (options: { signal: AbortSignal; headers: Record<string, string> }) => Promise<{ data: unknown }>,
  ): Promise<T> =>
    session.call(
      { bucket: 'mailbox', cost: cost[what], idempotent: true, doc: `${reference}/${doc}` },
      async (signal) => {
        const headers = { authorization: `Bearer ${await session.accessToken()}` };
        const answer = schema.safeParse((await work({ signal, headers })).data);
        if (!answer.success) throw new UnexpectedAnswer(`Gmail's ${what}`, { cause: answer.error });
        return answer.data;
      },
    );

  let names: Promise<ReadonlyMap<string, string>> | undefined;
  let renewed = false;
  const readNames = () =>
    read('labels', 'users.labels/list', labelsAnswer, (options) => users.labels.list({ userId: 'me' }, options)).then(
      ({ labels }) => new Map(labels.map((one) => [one.id, one.name])),
    );
  /** Read once a run, and once more for a label made since. */
  const namesOf = async (ids: readonly string[]): Promise<readonly string[]> => {
    let known = await (names ??= readNames());
    if (!renewed && ids.some((id) => !known.has(id))) {
      renewed = true;
      known = await (names = readNames());
    }
    return ids.map((id) => known.get(id) ?? id);
  };

  return {
    profile: () =>
      read('profile', 'users/getProfile', profileAnswer, (options) => users.getProfile({ userId: 'me' }, options)),
    list: (q, pageToken) =>
      read('list', 'users.messages/list', listAnswer, (options) =>
        users.messages.list(
          {
            userId: 'me',
            q,
            maxResults: 100,
            includeSpamTrash: false,
            ...(pageToken === undefined ? {} : { pageToken }),
          },
          options,
        ),
      ),
    message: async (id) => {
      const message = await read('get', 'users.messages/get', messageAnswer, (options) =>
        users.messages.get(
          {
            userId: 'me',
            id,
            format: 'metadata',
            metadataHeaders: [...metadataHeaders],
            fields: 'id,threadId,labelIds,internalDate,historyId,payload(mimeType,headers)',
          },
          options,
        ),
      );
      const own = ownLabels(message.labelIds);
      if (own.length === 0) return message;
      return { ...message, raw: { ...message.raw, labelNames: await namesOf(own) } };
    },
    history: (startHistoryId) =>
      read('history', 'users.history/list', historyAnswer, (options) =>
        users.history.list(
          {
            userId: 'me',
            startHistoryId,
            historyTypes: ['messageAdded', 'messageDeleted', 'labelAdded', 'labelRemoved'],
            maxResults: 100,
          },
          options,
        ),
      ),
    watch: (topicName) =>
      read('watch', 'users/watch', watchAnswer, (options) =>
        users.watch({ userId: 'me', requestBody: { topicName } }, options),
      ),
    stop: async () => {
      await read('stop', 'users/stop', z.unknown(), (options) => users.stop({ userId: 'me' }, options));
    },
    now: () => session.now(),
  };
}
