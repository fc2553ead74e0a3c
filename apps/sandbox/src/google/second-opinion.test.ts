import { createEmulator } from 'emulate';
import { OAuth2Client } from 'google-auth-library';
import { gmail } from 'googleapis/build/src/apis/gmail/index.js';
import { expect, test } from 'vitest';
import { ana, startGoogle } from './google-fixture.ts';

type Gmail = ReturnType<typeof gmail>;

const me = { userId: 'me' };
const types = ['messageAdded', 'messageDeleted', 'labelAdded', 'labelRemoved'];

const raw = (number: number): Buffer =>
  Buffer.from(
    `Message-ID: <m${number}@client.example>\r\nFrom: zoe@client.example\r\nTo: ${ana}\r\nSubject: Mail ${number}\r\n\r\nHello\r\n`,
  );

/** What history tells since a start, without the ids that each side makes up: type and Message-ID number by order. */
const told = async (api: Gmail, start: string, names: ReadonlyMap<string, string>): Promise<string[]> => {
  const lines: string[] = [];
  let pageToken: string | undefined;
  do {
    const { data } = await api.users.history.list({
      ...me,
      startHistoryId: start,
      historyTypes: types,
      maxResults: 2,
      ...(pageToken ? { pageToken } : {}),
    });
    for (const record of data.history ?? []) {
      const name = (message?: { id?: string | null }) => names.get(message?.id ?? '') ?? '?';
      for (const { message } of record.messagesAdded ?? []) lines.push(`added ${name(message)}`);
      for (const { message } of record.messagesDeleted ?? []) lines.push(`deleted ${name(message)}`);
      for (const { message, labelIds } of record.labelsAdded ?? []) lines.push(`${name(message)} +${labelIds?.join()}`);
      for (const { message, labelIds } of record.labelsRemoved ?? [])
        lines.push(`${name(message)} -${labelIds?.join()}`);
    }
    pageToken = data.nextPageToken ?? undefined;
  } while (pageToken);
  return lines;
};

/** The independent fake of the `emulate` package, to see whether the two agree on what history says. */
const other = async (): Promise<string[]> => {
  const emulator = await createEmulator({
    service: 'google',
    port: 0,
    seed: { tokens: { secret: { login: ana } }, google: { users: [{ email: ana, name: 'Ana' }] } },
  });
  try {
    const auth = new OAuth2Client();
    auth.setCredentials({ access_token: 'secret' });
    const api = gmail({ version: 'v1', rootUrl: `${emulator.url}/`, auth });
    const names = new Map<string, string>();
    const insert = async (number: number): Promise<{ id: string; historyId: string }> => {
      const requestBody = { raw: raw(number).toString('base64url'), labelIds: ['INBOX'] };
      const { data } = await api.users.messages.insert({ ...me, requestBody });
      names.set(data.id ?? '', String(number));
      return { id: data.id ?? '', historyId: data.historyId ?? '' };
    };
    const { historyId } = await insert(0);
    const one = await insert(1);
    const two = await insert(2);
    await api.users.messages.modify({ ...me, id: one.id, requestBody: { addLabelIds: ['TRASH'] } });
    await api.users.messages.modify({ ...me, id: one.id, requestBody: { removeLabelIds: ['INBOX'] } });
    await api.users.messages.delete({ ...me, id: two.id });
    return await told(api, historyId, names);
  } finally {
    await emulator.close();
  }
};

const own = async (): Promise<string[]> => {
  const google = await startGoogle();
  try {
    const names = new Map<string, string>();
    const insert = (number: number): { id: string; historyId: number } => {
      const message = google.handle.addRaw(ana, raw(number), { labelIds: ['INBOX'] });
      names.set(message.id, String(number));
      return message;
    };
    const { historyId } = insert(0);
    const one = insert(1);
    const two = insert(2);
    google.handle.mail.modify(ana, one.id, { add: ['TRASH'] });
    google.handle.mail.modify(ana, one.id, { remove: ['INBOX'] });
    google.handle.removeMail(ana, two.id);
    return await told(google.client(ana).gmail, String(historyId), names);
  } finally {
    await google.close();
  }
};

test('an independent fake of Gmail tells the same history', async () => {
  const ours = await own();
  expect(ours).toEqual(['added 1', 'added 2', '1 +TRASH', '1 -INBOX', 'deleted 2']);
  expect(await other()).toEqual(ours);
});
