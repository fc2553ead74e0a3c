import { destinationKey, type Destination, type MessageContent } from '@waymark/alerts';
import {
  countRevokedSignal,
  failOutbox,
  postponeOutbox,
  rewriteOutbox,
  settleOutbox,
  type AlertMessage,
  type Member,
  type OutboxRow,
  type SlackDestination,
} from '@waymark/store';
import type { SlackSession } from '../bot-token.ts';
import type { SlackBotDependencies, SlackTiming } from '../dependencies.ts';
import { detailOf } from '../plan/message-detail.ts';
import { escapeText } from '../views/mrkdwn.ts';
import { context } from '../views/elements.ts';
import { render } from '../views/render.ts';
import { classifyCall, type CallOutcome } from '../web-client.ts';
import type { ChannelBook } from './channel-book.ts';
import type { ChannelQueues } from './channel-queues.ts';
import { describeDestination, destinationErrors, findChannel } from './destination.ts';
import { pauseRoute } from './pause-route.ts';
import { payloadOf, type Payload } from './payload.ts';
import { metadataType } from './reconcile.ts';
import type { SendLedger } from './send-ledger.ts';

const contentErrors = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
  'no_text',
]);
const longestWaitMs = 300_000;
/** Where every destination is paused, an alert waits and is not lost. */
const allPausedWaitMs = 3_600_000;

/** Everything that one delivery needs. */
export interface DeliveryContext {
  readonly deps: SlackBotDependencies;
  readonly timing: SlackTiming;
  readonly queues: ChannelQueues;
  readonly ledger: SendLedger;
  readonly workspaceId: string;
  readonly session: SlackSession;
  readonly book: ChannelBook;
  /** As they were when the round began. */
  readonly destinations: readonly SlackDestination[];
  readonly members: readonly Member[];
}

/** What came of a row: `stop` where the grant is dead and nothing more is to be tried. */
export type Delivered = 'done' | 'again' | 'stop';

/**
 * Makes the one call to Slack that a row asks for. The row is claimed before the call and settled after it, each durable before
 * it goes on; an outcome that nobody knows leaves it `uncertain` (failure R14).
 */
export async function deliver(
  context: DeliveryContext,
  row: OutboxRow,
  message: AlertMessage | undefined,
): Promise<Delivered> {
  const { deps, queues, session } = context;
  if (!message || message.teamId !== session.installation.slack.teamId) {
    await giveUp(context, row, 'the message belongs to a Slack team that is no longer connected');
    return 'done';
  }
  const place = await findPlace(context, row, message);
  if (place.kind !== 'ready') return place.kind;
  const paused = queues.pausedUntil(place.channel, deps.now());
  if (paused !== undefined) {
    await postpone(context, row, paused, 'Slack asked for a pause');
    return 'done';
  }
  let delivered: Delivered = 'done';
  await queues.add(place.channel, async () => {
    // What stood in the queue when Slack asked for a pause waits as well (failure G3).
    const until = queues.pausedUntil(place.channel, deps.now());
    if (until === undefined) delivered = await call(context, row, message, place);
    else await postpone(context, row, until, 'Slack asked for a pause');
  });
  return delivered;
}

type Place =
  | {
      readonly kind: 'ready';
      readonly channel: string;
      readonly destination: Destination | null;
      readonly note: string | null;
    }
  | { readonly kind: Delivered };

