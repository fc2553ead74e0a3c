import {
  alertMessage,
  claimOutbox,
  Gathered,
  placeAlertMessages,
  reviseAlertMessage,
  settleSent,
  type Database,
  type OutboxRow,
  type Tx,
} from '@waymark/store';
import { detailOf } from '../plan/message-detail.ts';

interface Claim {
  readonly row: OutboxRow;
  readonly channel: string;
}

interface Sent extends Claim {
  readonly ts: string;
  /** Why it is where it is, for its later forms. */
  readonly note: string | null;
}

/**
 * Claims rows before their call to Slack and records them after it. Calls of a moment share transactions; what either resolves is durable.
 */
export class SendLedger {
  readonly #claims: Gathered<Claim, OutboxRow | undefined>;
  readonly #records: Gathered<Sent, undefined>;

  /** @param sender names this process in the outbox */
  constructor(deps: {
    readonly database: Pick<Database, 'inWorkspace'>;
    readonly sender: string;
    readonly now: () => number;
  }) {
    this.#claims = new Gathered(deps.database, async (tx, claims) => {
      const ids = claims.map(({ row }) => row.outboxId);
      const claimed = await claimOutbox(tx, ids, deps.sender, deps.now());
      // Where it is posted has to be known to find it again.
      const posts = claims.filter(({ row }) => claimed.get(row.outboxId)?.action === 'post');
      const places = posts.map(({ row, channel }) => ({ messageId: row.messageId, channel, ts: null }));
      await placeAlertMessages(tx, places, deps.now());
      return ids.map((id) => claimed.get(id));
    });
    this.#records = new Gathered(deps.database, async (tx, sent) => {
      const now = deps.now();
      await settleSent(
        tx,
        sent.map(({ row, ts }) => ({ outboxId: row.outboxId, ts })),
        now,
      );
      const posts = sent.filter(({ row }) => row.action === 'post');
      await placeAlertMessages(
        tx,
        posts.map(({ row, channel, ts }) => ({ messageId: row.messageId, channel, ts })),
        now,
      );
      for (const { row, note } of posts) if (note !== null) await keepNote(tx, row.messageId, note, now);
      return sent.map(() => undefined);
    });
  }

  /** The row as claimed; undefined where another has it, or it waits no more. */
  claim(workspaceId: string, row: OutboxRow, channel: string): Promise<OutboxRow | undefined> {
    return this.#claims.add(workspaceId, { row, channel });
  }

  async record(workspaceId: string, sent: Sent): Promise<void> {
    await this.#records.add(workspaceId, sent);
  }
}

/** Later forms of the message go on saying why it is where it is. */
async function keepNote(tx: Tx, messageId: string, note: string, now: number): Promise<void> {
  const message = await alertMessage(tx, messageId);
  if (!message) return;
  const detail = { ...detailOf(message), routeNote: note };
  const { contentDigest, closedAt } = message;
  await reviseAlertMessage(tx, messageId, { contentDigest, detail, closed: closedAt !== null }, now);
}
