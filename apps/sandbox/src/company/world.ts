/**
 * The sample company in vendor-neutral form: what really happened, from which each sandbox service projects what it would hold.
 * All times are epoch milliseconds. Sample data only: every person is invented, every domain ends in `.example` or is a
 * well-known free-mail domain.
 */
export interface World {
  readonly seed: number;
  /** The instant at which the sample ends: the sandbox's first start. */
  readonly anchor: number;
  readonly vendor: Vendor;
  readonly accounts: readonly WorldAccount[];
  readonly people: readonly WorldPerson[];
  readonly mails: readonly WorldMail[];
  readonly meetings: readonly WorldMeeting[];
  readonly tickets: readonly WorldTicket[];
  readonly deals: readonly WorldDeal[];
  readonly manifest: readonly Story[];
}

export interface Vendor {
  readonly name: string;
  /** Own domains; mail among them is internal. */
  readonly domains: readonly string[];
  readonly timezone: string;
  /** Everyone of the vendor with a mailbox: CSMs, sales, support, and shared mailboxes (`support@`). */
  readonly staff: readonly Staff[];
}

export interface Staff {
  readonly email: string;
  readonly name: string;
  readonly role: 'csm' | 'sales' | 'support' | 'revops' | 'shared';
  /** True if the mailbox and calendar are connected in the demo. */
  readonly watched: boolean;
  /** The Slack user; a CSM may have another e-mail address there. */
  readonly slack?: { readonly id: string; readonly email: string; readonly handle: string };
}

export type Lifecycle = 'lead' | 'opportunity' | 'customer' | 'churned' | 'partner';

export interface WorldAccount {
  readonly key: string;
  readonly name: string;
  /** Mail domains, the main one first; empty for a customer who writes from free mail only. */
  readonly domains: readonly string[];
  readonly lifecycle: Lifecycle;
  /** Dated lifecycle changes as the CRM holds them, oldest first. */
  readonly lifecycleHistory: readonly { readonly at: number; readonly stage: string }[];
  readonly tier: 'enterprise' | 'mid' | 'small';
  /** Annual value in the vendor's currency. */
  readonly value: number;
  /** E-mail of the CSM named in the CRM's CSM property; the company owner (sales) may differ. */
  readonly csm?: string;
  readonly owner: string;
  readonly customerSince?: number;
  readonly renewalAt?: number;
  readonly parent?: string;
  /** Dated changes of the CRM property `onboarding_status`, oldest first; `live` is go-live. Absent before a sale. */
  readonly onboarding?: readonly { readonly at: number; readonly status: OnboardingStatus }[];
}

export type OnboardingStatus = 'contract_signed' | 'kickoff' | 'training' | 'live';

export interface WorldPerson {
  readonly key: string;
  readonly account?: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly title: string;
  readonly persona: 'champion' | 'user' | 'admin' | 'buyer' | 'other';
  readonly joinedAt: number;
  readonly leftAt?: number;
  /** Whether the CRM knows this person as a contact. */
  readonly inCrm: boolean;
}

export interface WorldMail {
  /** RFC 5322 Message-ID without angle brackets. */
  readonly messageId: string;
  readonly at: number;
  readonly from: { readonly name?: string; readonly address: string };
  readonly to: readonly { readonly name?: string; readonly address: string }[];
  readonly cc?: readonly { readonly name?: string; readonly address: string }[];
  readonly subject: string;
  /** Plain text; where `headers` has a Content-Type, the raw MIME body that belongs to it. */
  readonly body: string;
  /** What kind of mail it is; absent means that a person wrote it. */
  readonly kind?: 'newsletter' | 'auto-reply' | 'bounce' | 'calendar-reply' | 'notification';
  readonly inReplyTo?: string;
  readonly references?: readonly string[];
  /** Further headers, such as Auto-Submitted, List-Id, List-Unsubscribe, Precedence. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Own mailboxes that hold a copy. */
  readonly mailboxes: readonly string[];
  readonly loggedInCrm: boolean;
}

export interface WorldMeeting {
  readonly iCalUid: string;
  readonly title: string;
  readonly organizer: string;
  readonly attendees: readonly {
    readonly address: string;
    readonly name?: string;
    readonly response: 'accepted' | 'declined' | 'tentative' | 'needsAction';
  }[];
  readonly start: number;
  readonly end: number;
  readonly timezone: string;
  readonly createdAt: number;
  readonly status: 'confirmed' | 'canceled';
  readonly canceledAt?: number;
  /** RFC 5545 RRULE value without the `RRULE:` prefix; exceptions are by original start. */
  readonly rrule?: string;
  readonly exceptions?: readonly {
    readonly originalStart: number;
    readonly canceled?: boolean;
    readonly canceledAt?: number;
    readonly start?: number;
    readonly end?: number;
    readonly outcome?: 'held' | 'no_show';
  }[];
  /** Own calendars that hold it. */
  readonly calendars: readonly string[];
  /** What the CSM logged in the CRM about a single meeting. */
  readonly crm?: { readonly outcome: 'SCHEDULED' | 'COMPLETED' | 'RESCHEDULED' | 'NO_SHOW' | 'CANCELED' };
  readonly private?: boolean;
}

export interface WorldTicket {
  readonly key: string;
  readonly account: string;
  readonly requester: string;
  readonly subject: string;
  readonly priority: 'LOW' | 'MEDIUM' | 'HIGH' | 'URGENT';
  /** Oldest first. Statuses: new, waiting_us, waiting_customer, escalated, closed. */
  readonly history: readonly {
    readonly at: number;
    readonly status: 'new' | 'waiting_us' | 'waiting_customer' | 'escalated' | 'closed';
  }[];
}

export interface WorldDeal {
  readonly key: string;
  readonly account: string;
  readonly name: string;
  readonly pipeline: 'new-business' | 'renewal' | 'expansion';
  readonly amount: number;
  /** Oldest first; stages: qualified, proposal, negotiation, won, lost. */
  readonly history: readonly {
    readonly at: number;
    readonly stage: 'qualified' | 'proposal' | 'negotiation' | 'won' | 'lost';
  }[];
  /** Dated changes of the close date: a slipping deal has several. */
  readonly closeDates: readonly { readonly at: number; readonly closeAt: number }[];
}

export type StoryId =
  | 'gone-quiet'
  | 'champion-left'
  | 'onboarding-stuck'
  | 'ticket-storm'
  | 'renewal-slipping'
  | 'unanswered'
  | 'meeting-no-shows'
  | 'healthy'
  | 'healthy-low-touch'
  | 'won-back'
  | 'ready-to-expand'
  | 'reseller'
  | 'partner'
  | 'prospect'
  | 'churned';

/** One account's story with the answer that Waymark should give; serves the tests. */
export interface Story {
  /** The account's key. */
  readonly account: string;
  readonly name: string;
  /** The account's main mail domain; empty for a customer on free mail. */
  readonly domain: string;
  readonly story: StoryId;
  /** The rule that must flag it, if any (ids of the shipped template): a risk, or an opportunity where `healthy` is true. */
  readonly rule?: string;
  /** True: no risk flag may be raised. */
  readonly healthy: boolean;
  /** One sentence of what happened. */
  readonly summary: string;
  /** What live mode will make of this account: the rule that a new alert will name. */
  readonly live?: { readonly rule: string; readonly summary: string };
}