/** Where a row goes: an update and a reply to where the message is, a post to the first destination that can be found. */
async function findPlace(context: DeliveryContext, row: OutboxRow, message: AlertMessage): Promise<Place> {
  const { deps, workspaceId, session } = context;
  if (row.action !== 'post') {
    if (message.channel !== null && message.ts !== null) {
      return { kind: 'ready', channel: message.channel, destination: null, note: null };
    }
    await giveUp(context, row, 'the message that it belongs to was never posted');
    return { kind: 'done' };
  }
  const { candidates } = detailOf(message);
  const paused = pausedDestinations(context);
  for (const [index, destination] of candidates.entries()) {
    if (paused.has(destinationKey(destination))) continue;
    const found = await findChannel(context, destination);
    if (found.kind === 'found') {
      const meant = candidates[0];
      const note =
        index > 0 && meant ? `Meant for ${describeDestination(meant)}, which Slack does not let me reach.` : null;
      return { kind: 'ready', channel: found.channel, destination, note };
    }
    if (found.kind === 'later') return { kind: await putOff(context, row, found.outcome, null) };
    deps.log.warn({ workspaceId, error: found.error, kind: destination.kind }, 'a Slack destination cannot be reached');
    await deps.database.inWorkspace(workspaceId, (tx) => pauseRoute(tx, session, destination, found.error, deps.now()));
  }
  if (candidates.length === 0) await giveUp(context, row, 'there is no destination at all: set a default channel');
  else
    await postpone(context, row, deps.now() + allPausedWaitMs, 'no destination can be reached: set a default channel');
  return { kind: 'done' };
}

function pausedDestinations({ deps, timing, destinations }: DeliveryContext): ReadonlySet<string> {
  return new Set(
    destinations
      .filter((one) => one.pausedReason !== null && deps.now() - one.updatedAt < timing.pausedRetryMs)
      .map((one) => one.destination),
  );
}

/** Claim, call, record: in its turn of the channel's queue. */
async function call(
  context: DeliveryContext,
  planned: OutboxRow,
  message: AlertMessage,
  place: Extract<Place, { kind: 'ready' }>,
): Promise<Delivered> {
  const { deps, workspaceId, session } = context;
  const { channel } = place;
  const row = await context.ledger.claim(workspaceId, planned, channel);
  if (!row) return 'done';
  await deps.point('post-claimed');
  let ts: string;
  try {
    ts = await send(session, row, message, withNote(payloadOf(row), place.note), channel, deps.now());
  } catch (error) {
    return settleFailure(context, row, place, classifyCall(error));
  }
  await deps.point('post-sent');
  await context.ledger.record(workspaceId, { row, channel, ts, note: place.note });
  await deps.point('post-recorded');
  return 'done';
}

function withNote(payload: Payload, note: string | null): Payload {
  const { content } = payload;
  if (note === null || (content.kind !== 'account' && content.kind !== 'digest')) return payload;
  const noted: MessageContent = { ...content, routeNote: note };
  return { ...payload, content: noted };
}

/** https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/reference/methods/chat.update */
async function send(
  session: SlackSession,
  row: OutboxRow,
  message: AlertMessage,
  payload: Payload,
  channel: string,
  now: number,
): Promise<string> {
  const rendered = render(payload.content, now);
  const repeat = payload.possibleRepeat
    ? [context(['This may be a repeat: Slack did not say whether it took the first.'])]
    : [];
  const body = { channel, text: rendered.text, ...(!payload.textOnly && { blocks: [...rendered.blocks, ...repeat] }) };
  if (row.action === 'update') {
    const updated = await session.client.chat.update({ ...body, ts: message.ts ?? '' });
    return updated.ts ?? message.ts ?? '';
  }
  const posted = await session.client.chat.postMessage({
    ...body,
    unfurl_links: false,
    unfurl_media: false,
    metadata: { event_type: metadataType, event_payload: { alert_id: row.outboxId } },
    ...(row.action === 'reply' && message.ts !== null && { thread_ts: message.ts }),
  });
  if (!posted.ts) throw new Error('Slack took the message but did not say where it is');
  return posted.ts;
}

