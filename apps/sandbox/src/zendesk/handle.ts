import type { RollingWindow } from '../front/rolling-window.ts';
import type { ZendeskCore, ZendeskSettings } from './core.ts';
import { Desk } from './desk.ts';
import { callKey, exportKey, MINUTE } from './limits.ts';
import type { ZendeskAccount, ZendeskState } from './state.ts';
import type { Delivery, WebhookSender } from './webhook-sender.ts';

export interface AppRegistration {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  readonly name?: string;
}

/** Acts in the help desks and on the service from inside the process: for tests, live mode and the control server. */
export class ZendeskHandle {
  readonly settings: ZendeskSettings;
  readonly windows: RollingWindow;
  readonly #onMutate: () => void;
  #core: ZendeskCore | undefined;
  #sender: WebhookSender | undefined;

  constructor(options: {
    readonly settings: ZendeskSettings;
    readonly windows: RollingWindow;
    readonly onMutate: () => void;
  }) {
    this.settings = options.settings;
    this.windows = options.windows;
    this.#onMutate = options.onMutate;
  }

  /** Called by the definition whenever an instance starts, is reset or restored. */
  attach(core: ZendeskCore, sender: WebhookSender): void {
    this.#core = core;
    this.#sender = sender;
  }

  /** The live state; replaced by a reset. */
  get state(): ZendeskState {
    return this.#running.state;
  }

  get unknownPaths(): readonly string[] {
    return this.state.unknownPaths;
  }

  get subdomains(): string[] {
    return Object.keys(this.state.accounts);
  }

  account(subdomain: string): ZendeskAccount {
    return this.#running.account(subdomain);
  }

  /** People and rules at work on the tickets of a help desk; webhooks go out as for any other change. */
  desk(subdomain: string): Desk {
    return new Desk(this.account(subdomain), (account, ticket, kind, event) => {
      this.#sender?.enqueue(account, ticket, kind, event);
      this.#onMutate();
    });
  }

  registerApp(app: AppRegistration): void {
    this.#running.oauth.registerApp({ ...app });
    this.#onMutate();
  }

  /** A token pair without a browser. */
  mint(request: { readonly clientId: string; readonly subdomain: string; readonly scopes: readonly string[] }) {
    const { clientId, subdomain, scopes } = request;
    return this.#running.oauth.mint({ clientId, subject: subdomain, scopes });
  }

  revoke(subdomain: string): void {
    this.#running.oauth.revokeSubject(subdomain);
    this.#onMutate();
  }

  expireAccess(subdomain: string): void {
    this.#running.oauth.expireAccess(subdomain);
    this.#onMutate();
  }

  /** Every export cursor that was given until now is refused from now on. */
  expireCursors(subdomain: string): void {
    this.account(subdomain).cursorGeneration += 1;
    this.#onMutate();
  }

  get deliveries(): readonly Delivery[] {
    return this.#sender?.deliveries ?? [];
  }

  /** Sends queued webhooks now and waits for their answers. */
  async flushWebhooks(): Promise<void> {
    await this.#sender?.flush();
  }

  /** The highest number of calls and of exports that arrived in any minute. */
  peak(subdomain: string): { readonly perMinute: number; readonly exportsPerMinute: number } {
    return {
      perMinute: this.windows.peak(callKey(subdomain), MINUTE),
      exportsPerMinute: this.windows.peak(exportKey(subdomain), MINUTE),
    };
  }

  get #running(): ZendeskCore {
    if (this.#core === undefined) throw new Error('The Zendesk sandbox is not started; create the emulator first.');
    return this.#core;
  }
}
