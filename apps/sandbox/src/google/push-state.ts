/** A subscription of the project's topic, as a person sets it up in the console: where it posts, and as whom it signs. */
export interface TopicPush {
  readonly endpoint: string;
  readonly audience: string;
  readonly serviceAccount: string;
}

/** A channel on a calendar's events. */
export interface ChannelState {
  readonly id: string;
  readonly resourceId: string;
  readonly user: string;
  readonly calendarId: string;
  readonly address: string;
  readonly token: string;
  readonly expiration: number;
  /** Of the last notice. */
  number: number;
}

/** A service account, with the scopes that the domain's administrator delegated to it. */
export interface ServiceAccountState {
  readonly email: string;
  readonly clientId: string;
  readonly keyId: string;
  readonly publicKey: string;
  delegated: string[];
}

/** What is to be told to whom. */
export interface PushState {
  topics: Record<string, TopicPush>;
  /** Mailbox watches by user: the topic, and when it ends. */
  watches: Record<string, { readonly topic: string; readonly expiration: number }>;
  /** Channels by their id. */
  channels: Record<string, ChannelState>;
  serviceAccounts: Record<string, ServiceAccountState>;
  /** What signs Pub/Sub's tokens: PKCS #8, made at the first need. */
  signingKey?: string;
  nextMessage: number;
}

export const emptyPushState = (): PushState => ({
  topics: {},
  watches: {},
  channels: {},
  serviceAccounts: {},
  nextMessage: 1,
});
