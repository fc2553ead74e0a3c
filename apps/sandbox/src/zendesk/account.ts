import type { CustomStatus, TicketStatus, ZendeskAccount, ZendeskOrganization, ZendeskUser } from './state.ts';

export interface AccountInput {
  readonly subdomain: string;
  readonly name: string;
  readonly timeZone?: string;
  /** When the administrator began, epoch milliseconds. */
  readonly since: number;
  readonly administrator: { readonly name: string; readonly email: string };
}

/** The statuses that every account has, each the default of its category. */
const STATUSES: readonly (readonly [TicketStatus, string])[] = [
  ['new', 'New'],
  ['open', 'Open'],
  ['pending', 'Pending'],
  ['hold', 'On-hold'],
  ['solved', 'Solved'],
];

/** An empty help desk with its administrator, who is signed in. */
export function createAccount(input: AccountInput): ZendeskAccount {
  const statuses = STATUSES.map(([category, label], index): CustomStatus => ({ id: 200 + index, label, category }));
  const account: ZendeskAccount = {
    subdomain: input.subdomain,
    accountId: 12_500_000 + input.subdomain.length,
    name: input.name,
    timeZone: input.timeZone ?? 'America/New_York',
    users: {},
    organizations: {},
    tickets: {},
    ratings: {},
    webhooks: {},
    customStatuses: statuses,
    signedIn: 0,
    nextId: 1_900_000_001,
    cursorGeneration: 0,
  };
  const { id } = addUser(account, { ...input.administrator, role: 'admin', at: input.since });
  account.signedIn = id;
  return account;
}

export interface UserInput {
  readonly name: string;
  readonly email: string | null;
  readonly role?: ZendeskUser['role'];
  readonly organizationId?: number | null;
  readonly addresses?: readonly string[];
  readonly at: number;
  readonly restricted?: boolean;
}

export function addUser(account: ZendeskAccount, input: UserInput): ZendeskUser {
  const user: ZendeskUser = {
    id: account.nextId++,
    name: input.name,
    email: input.email,
    role: input.role ?? 'end-user',
    organizationId: input.organizationId ?? null,
    addresses: [...(input.addresses ?? [])],
    createdAt: input.at,
    updatedAt: input.at,
    active: true,
    suspended: false,
    ...(input.restricted === undefined ? {} : { restricted: input.restricted }),
  };
  account.users[user.id] = user;
  return user;
}

export function addOrganization(
  account: ZendeskAccount,
  input: { readonly name: string; readonly domains: readonly string[]; readonly at: number },
): ZendeskOrganization {
  const organization: ZendeskOrganization = {
    id: account.nextId++,
    name: input.name,
    domains: [...input.domains],
    createdAt: input.at,
    updatedAt: input.at,
  };
  account.organizations[organization.id] = organization;
  return organization;
}
