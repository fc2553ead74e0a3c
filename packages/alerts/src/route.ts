import type { Flag } from '@waymark/lifecycle';

/** A place that an alert can go to. */
export type Destination =
  /** A member's direct message: the Slack user set by hand or found before, else looked up by address when posting. */
  | { readonly kind: 'member'; readonly email: string; readonly slackUserId: string | null }
  /** A channel, by id or `#name`. */
  | { readonly kind: 'channel'; readonly channel: string }
  /** A Slack user who is no member: the admin who installed the app. */
  | { readonly kind: 'user'; readonly slackUserId: string };

/** The name under which a destination is kept. */
export function destinationKey(destination: Destination): string {
  if (destination.kind === 'member') return `member:${destination.email}`;
  return destination.kind === 'channel' ? `channel:${destination.channel}` : `user:${destination.slackUserId}`;
}

export interface RoutedAccount {
  readonly csmEmail: string | null;
  readonly csmBasis: 'csm' | 'owner' | null;
  readonly tier: string | null;
}

export interface RoutingMember {
  readonly email: string;
  readonly name: string | null;
  readonly slackUserId: string | null;
  readonly active: boolean;
}

export interface RoutingSettings {
  readonly alertRoutes: readonly {
    readonly tier?: string | undefined;
    readonly rule?: string | undefined;
    readonly severity?: string | undefined;
    readonly csmEmail?: string | undefined;
    readonly channel: string;
  }[];
  readonly defaultChannel: string | null;
}

/** Who is meant, and the places to try in this order. `note` says in words why it is not the CSM's own, where it is not. */
export interface Route {
  readonly owner: { readonly email: string; readonly name: string | null } | null;
  readonly candidates: readonly Destination[];
  readonly note: string | null;
}

/**
 * The owner's direct message, else the first routed channel whose conditions all hold, else the default channel, else the admin who
 * installed the app: never nowhere (failure G9). Channels come after the direct message as what is tried when Slack does not know
 * the owner. `undeliverable` names destinations that failed for good (failure G4); they are passed over while another is left.
 */
export function routeFor(input: {
  readonly account: RoutedAccount;
  readonly flag: Pick<Flag, 'rule' | 'severity'>;
  readonly settings: RoutingSettings;
  readonly member: RoutingMember | undefined;
  readonly installer: string | null;
  readonly undeliverable: ReadonlySet<string>;
}): Route {
  const { account, flag, settings, member } = input;
  const email = account.csmEmail?.toLowerCase() ?? null;
  const owner = email === null ? null : { email, name: member?.name ?? null };
  const all: Destination[] = [];
  if (owner && member?.active !== false) {
    all.push({ kind: 'member', email: owner.email, slackUserId: member?.slackUserId ?? null });
  }
  const routed = settings.alertRoutes.find(
    (one) =>
      (one.tier === undefined || one.tier.toLowerCase() === account.tier?.toLowerCase()) &&
      (one.rule === undefined || one.rule === flag.rule) &&
      (one.severity === undefined || one.severity === flag.severity) &&
      (one.csmEmail === undefined || one.csmEmail.toLowerCase() === email),
  );
  if (routed) all.push({ kind: 'channel', channel: routed.channel });
  if (settings.defaultChannel !== null && settings.defaultChannel !== routed?.channel) {
    all.push({ kind: 'channel', channel: settings.defaultChannel });
  }
  if (input.installer !== null) all.push({ kind: 'user', slackUserId: input.installer });
  const open = all.filter((one) => !input.undeliverable.has(destinationKey(one)));
  return { owner, candidates: open.length > 0 ? open : all, note: noteFor(owner, member, account) };
}

function noteFor(owner: Route['owner'], member: RoutingMember | undefined, account: RoutedAccount): string | null {
  if (!owner) return 'No CSM is named for this account.';
  if (member?.active === false) return `The CSM ${owner.name ?? owner.email} is no longer active.`;
  if (account.csmBasis === 'owner') return `No CSM is named; ${owner.name ?? owner.email} owns the record.`;
  return null;
}
