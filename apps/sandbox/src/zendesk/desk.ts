import type {
  Audit,
  AuditEvent,
  TicketPriority,
  TicketStatus,
  ZendeskAccount,
  ZendeskRating,
  ZendeskTicket,
} from './state.ts';

/** Zendesk itself at work: automations, triggers. */
export const SYSTEM = -1;

export interface OpenInput {
  readonly externalId?: string;
  readonly requesterId: number;
  /** Who entered it; the requester without it. */
  readonly submitterId?: number;
  readonly subject: string;
  /** The first comment. */
  readonly body: string;
  readonly public?: boolean;
  readonly status?: TicketStatus;
  readonly priority?: TicketPriority | null;
  readonly tags?: readonly string[];
  readonly channel?: string;
  readonly at: number;
}

export interface UpdateInput {
  readonly authorId: number;
  readonly at: number;
  readonly status?: TicketStatus;
  readonly customStatusId?: number;
  readonly priority?: TicketPriority;
  readonly tags?: readonly string[];
  readonly assigneeId?: number;
  readonly comment?: { readonly body: string; readonly public: boolean };
  /** The ticket in which this one goes on. */
  readonly mergedInto?: number;
}

/** Told of each change: the word of its webhook event and what it says. */
export type OnChange = (
  account: ZendeskAccount,
  ticket: ZendeskTicket,
  kind: string,
  event: Readonly<Record<string, unknown>>,
) => void;

/** People and rules at work on the tickets of one help desk. Each update is one audit, as with the vendor. */
export class Desk {
  readonly #account: ZendeskAccount;
  readonly #onChange: OnChange;

  constructor(account: ZendeskAccount, onChange: OnChange = () => undefined) {
    this.#account = account;
    this.#onChange = onChange;
  }

