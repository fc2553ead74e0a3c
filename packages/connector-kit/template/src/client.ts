import type { Session } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs } from './manifest.ts';
import { ticketPage } from './raw-ticket.ts';

/** An answer that is no success. The message holds no token and nothing that people wrote. */
export class ExampleDeskHttpError extends Error {
  readonly code = 'EXAMPLE_DESK_HTTP';
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, path: string, retryAfterMs?: number) {
    super(`Example Desk answered ${status} to ${path}`);
    this.name = 'ExampleDeskHttpError';
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

const account = z.looseObject({ id: z.string().min(1), name: z.string() });

/** The vendor's API behind the runner's session: waiting, repeating and renewing tokens are the runner's. */
export interface ExampleDeskClient {
  readonly session: Session;
  account(): Promise<z.infer<typeof account>>;
  /** A page of tickets that changed since an instant (RFC 3339), the oldest change first. */
  tickets(since: string, next: string | undefined): Promise<z.infer<typeof ticketPage>>;
}

/** Makes a client. A vendor's SDK belongs in here behind a dynamic import: loading the connector must not load it. */
export function connect(session: Session): Promise<ExampleDeskClient> {
  const get = <T>(path: string, doc: string, answer: z.ZodType<T>): Promise<T> =>
    session.call({ bucket: 'api', idempotent: true, doc }, async (signal) => {
      const response = await fetch(`${session.baseUrls['api'] ?? ''}${path}`, {
        headers: { authorization: `Bearer ${await session.accessToken()}`, accept: 'application/json' },
        // A redirect leads to another host, to which no token goes.
        redirect: 'manual',
        signal,
      });
      if (!response.ok) throw new ExampleDeskHttpError(response.status, path.split('?')[0] ?? '', retryAfter(response));
      return answer.parse(await response.json());
    });
  return Promise.resolve({
    session,
    account: () => get('/v1/account', docs.account, account),
    tickets: (since, next) => {
      const query = new URLSearchParams({
        updated_since: since,
        sort: 'updated_at',
        limit: '100',
        ...(next && { next }),
      });
      return get(`/v1/tickets?${query}`, docs.tickets, ticketPage);
    },
  });
}

/** Retry-After in whole seconds (RFC 9110, 10.2.3), at most an hour, in milliseconds. */
function retryAfter(response: Response): number | undefined {
  const seconds = response.headers.get('retry-after');
  return seconds !== null && /^\d{1,9}$/.test(seconds) ? Math.min(Number(seconds), 3600) * 1000 : undefined;
}
