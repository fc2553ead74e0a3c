import { demoApp, samplePortals, startSandbox, type Sandbox } from '@waymark/sandbox';

/** What the world outside holds of Waymark's doing, as the providers themselves count it. */
export interface OutsideLedger {
  /** Accepted `chat.postMessage` calls, by the alert that each was for. */
  readonly posts: ReadonlyMap<string, number>;
  /** Posts that name no alert: there must be none. */
  readonly unnamedPosts: number;
  /** Values that were written to a company's property, in order: `<company>.<property>` to values. */
  readonly writes: ReadonlyMap<string, readonly string[]>;
}

/** The sandbox in this process: it is never killed, as the real providers are not. */
export interface Outside {
  readonly sandbox: Sandbox;
  /** The environment in which a server meets this sandbox in the place of the vendors. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sends the providers' webhooks and interactions to the server at this address. */
  readonly pointAt: (publicUrl: string) => void;
  readonly ledger: () => OutsideLedger;
  readonly close: () => Promise<void>;
}

/** Starts the sandbox of a home, or goes on where that home's last one ended. */
export async function openOutside(home: string): Promise<Outside> {
  const problems: unknown[] = [];
  const sandbox = await startSandbox({
    home,
    caps: 'generous',
    autoConsent: true,
    onError: (error) => problems.push(error),
  });
  return {
    sandbox,
    environment: {
      WAYMARK_GOOGLE_URL: sandbox.urls.google,
      WAYMARK_HUBSPOT_URL: sandbox.urls.hubspot,
      WAYMARK_SLACK_URL: sandbox.urls.slack,
      WAYMARK_RATE_SCALE: '500',
      WAYMARK_POLL_SECONDS: '5',
    },
    pointAt: (publicUrl) => {
      const { clientId } = demoApp;
      sandbox.hubspot.registerApp({ clientId, webhookUrl: `${publicUrl}/webhooks/hubspot` });
      sandbox.slack.registerApp({ clientId, requestUrl: `${publicUrl}/slack/events` });
    },
    ledger: () => ledgerOf(sandbox),
    close: async () => {
      await sandbox.close();
      if (problems.length > 0)
        throw new Error(`The sandbox had trouble of its own: ${problems.map(String).join('; ')}`);
    },
  };
}

function ledgerOf(sandbox: Sandbox): OutsideLedger {
  const posts = new Map<string, number>();
  let unnamedPosts = 0;
  const slack = sandbox.slack.handle;
  for (const post of slack.posted()) {
    const alert = slack.workspace.message(post.channel, post.ts)?.metadata?.event_payload['alert_id'];
    if (typeof alert === 'string') posts.set(alert, (posts.get(alert) ?? 0) + 1);
    else unnamedPosts += 1;
  }
  const writes = new Map<string, string[]>();
  for (const entry of sandbox.hubspot.handle.writes({ portalId: samplePortals.main, type: 'companies' })) {
    for (const [property, value] of Object.entries(entry.applied)) {
      const key = `${entry.id}.${property}`;
      writes.set(key, [...(writes.get(key) ?? []), value]);
    }
  }
  return { posts, unnamedPosts, writes };
}