  open(input: OpenInput): ZendeskTicket {
    const account = this.#account;
    const submitterId = input.submitterId ?? input.requesterId;
    const status = input.status ?? 'new';
    const ticket: ZendeskTicket = {
      id: account.nextId++,
      externalId: input.externalId ?? null,
      createdAt: input.at,
      updatedAt: input.at,
      generatedAt: input.at,
      subject: input.subject,
      description: input.body,
      status,
      customStatusId: this.#defaultStatus(status),
      priority: input.priority ?? null,
      requesterId: input.requesterId,
      submitterId,
      assigneeId: null,
      organizationId: account.users[input.requesterId]?.organizationId ?? null,
      tags: [...(input.tags ?? [])],
      channel: input.channel ?? 'email',
      audits: [],
    };
    const set = (field: string, value: unknown): AuditEvent => ({
      id: account.nextId++,
      type: 'Create',
      field_name: field,
      value,
    });
    this.#audit(ticket, input.at, submitterId, [
      this.#comment({ body: input.body, public: input.public ?? true }, submitterId),
      set('subject', input.subject),
      set('status', status),
      set('priority', ticket.priority),
      set('requester_id', String(input.requesterId)),
      ...(ticket.tags.length > 0 ? [set('tags', ticket.tags)] : []),
    ]);
    account.tickets[ticket.id] = ticket;
    this.#onChange(account, ticket, 'created', {});
    return ticket;
  }

  update(id: number, input: UpdateInput): ZendeskTicket {
    const account = this.#account;
    const ticket = this.find(id);
    const events: AuditEvent[] = [];
    const told: [string, Readonly<Record<string, unknown>>][] = [];
    const change = (field: string, value: unknown, previous: unknown, kind?: string): void => {
      events.push({ id: account.nextId++, type: 'Change', field_name: field, value, previous_value: previous });
      if (kind !== undefined) told.push([kind, { current: value, previous }]);
    };
    if (input.comment !== undefined) {
      events.push(this.#comment(input.comment, input.authorId));
      told.push(['comment_added', { comment: { body: input.comment.body, is_public: input.comment.public } }]);
    }
    const customStatus =
      input.customStatusId ??
      (input.status === undefined || input.status === ticket.status ? undefined : this.#defaultStatus(input.status));
    const status = input.status ?? account.customStatuses.find((each) => each.id === customStatus)?.category;
    if (status !== undefined && status !== ticket.status) {
      change('status', status, ticket.status, 'status_changed');
      ticket.status = status;
    }
    if (customStatus !== undefined && customStatus !== null && customStatus !== ticket.customStatusId) {
      change('custom_status_id', String(customStatus), String(ticket.customStatusId), 'custom_status_changed');
      ticket.customStatusId = customStatus;
    }
    if (input.priority !== undefined && input.priority !== ticket.priority) {
      change('priority', input.priority, ticket.priority, 'priority_changed');
      ticket.priority = input.priority;
    }
    if (input.tags !== undefined) {
      change('tags', [...input.tags], ticket.tags, 'tags_changed');
      ticket.tags = [...input.tags];
    }
    if (input.assigneeId !== undefined && input.assigneeId !== ticket.assigneeId) {
      change('assignee_id', String(input.assigneeId), ticket.assigneeId === null ? null : String(ticket.assigneeId));
      ticket.assigneeId = input.assigneeId;
    }
    this.#audit(ticket, input.at, input.authorId, events, input.mergedInto);
    if (input.mergedInto !== undefined) told.push(['merged', { target_ticket_id: String(input.mergedInto) }]);
    for (const [kind, event] of told) this.#onChange(account, ticket, kind, event);
    return ticket;
  }

  /** Closes a ticket because it goes on in another one. */
  merge(id: number, into: number, authorId: number, at: number): ZendeskTicket {
    const note = { body: `This request was closed and merged into request #${into}`, public: false };
    return this.update(id, {
      authorId,
      at,
      status: 'closed',
      tags: [...this.find(id).tags, 'closed_by_merge'],
      comment: note,
      mergedInto: into,
    });
  }

  delete(id: number, at: number, scrubbed = false): void {
    const ticket = this.find(id);
    ticket.deleted = scrubbed ? 'scrubbed' : 'soft';
    ticket.updatedAt = at;
    ticket.generatedAt = at;
    this.#onChange(this.#account, ticket, scrubbed ? 'permanently_deleted' : 'soft_deleted', {});
  }

  restore(id: number, at: number): void {
    const ticket = this.find(id);
    delete ticket.deleted;
    ticket.updatedAt = at;
    ticket.generatedAt = at;
    this.#onChange(this.#account, ticket, 'undeleted', {});
  }

  /** Zendesk itself touches a ticket: it is exported again, and nothing of it changed. */
  touch(id: number, at: number): void {
    this.find(id).generatedAt = at;
  }

  /** Offers a rating, or answers the offer. */
  rate(ticketId: number, score: ZendeskRating['score'], at: number, comment = ''): ZendeskRating {
    const account = this.#account;
    const known = Object.values(account.ratings).find((rating) => rating.ticketId === ticketId);
    if (known !== undefined) {
      known.score = score;
      known.updatedAt = at;
      return known;
    }
    const rating: ZendeskRating = {
      id: account.nextId++,
      score,
      comment,
      ticketId,
      requesterId: this.find(ticketId).requesterId,
      createdAt: at,
      updatedAt: at,
    };
    account.ratings[rating.id] = rating;
    return rating;
  }

  /** @throws Error if there is no such ticket. */
  find(id: number): ZendeskTicket {
    const ticket = this.#account.tickets[id];
    if (ticket === undefined) throw new Error(`The help desk ${this.#account.subdomain} has no ticket ${id}.`);
    return ticket;
  }

  #defaultStatus(status: TicketStatus): number | null {
    return this.#account.customStatuses.find((each) => each.category === status)?.id ?? null;
  }

  #comment(comment: { readonly body: string; readonly public: boolean }, authorId: number): AuditEvent {
    return {
      id: this.#account.nextId++,
      type: 'Comment',
      author_id: authorId,
      body: comment.body,
      html_body: `<div class="zd-comment"><p>${comment.body}</p></div>`,
      plain_body: comment.body,
      public: comment.public,
      attachments: [],
      audit_id: this.#account.nextId,
    };
  }

  #audit(
    ticket: ZendeskTicket,
    at: number,
    authorId: number,
    events: readonly AuditEvent[],
    mergedInto?: number,
  ): void {
    const audit: Audit = {
      id: this.#account.nextId++,
      at,
      authorId,
      events,
      ...(mergedInto === undefined ? {} : { mergedInto }),
    };
    ticket.audits.push(audit);
    ticket.updatedAt = Math.max(ticket.updatedAt, at);
    ticket.generatedAt = Math.max(ticket.generatedAt, at);
  }
}
