import { SocketModeReceiver } from '@slack/bolt';
import { z } from 'zod';
import type { SlackBotDependencies } from '../dependencies.ts';
import { quietLogger } from '../quiet-logger.ts';
import { asEnvelope } from './envelope.ts';
import type { FetchReceiver } from './receiver.ts';
import type { TenantFinder } from './tenant.ts';

/** A socket to Slack that is open. */
export interface Socket {
  readonly close: () => Promise<void>;
}

const Delivery = z.looseObject({
  ack: z.custom<(response?: unknown) => Promise<void>>((value) => typeof value === 'function'),
  body: z.unknown(),
  envelope_id: z.string(),
  retry_num: z.number().nullish(),
});

/**
 * Opens a socket over which Slack sends what it would else post to us: for a server without a public address.
 * https://docs.slack.dev/apis/events-api/using-socket-mode
 *
 * Bolt's receiver keeps the connection; what comes goes the way of every request, receipts included (failure R13).
 */
export async function openSocket(
  deps: Pick<SlackBotDependencies, 'log' | 'slackApiUrl' | 'socketModeApiUrl'>,
  tenants: TenantFinder,
  receiver: FetchReceiver,
  appToken: string,
): Promise<Socket> {
  const socket = new SocketModeReceiver({
    appToken,
    logger: quietLogger(),
    installerOptions: { clientOptions: { slackApiUrl: deps.socketModeApiUrl ?? deps.slackApiUrl } },
  });
  socket.client.on('slack_event', (args: unknown) => {
    const delivery = Delivery.safeParse(args);
    const envelope = delivery.success ? asEnvelope(delivery.data.body) : undefined;
    if (!delivery.success || !envelope) return;
    const { ack, envelope_id: id, retry_num: retry } = delivery.data;
    void (async () => {
      const workspaceId = await tenants.workspaceOf(envelope);
      if (workspaceId === undefined) return ack();
      const answer = await receiver.receive(workspaceId, envelope, id, retry ?? 0);
      const text = await answer.text();
      // Only an answer of a listener is one to Slack; a refusal is an empty acknowledgment, which ends the retries.
      return ack(answer.ok && text.startsWith('{') ? JSON.parse(text) : undefined);
    })().catch((error: unknown) => {
      deps.log.error(
        { error: error instanceof Error ? error.name : 'unknown' },
        'what came over the Slack socket could not be handled',
      );
    });
  });
  await socket.start();
  return { close: () => socket.stop() };
}
