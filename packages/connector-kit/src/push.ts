/** Something at the vendor that can be watched by a subscription that we make and renew. */
export interface PushTarget {
  /** Its name within the installation: a folder, a calendar. */
  readonly key: string;
  readonly stream: string;
}

/** A subscription as the vendor made it. */
export interface PushSubscription {
  readonly externalId: string;
  /** Epoch milliseconds; null where it does not end by itself. */
  readonly expiresAt: number | null;
  /** Where the vendor chooses what signs the notices; else the one of `PushAddress` holds. */
  readonly secret?: string;
  /** Epoch milliseconds; half its life without it. */
  readonly renewAfter?: number;
}

/** Where notices of one subscription are to be sent, and the secret that each must carry. */
export interface PushAddress {
  readonly url: string;
  readonly secret: string;
}

/** Subscriptions at the vendor. They only ever wake streams; reading on the clock goes on underneath. */
export interface Push<Client> {
  readonly scopes: readonly string[];
  /** What is to be watched now; empty where the app's set-up lacks what push needs (`extra` is the admin's, beside the credentials). */
  targets(client: Client, extra: Readonly<Record<string, string>>): Promise<readonly PushTarget[]>;
  subscribe(
    client: Client,
    target: PushTarget,
    address: PushAddress,
    extra: Readonly<Record<string, string>>,
  ): Promise<PushSubscription>;
  /** Prolongs it, or makes it anew where the vendor cannot. Throws ConnectorFault `record-gone` where it is no more. */
  renew(
    client: Client,
    target: PushTarget,
    current: PushSubscription,
    address: PushAddress,
    extra: Readonly<Record<string, string>>,
  ): Promise<PushSubscription>;
  unsubscribe(client: Client, current: PushSubscription): Promise<void>;
  /**
   * Ends what stands for an address at the vendor, if anything does: the process died before it had stored an answer. Only for vendors
   * whose subscriptions do not end by themselves.
   */
  discard?(client: Client, address: PushAddress): Promise<void>;
}
