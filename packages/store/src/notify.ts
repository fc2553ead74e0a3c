import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientConfig } from './connection.ts';
import type { Database } from './database.ts';
import type { Transaction } from './tenancy.ts';

/** Hears one channel's notices. `undefined` says that some may have been missed: look at the rows. */
type NoticeHandler = (payload: string | undefined) => void;

/** One connection that listens, and comes back when it is lost. */
export type Listening = {
  /** Hears a channel from when the promise resolves, until the returned function is called. */
  readonly on: (channel: string, handler: NoticeHandler) => Promise<() => Promise<void>>;
  readonly close: () => Promise<void>;
};

const longestWait = 5_000;
const heartbeat = 15_000;

/**
 * Opens the process's one LISTEN connection (rule S10: it goes to the coordinator). A notice is a wake-up, not a message: after
 * every reconnection all handlers are called with `undefined`, so that what was missed is found in the rows.
 */
export async function listen(
  database: Pick<Database, 'target'>,
  options: { readonly onError?: (error: Error) => void } = {},
): Promise<Listening> {
  const handlers = new Map<string, Set<NoticeHandler>>();
  const life = { closed: false };
  let client: Client | undefined;
  let reconnecting: Promise<void> | undefined;

  const tell = (channel: string, payload: string | undefined): void => {
    for (const handler of handlers.get(channel) ?? []) {
      try {
        handler(payload);
      } catch (error) {
        options.onError?.(error instanceof Error ? error : new Error(String(error)));
      }
    }
  };
  const connect = async (): Promise<void> => {
    const made = new Client({
      ...clientConfig(database.target, 'waymark listen'),
      keepAliveInitialDelayMillis: 10_000,
    });
    made.on('error', (error) => options.onError?.(error));
    made.on('notification', (notice) => tell(notice.channel, notice.payload ?? ''));
    try {
      await made.connect();
      for (const channel of handlers.keys()) await made.query(`LISTEN ${made.escapeIdentifier(channel)}`);
    } catch (error) {
      await made.end().catch(() => undefined);
      throw error;
    }
    made.once('end', () => {
      if (client !== made || life.closed) return;
      client = undefined;
      reconnecting = reconnect();
    });
    client = made;
  };
  const reconnect = async (): Promise<void> => {
    for (let wait = 50; !life.closed; wait = Math.min(wait * 2, longestWait)) {
      try {
        await connect();
        for (const channel of handlers.keys()) tell(channel, undefined);
        return;
      } catch (error) {
        options.onError?.(error instanceof Error ? error : new Error(String(error)));
        await sleep(wait);
      }
    }
  };
  await connect();
  // A connection that a firewall forgot ends without a word; only a question shows it.
  const pulse = setInterval(() => {
    const asked = client;
    if (!asked) return;
    const silent = setTimeout(() => void asked.end().catch(() => undefined), heartbeat);
    silent.unref();
    asked.query('SELECT 1').then(
      () => clearTimeout(silent),
      () => clearTimeout(silent),
    );
  }, heartbeat);
  pulse.unref();
  return {
    on: async (channel, handler) => {
      const known = handlers.get(channel) ?? new Set();
      known.add(handler);
      handlers.set(channel, known);
      await reconnecting;
      if (known.size === 1) await client?.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      return async () => {
        known.delete(handler);
        if (known.size > 0 || life.closed) return;
        handlers.delete(channel);
        await client?.query(`UNLISTEN ${client.escapeIdentifier(channel)}`);
      };
    },
    close: async () => {
      life.closed = true;
      clearInterval(pulse);
      await client?.end().catch(() => undefined);
    },
  };
}

/** Sends a notice with the transaction's COMMIT. The payload is an id, never content: every listener of the database hears it. */
export async function notify(tx: Transaction, channel: string, payload: string): Promise<void> {
  await tx.query('SELECT pg_notify($1, $2)', [channel, payload]);
}
