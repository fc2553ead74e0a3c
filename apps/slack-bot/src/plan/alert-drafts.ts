import {
  addAlertMessages,
  countAccountMessages,
  countAlertsSince,
  enqueueAll,
  type NewAlertMessage,
  type NewOutboxRow,
  type Tx,
} from '@waymark/store';

/** A place and since when its alerts are counted, epoch milliseconds. */
export interface CountQuestion {
  readonly destination: string;
  readonly since: number;
}

/**
 * What planning writes of new messages and asks of former ones, for the accounts of a transaction together: statements cost more than
 * what they carry. Nothing of it is stored before `flush`.
 */
export class AlertDrafts {
  readonly #tx: Tx;
  readonly #at: number;
  readonly #ordinals: ReadonlyMap<string, number>;
  readonly #counts: Map<string, number>;
  readonly #waiting: { readonly message: NewAlertMessage; readonly row: Omit<NewOutboxRow, 'messageId'> }[] = [];

  private constructor(tx: Tx, at: number, ordinals: ReadonlyMap<string, number>, counts: Map<string, number>) {
    this.#tx = tx;
    this.#at = at;
    this.#ordinals = ordinals;
    this.#counts = counts;
  }

  /** Reads what will be asked: of accounts without a message how many they have had, of destinations what they have got. */
  static async begin(
    tx: Tx,
    at: number,
    ahead: {
      readonly teamId: string;
      readonly accountIds: readonly string[];
      readonly counted: readonly CountQuestion[];
    },
  ): Promise<AlertDrafts> {
    const ordinals = await countAccountMessages(tx, ahead.accountIds, ahead.teamId);
    const asked = [...new Map(ahead.counted.map((one) => [keyOf(one), one])).values()];
    const counts = await countAlertsSince(tx, asked);
    return new AlertDrafts(tx, at, ordinals, new Map(asked.map((one, index) => [keyOf(one), counts[index] ?? 0])));
  }

  /** How many messages an account has had, of those that were asked for ahead. */
  ordinalOf(accountId: string): number {
    return this.#ordinals.get(accountId) ?? 0;
  }

  /** How many alerts a destination has got, those of this transaction included. */
  async sentSince(question: CountQuestion): Promise<number> {
    const known = this.#counts.get(keyOf(question));
    if (known !== undefined) return known;
    await this.flush();
    const [count = 0] = await countAlertsSince(this.#tx, [question]);
    this.#counts.set(keyOf(question), count);
    return count;
  }

  /** Adds a message and its first post. */
  open(message: NewAlertMessage, row: Omit<NewOutboxRow, 'messageId'>): void {
    this.#waiting.push({ message, row });
    this.changed(message.destination);
  }

  /** Something was written for a destination: it is counted again. */
  changed(destination: string): void {
    for (const key of this.#counts.keys()) if (key.endsWith(` ${destination}`)) this.#counts.delete(key);
  }

  /** Stores what waits. Throws where an alert was planned before: the transaction must not leave a message that nobody sends. */
  async flush(): Promise<void> {
    const waiting = this.#waiting.splice(0);
    const ids = await addAlertMessages(
      this.#tx,
      waiting.map(({ message }) => message),
      this.#at,
    );
    const rows = waiting.map(({ row }, index) => ({ ...row, messageId: ids[index] ?? '' }));
    const added = await enqueueAll(this.#tx, rows, this.#at);
    // The accounts are locked, so this cannot be.
    const twice = rows.find((row) => !added.has(row.alertKey));
    if (twice) throw new Error(`the alert ${twice.alertKey} was planned twice`);
  }
}

const keyOf = ({ destination, since }: CountQuestion) => `${since} ${destination}`;
