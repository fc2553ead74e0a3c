import { providerApp, resolveDirectory, workspaces } from '@waymark/store';
import type { SlackBotDependencies } from '../dependencies.ts';
import { directoryKey } from '../installation.ts';
import { teamsOf, type Envelope } from './envelope.ts';

const secretLifeMs = 60_000;

/** Finds the workspace that a request is for, and the secrets that it may be signed with. */
export class TenantFinder {
  readonly #deps: Pick<SlackBotDependencies, 'database' | 'sealer' | 'now'>;
  readonly #secrets = new Map<string, { readonly secret: string | undefined; readonly until: number }>();

  constructor(deps: Pick<SlackBotDependencies, 'database' | 'sealer' | 'now'>) {
    this.#deps = deps;
  }

  /** The workspace of an app in a team; undefined where the app is not installed there. */
  async workspaceOf(envelope: Envelope): Promise<string | undefined> {
    const app = envelope.api_app_id;
    if (!app) return undefined;
    for (const team of teamsOf(envelope)) {
      const [entry] = await this.#deps.database.global((tx) =>
        resolveDirectory(tx, 'slack_team', directoryKey(team, app), this.#deps.now()),
      );
      if (entry) return entry.workspaceId;
    }
    return undefined;
  }

  /** The signing secret of a workspace's app. */
  async secretOf(workspaceId: string): Promise<string | undefined> {
    const now = this.#deps.now();
    const known = this.#secrets.get(workspaceId);
    if (known && known.until > now) return known.secret;
    const app = await this.#deps.database.inWorkspace(workspaceId, (tx) => providerApp(tx, this.#deps.sealer, 'slack'));
    const signing = app?.extra.signingSecret;
    this.#secrets.set(workspaceId, { secret: signing, until: now + secretLifeMs });
    return signing;
  }

  /** All signing secrets: for a request that names no team that is known, such as the check of a new request address. */
  async allSecrets(): Promise<readonly string[]> {
    const known = await this.#deps.database.global((tx) => workspaces(tx));
    const secrets: string[] = [];
    for (const { workspaceId } of known) {
      const one = await this.secretOf(workspaceId);
      if (one !== undefined) secrets.push(one);
    }
    return [...new Set(secrets)];
  }
}
