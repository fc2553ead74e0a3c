import type { EntityFact, EventDraft, Touchpoint } from '@waymark/journey';
import type { z } from 'zod';
import type { Fault } from './fault.ts';
import type { Push } from './push.ts';
import type { StageWriter } from './stage-writer.ts';

/** How an installation signs in. OAuth itself runs in the server, refresh in the runner; a connector sees an access token. */
export interface OAuthManifest {
  readonly kind: 'oauth2';
  /** The provider, which may serve several connectors and owns `/oauth/<provider>/callback`. */
  readonly provider: string;
  readonly authorizePath: string;
  readonly tokenPath: string;
  /**
   * Where a grant is given back, beside `tokenBase`: a form with `token` (RFC 7009), the refresh token where there is one. Without it a
   * person does it, as `revokeByHand` says.
   */
  readonly revokePath?: string;
  /** Where a person takes the grant back at the provider, in a sentence. */
  readonly revokeByHand?: string;
  /** Base URLs by name of authorization and token endpoints: keys of `baseUrls`. */
  readonly authorizeBase: string;
  readonly tokenBase: string;
  readonly pkce: boolean;
  /** Extra parameters of the authorization request, such as `access_type=offline`. */
  readonly authorizeParams: Readonly<Record<string, string>>;
  readonly scopeSeparator: ' ' | ',';
  /** The parameter for scopes that an account may be unable to grant, where the provider has one; they stand among the others else. */
  readonly optionalScopeParameter?: string;
  /** What the admin is asked at install. Each fills `{name}` in base URLs and paths, and is kept in the installation's settings. */
  readonly parameters?: Readonly<Record<string, InstallParameter>>;
  /** Where the token answer names the account's own base URL (Salesforce's `instance_url`); believed for these host suffixes alone. */
  readonly accountBase?: { readonly base: string; readonly field: string; readonly hosts: readonly string[] };
  /**
   * Scopes of a token of the app itself, which it gets by its own credentials (RFC 6749, 4.4) for what belongs to the app and not to an
   * account: lent as `Session.appToken`, and asked for only when a connector uses it.
   */
  readonly appScopes?: readonly string[];
  /** How an admin grants many mailboxes at once. Without it, each mailbox consents by itself. */
  readonly organization?: OrganizationGrant;
  /** What the admin is asked beside client id and secret; sealed with the app, and lent to webhooks and subscriptions. */
  readonly extra?: Readonly<Record<string, AppExtra>>;
  /** Token types beside `bearer` that the token answer names for a bearer token (Slack's `bot`). */
  readonly bearerTypes?: readonly string[];
}

/** A value of the app at the provider, such as a signing secret or the address of a topic. */
export interface AppExtra {
  readonly label: string;
  /** Typed unseen, and never shown. */
  readonly secret: boolean;
  /** Without it the connector cannot be installed; else it is given by `--set` alone. */
  readonly required: boolean;
  /** The whole value must match it: source of a regular expression. */
  readonly pattern?: string;
}

/** A value that belongs to the address of the vendor's account, such as Zendesk's subdomain or Entra's tenant. */
export interface InstallParameter {
  readonly label: string;
  /** The whole value must match it: source of a regular expression. */
  readonly pattern: string;
  readonly example: string;
  readonly default?: string;
}

/** One grant of an administrator for chosen mailboxes; each becomes an installation of its own, with `Session.subject` set. */
export interface OrganizationGrant {
  /** Google: a service account with domain-wide delegation (RFC 7523). Entra: the app's own credentials (RFC 6749, 4.4). */
  readonly kind: 'service-account-delegation' | 'client-credentials';
  /** Scopes of the token request; the streams' own without it. */
  readonly scopes?: readonly string[];
  readonly consoleSteps: readonly string[];
}

/** No sign-in: an address of ours to which others post, or files that a person brings. */
export interface AddressManifest {
  readonly kind: 'address';
  readonly provider: string;
}