async function settleFailure(
  context: DeliveryContext,
  row: OutboxRow,
  place: Extract<Place, { kind: 'ready' }>,
  outcome: CallOutcome,
): Promise<Delivered> {
  const { deps, workspaceId, session } = context;
  const now = deps.now();
  deps.log.warn(
    {
      workspaceId,
      action: row.action,
      attempt: row.attempt,
      outcome: outcome.kind,
      error: 'error' in outcome ? outcome.error : undefined,
    },
    'a call to Slack failed',
  );
  if (outcome.kind === 'unknown') {
    // The same update twice changes nothing, so its doubt needs no search.
    const state = row.action === 'update' ? 'pending' : 'uncertain';
    const wait = state === 'pending' ? { nextTryAt: now + backoff(row.attempt) } : {};
    await settle(context, row, { state, error: outcome.error, ...wait });
    return 'done';
  }
  if (outcome.kind !== 'refused') return putOff(context, row, outcome, place.channel);
  if (outcome.error === 'not_in_channel' && row.attempt <= 2 && (await joins(session, place.channel))) {
    await settle(context, row, { state: 'pending' });
    return 'again';
  }
  if (contentErrors.has(outcome.error) && !payloadOf(row).textOnly) {
    deps.log.error({ workspaceId, error: outcome.error }, 'Slack refused the blocks of a message: its text goes alone');
    await deps.database.inWorkspace(workspaceId, async (tx) => {
      await settleOutbox(tx, row.outboxId, { state: 'pending', error: outcome.error }, now);
      await rewriteOutbox(tx, row.outboxId, { ...row.payload, textOnly: true }, now);
    });
    return 'again';
  }
  const { destination } = place;
  if (row.action === 'post' && destination && destinationErrors.has(outcome.error)) {
    await deps.database.inWorkspace(workspaceId, async (tx) => {
      await pauseRoute(tx, session, destination, outcome.error, now);
      await settleOutbox(tx, row.outboxId, { state: 'pending', error: outcome.error }, now);
    });
    return 'again';
  }
  await settle(context, row, { state: 'failed', error: outcome.error });
  return 'done';
}

/** Joins a public channel, where the app may. https://docs.slack.dev/reference/methods/conversations.join */
async function joins(session: SlackSession, channel: string): Promise<boolean> {
  try {
    await session.client.conversations.join({ channel });
    return true;
  } catch {
    return false;
  }
}

/** Puts a row off that was certainly not sent. */
async function putOff(
  context: DeliveryContext,
  row: OutboxRow,
  outcome: CallOutcome,
  channel: string | null,
): Promise<Delivered> {
  const { deps, workspaceId, queues, session } = context;
  const now = deps.now();
  const error = 'error' in outcome ? outcome.error : outcome.kind;
  if (outcome.kind === 'rate-limited') {
    const until = now + outcome.retryAfterMs;
    if (channel !== null) queues.pause(channel, until);
    await both(context, row, until, 'Slack asked for a pause');
    return 'done';
  }
  if (outcome.kind === 'token-dead') {
    await deps.database.inWorkspace(workspaceId, (tx) =>
      countRevokedSignal(tx, session.installation.installationId, `Slack says ${error}: install the app again.`, now),
    );
    await both(context, row, now + 60_000, error);
    return 'stop';
  }
  await both(context, row, now + backoff(row.attempt + 1), error);
  return 'done';
}

const backoff = (attempt: number) => Math.min(longestWaitMs, 1_000 * 2 ** Math.min(attempt, 9));

/** Whether the row was claimed before it was put off depends on where the call failed. */
async function both(context: DeliveryContext, row: OutboxRow, until: number, error: string): Promise<void> {
  await settle(context, row, { state: 'pending', nextTryAt: until, error });
  await postpone(context, row, until, error);
}

async function settle(
  { deps, workspaceId }: DeliveryContext,
  row: OutboxRow,
  outcome: Parameters<typeof settleOutbox>[2],
): Promise<void> {
  await deps.database.inWorkspace(workspaceId, (tx) => settleOutbox(tx, row.outboxId, outcome, deps.now()));
}

async function postpone(
  { deps, workspaceId }: DeliveryContext,
  row: OutboxRow,
  until: number,
  error: string,
): Promise<void> {
  await deps.database.inWorkspace(workspaceId, (tx) => postponeOutbox(tx, row.outboxId, until, error, deps.now()));
}

async function giveUp({ deps, workspaceId }: DeliveryContext, row: OutboxRow, error: string): Promise<void> {
  deps.log.error({ workspaceId, action: row.action, error }, 'an alert could not be delivered');
  await deps.database.inWorkspace(workspaceId, (tx) => failOutbox(tx, row.outboxId, escapeText(error), deps.now()));
}