/** A budget of calls of one kind, shared by every call of an installation that names it. */
export interface RateBucket {
  /** Provider's cap in units within a window; the runner stays at `share` of it. */
  readonly units: number;
  readonly windowMs: number;
  readonly concurrency: number;
  /** Units of the dearest call of the bucket; 1 where all cost the same. */
  readonly unitsPerCall?: number;
  readonly source: string;
}

/** How an installation signs in by OAuth. Throws TypeError for a connector that has no sign-in. */
export function signInOf(manifest: Manifest): OAuthManifest {
  if (manifest.auth.kind === 'oauth2') return manifest.auth;
  throw new TypeError(`${manifest.name} has no sign-in: others post to an address of ours.`);
}

/** What a connector is, as data. */
export interface Manifest {
  readonly id: string;
  readonly name: string;
  readonly auth: OAuthManifest | AddressManifest;
  /** The name in `WAYMARK_<VENDOR>_URL`; the provider's without it. */
  readonly vendor?: string;
  /** Base URLs by name with the vendor's own as default; the operator overrides all of one provider by `WAYMARK_<PROVIDER>_URL`. */
  readonly baseUrls: Readonly<Record<string, string>>;
  /** Scopes that identify the account, wanted by every installation. */
  readonly baseScopes: readonly string[];
  readonly buckets: Readonly<Record<string, RateBucket>>;
  /** What a person must do in the provider's console, one step a line; `{redirectUri}` is filled in. */
  readonly consoleSteps: readonly string[];
  /** Whether it is a CRM: it declares customers and maps accounts. */
  readonly crm: boolean;
}

/** What the runner lends a connector for one run. */
export interface Session {
  /** The current access token; asks again after a refresh. */
  accessToken(): Promise<string>;
  /** A token of the app itself, where the manifest names `appScopes`. Throws ConnectorFault `scope-missing` where the provider gives none. */
  appToken?(): Promise<string>;
  readonly baseUrls: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Scopes that were really granted (failure E6). */
  readonly grantedScopes: readonly string[];
  /** The mailbox to read, where an organization's grant reads it; absent where the signed-in account is read. */
  readonly subject?: string;
  /** What was posted to this installation's address and verified, oldest first; only for connectors whose hints carry deliveries. */
  readonly inbox?: Inbox;
  /**
   * Every vendor call goes through here: it waits for the bucket, bounds the time, classifies what is thrown, refreshes the
   * token once, retries reads on passing faults and honours Retry-After. Throws ConnectorFault.
   */
  call<T>(spec: CallSpec, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  now(): number;
  readonly signal: AbortSignal;
}

/** Payloads that a webhook brought and that are themselves the truth: durable before the webhook was acknowledged (I8). */
export interface Inbox {
  /** At most `limit` deliveries of a stream after a place in the inbox, oldest first; an empty list when there are no more. */
  read(stream: string, after: string | null, limit: number): Promise<readonly Delivery[]>;
}

export interface Delivery {
  /** Its place: grows with each delivery of the installation, as a decimal string. */
  readonly place: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  readonly payload: unknown;
}

export interface CallSpec {
  readonly bucket: string;
  /** Units of the bucket that this call costs. */
  readonly cost?: number;
  /** Only calls that are safe to repeat are retried. */
  readonly idempotent: boolean;
  /** The page of the vendor's documentation. */
  readonly doc: string;
}

/** The account behind a grant; an installation is bound to it (failure B7). */
export interface ExternalAccount {
  readonly externalAccountId: string;
  readonly label: string;
  /** The mailbox address, for a mailbox connector. */
  readonly address?: string;
  readonly timezone?: string;
}

/** A record as a page carries it, before parsing. */
export interface RawRecord {
  readonly id: string;
  /** Grows with each change of the object at the provider; compared as numbers where both are numeric, else as text. */
  readonly version: string;
  readonly raw: unknown;
}

/** A claim that an object is gone. Uncertain claims (a folder, a filter) delete nothing by themselves (failure B2). */
export interface Gone {
  readonly id: string;
  readonly certain: boolean;
  readonly at?: number;
}

/** One page. Its cursor is safe to store in the transaction that stores the page, and only there. */
export interface Page<Cursor> {
  readonly records: readonly RawRecord[];
  readonly gone: readonly Gone[];
  readonly cursor: Cursor;
  readonly done: boolean;
  /** Set on every page of an enumeration of all objects in `window`: on the last one, what was not seen is gone (A3, A5). */
  readonly enumeration?: { readonly id: string; readonly from?: number; readonly to?: number };
  /** Records of other streams to read soon, from a log of changes that is no truth itself: as a webhook would name them. */
  readonly hints?: readonly Omit<Hint, 'externalAccountId'>[];
  /** For progress only: how many records the run expects in all, where known. */
  readonly expected?: number;
}

export interface PullContext {
  /** `backfill` before the stream's first complete run, `live` afterwards, `resync` for the nightly reread. */
  readonly mode: 'backfill' | 'live' | 'resync';
  /** Nothing older than this is wanted. */
  readonly since: number;
  readonly until: number;
  /** Records asked for by a webhook, where the stream can read single ones. */
  readonly ids?: readonly string[];
  /** The cursor that the provider refused, on the run that replaces it (from null): the new one must differ from it (failure A2). */
  readonly expired?: unknown;
}

/** What a mapper may know beside the raw record: no clock, no I/O. */
export interface MapContext {
  readonly ownDomains: readonly string[];
  readonly account: ExternalAccount;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Whether subjects may be kept (opt-in per installation). */
  readonly keepSubjects: boolean;
  /** When the run read the record. */
  readonly readAt: number;
  /** Whether how subjects sound may be judged (opt-in per workspace); for whoever maps, not for mappers. */
  readonly judgeSentiment?: boolean;
}

/** The outcome of mapping one record: every record ends as stored, ignored (reason) or rejected (reason). */
export type Mapped =
  | {
      readonly outcome: 'stored';
      readonly events: readonly EventDraft[];
      readonly entities?: readonly EntityFact[];
      /** The object's page at the provider, kept with each sighting. */
      readonly url?: string;
      /** Its labels or folders as a person knows them, nested by `/`: kept, so that one excluded later finds the past. */
      readonly tags?: readonly string[];
      /** What a person would know it by (a mail's subject, a meeting's title): looked at by exclusions, then forgotten. */
      readonly title?: string;
    }
  | { readonly outcome: 'ignored'; readonly reason: string };

type WithoutKey<D> = D extends EventDraft ? Omit<D, 'identity' | 'rank'> : never;

/** An event as the log knows it; its identity is hashed away, so that a mapper that needs its parts keeps them as attributes. */
export type KnownEvent = WithoutKey<EventDraft>;

export interface CursorSpec<Cursor> {
  readonly kind: string;
  /** A change forces one clean resync of the stream. */
  readonly version: number;
  readonly schema: z.ZodType<Cursor>;
  /** How far each run reads back over what is known, ms (failure D3). */
  readonly overlapMs: number;
  /** The newest part that is not yet final at the provider, ms. */
  readonly settleMs: number;
}

export interface Stream<Client, Cursor, Raw> {
  readonly name: string;
  /** The kind of source object, part of its identity. */
  readonly object: string;
  readonly scopes: readonly string[];
  /**
   * Whether it is of a product that an account may lack: its scopes are asked for as ones that may be refused, and without them the
   * stream rests, which is no fault.
   */
  readonly optional?: boolean;
  /**
   * Touchpoints through which it sees contact with customers, so that its silence means something and its failing is a gap. Without it
   * nothing rests on its silence.
   */
  readonly sees?: readonly Touchpoint[];
  readonly cursor: CursorSpec<Cursor>;
  readonly raw: z.ZodType<Raw>;
  /** Streams to run before this one in a run: accounts before contacts before mail. Lower first. */
  readonly order: number;
  /** Independent parts with a cursor each, such as calendars (failure N5). Without it there is one, ''. */
  partitions?(client: Client): Promise<readonly { readonly id: string; readonly label: string }[]>;
  pull(client: Client, from: Cursor | null, partition: string, context: PullContext): AsyncIterable<Page<Cursor>>;
  /** Pure. A thrown error rejects the record with its message, never the page. */
  map(raw: Raw, context: MapContext): Mapped;
  /**
   * What remains of an object that is gone for certain, or was missing from a complete enumeration: its events from then on, made
   * from those it had. Without it, none remain. A deleted meeting that was to come is a canceled one (failure A5). Pure.
   */
  whenGone?(known: readonly KnownEvent[], at: number): readonly EventDraft[];
  /** Parts of a raw record that are bodies, to be left out of what is set aside. Pure. */
  withoutBody?(raw: unknown): unknown;
  /** For doctor: how many objects the provider counts in a window, and their ids where it can tell. */
  count?(
    client: Client,
    partition: string,
    window: { from: number; to: number },
  ): Promise<{ total: number; ids?: readonly string[] }>;
}

/** A request from outside that may be a hint. Headers in lower case. */
export interface HintRequest {
  readonly method: string;
  /** The public address, rebuilt from WAYMARK_PUBLIC_URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What a request can be verified with. */
export interface HintKeys {
  /** The app of one workspace, with what its admin configured beside the credentials (such as Pub/Sub's audience). */
  readonly app?: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly extra: Readonly<Record<string, string>>;
  };
  /** The subscription, or the posting address, whose own path was called. */
  readonly subscription?: {
    readonly key: string;
    readonly stream: string;
    readonly externalId: string | null;
    readonly secret: string;
    readonly externalAccountId: string;
    /** The settings of the installation. */
    readonly settings?: Readonly<Record<string, unknown>>;
  };
  /** Signing keys of an issuer (RFC 7517), fetched over the operator's network and cached; throws where they cannot be had. */
  jwks(url: string): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
}

/** What a webhook says: verified or not, for which external account, which streams to wake. Hints are never truth. */
export type HintResult =
  | {
      readonly ok: true;
      readonly hints: readonly Hint[];
      /** Payloads to keep for `Session.inbox`, without bodies. */
      readonly deliveries?: readonly HintDelivery[];
      /** What to answer where the vendor wants more than a 202, such as a validation token. */
      readonly answer?: { readonly status: 200 | 202; readonly body: string; readonly contentType: string };
      /** The vendor ended or is about to end the subscription: it is made anew, and its stream read. */
      readonly lapsed?: boolean;
    }
  | { readonly ok: false; readonly status: 400 | 401 | 403; readonly reason: string };

export interface HintDelivery {
  readonly externalAccountId: string;
  readonly stream: string;
  readonly dedupeKey: string;
  readonly payload: unknown;
}

export interface Hint {
  readonly externalAccountId: string;
  readonly stream: string;
  readonly ids: readonly string[];
  /** Repeats of one delivery share it (failure E11). */
  readonly dedupeKey: string;
}

/** One thing that `doctor` found, with its fix. */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'info';
  readonly code: string;
  readonly message: string;
  readonly fix: string;
}

/** A connector: a declared object plus pure mappers. It can only yield pages. */
export interface Connector<Client> {
  readonly manifest: Manifest;
  /** The zod schema of an installation's settings (for a CRM: its declaration), with defaults. */
  readonly settings: z.ZodType<Record<string, unknown>>;
  /** Loads the vendor SDK lazily: importing a connector package must not load it. */
  connect(session: Session): Promise<Client>;
  identify(client: Client): Promise<ExternalAccount>;
  readonly streams: readonly Stream<Client, unknown, unknown>[];
  classify(error: unknown): Fault;
  /** Verifies a webhook. Absent where the provider has none that we use. Must answer fast: it reads nothing at the vendor but keys. */
  hint?(request: HintRequest, keys: HintKeys, now: number): Promise<HintResult>;
  readonly push?: Push<Client>;
  /** Checks beyond scopes and tokens that only the connector can make, such as declared properties. */
  probe?(client: Client, settings: Readonly<Record<string, unknown>>): Promise<readonly Finding[]>;
  readonly write?: StageWriter<Client>;
}

/** A connector of unknown client, as the registry holds it. */
export type AnyConnector = Connector<unknown>;
